resource "aws_eks_node_group" "workers" {
  node_group_name = "workers"
  scaling_config {
    desired_size = var.desired
    max_size     = var.max
    min_size     = var.least
  }
}
