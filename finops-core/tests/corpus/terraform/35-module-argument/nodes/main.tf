variable "desired" {
  default = 10
}

resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = var.desired
  }
}
