locals {
  desired = 10
}

resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = local.desired
  }
}

output "text" {
  value = "there are ${local.desired} nodes"
}
