# Copyright: the shop.

resource "aws_ebs_volume" "old" {
  size = 500
}


# the next
resource "aws_ebs_volume" "keep" {
  size = 1
}
