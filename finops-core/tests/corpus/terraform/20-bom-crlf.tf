resource "aws_ebs_volume" "old" {
  size = 500
}

resource "aws_ebs_volume" "new" {
  type = "gp2"
}
