resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = 10
    min_size     = 1
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}
