locals {
  tags = { Team = "shop" }
}

resource "aws_ebs_volume" "data" {
  size = 500
  tags = merge(local.tags, {
    Name = "old-data"
  })
}
