moved {
  from = aws_ebs_volume.ancient
  to   = aws_ebs_volume.old
}

resource "aws_ebs_volume" "old" {
  size = 500
}
