resource "aws_ebs_volume" "old" {
  size = 500
