resource "aws_eks_node_group" "a" {
  node_group_name = "api"
  scaling_config {
    desired_size = 3
  }
}
resource "aws_eks_node_group" "b" {
  node_group_name = "workers"
  scaling_config {
    desired_size = 10
  }
}
