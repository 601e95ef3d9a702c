import {
  to = aws_ebs_volume.old
  id = "vol-0abc"
}

resource "aws_ebs_volume" "old" {
  size = 500
}
