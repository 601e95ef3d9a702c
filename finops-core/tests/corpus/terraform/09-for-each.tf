resource "aws_eks_node_group" "workers" {
  for_each        = toset(["a", "b"])
  node_group_name = each.key
  scaling_config {
    desired_size = 10
    max_size     = 20
    min_size     = 5
  }
}
