terraform {
  required_version = ">= 1.8"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

locals {
  account = provider::aws::arn_parse("arn:aws:iam::123456789012:role/x").account_id
  names   = [for key, value in { a = 1 } : upper(key) if value > 0]
  map     = { for key in ["a", "b"] : key => length(key)... }
  first   = one(local.names[*])
  text    = <<-EOT
    %{ for name in local.names ~}
    - ${name}
    %{ endfor ~}
  EOT
}

check "health" {
  assert {
    condition     = length(local.names) > 0
    error_message = "none"
  }
}

removed {
  from = aws_ebs_volume.gone
  lifecycle { destroy = false }
}

resource "aws_ebs_volume" "old" {
  size = 500
  lifecycle {
    precondition {
      condition     = self.size > 1
      error_message = "too small"
    }
  }
}
