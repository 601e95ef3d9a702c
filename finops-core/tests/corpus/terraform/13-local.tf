locals {
  desired = 10 # of the workers
  sizes   = { api = 3 }
}

resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = local.desired
    max_size     = local.sizes.api
    min_size     = local.missing
  }
}
