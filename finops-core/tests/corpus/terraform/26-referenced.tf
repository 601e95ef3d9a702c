resource "aws_ebs_volume" "old" {
  size = 500
}

resource "aws_volume_attachment" "old" {
  device_name = "/dev/sdh"
  volume_id   = aws_ebs_volume.old.id
  instance_id = "i-0123"
}
