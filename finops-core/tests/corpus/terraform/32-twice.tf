resource "aws_ebs_volume" "a" {
  tags = { Name = "data" }
}
resource "aws_ebs_volume" "b" {
  tags = { Name = "data" }
}
