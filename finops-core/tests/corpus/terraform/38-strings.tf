resource "aws_ebs_volume" "old" {
  type  = "gp2"
  size  = "500"
  a     = "with \"quotes\" and $${no} template"
  b     = "with ${var.one} template"
  empty = null
}
