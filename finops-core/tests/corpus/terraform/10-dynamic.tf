resource "aws_eks_node_group" "workers" {
  node_group_name = "workers"
  dynamic "scaling_config" {
    for_each = [1]
    content {
      desired_size = 10
    }
  }
}
