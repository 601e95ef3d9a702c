# Workers of the shop.
resource "aws_eks_node_group" "workers" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "workers"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = aws_subnet.private[*].id

  scaling_config {
    desired_size = 10 # launch
    max_size     = 20
    min_size     = 8 // never below
  }

  update_config { max_unavailable = 1 }
}
