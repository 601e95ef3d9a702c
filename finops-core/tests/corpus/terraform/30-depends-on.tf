resource "aws_ebs_volume" "old" {
  size = 500
}

resource "null_resource" "after" {
  depends_on = [aws_ebs_volume.old]
}
