resource "aws_ebs_volume" "keep" {
  size = 10
}

resource "aws_ebs_volume" "old" {
  size = 500
}