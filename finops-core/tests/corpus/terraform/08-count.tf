resource "aws_ebs_volume" "old" {
  count = 3
  size  = 500
}
