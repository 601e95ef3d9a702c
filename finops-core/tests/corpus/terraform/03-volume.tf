resource "aws_ebs_volume" "keep" {
  availability_zone = "eu-west-1a"
  size              = 10
}

# The disk of the old database.
resource "aws_ebs_volume" "old" {
  availability_zone = "eu-west-1a"
  size              = 500
  tags = {
    Name = "old-data"
  }
}

resource "aws_ebs_volume" "other" {
  availability_zone = "eu-west-1b"
  size              = 20
}
