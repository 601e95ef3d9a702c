resource "aws_ebs_volume" "old" {
  size = 500
}

output "arn" {
  value = "volume/${aws_ebs_volume.old.id}"
}
