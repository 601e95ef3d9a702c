resource "aws_ebs_volume" "keep" {
  size   = 1
}
/* in front */ resource "aws_ebs_volume" "old" {
  size = 500
} /* behind
   and on */
resource "aws_ebs_volume" "new" {
  size = 2
}
