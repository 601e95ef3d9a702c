resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = 5 + 5
    max_size     = max(1, 2)
    min_size     = true ? 5 : 6
    other        = [10]
    negative     = -1
    wrapped      = (10)
  }
}
