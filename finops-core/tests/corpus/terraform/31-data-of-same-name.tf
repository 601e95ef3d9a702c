data "aws_ebs_volume" "old" {
  most_recent = true
}

output "id" {
  value = data.aws_ebs_volume.old.id
}

resource "aws_ebs_volume" "old" {
  size = 500
}

output "note" {
  value = "aws_ebs_volume.old in text"
}
