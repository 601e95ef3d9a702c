resource "aws_ebs_volume" "old" {
  size = 500
  lifecycle {
    replace_triggered_by = [aws_ebs_volume.old.size]
  }
}

resource "aws_ebs_volume" "older" {
  size = 1
}
