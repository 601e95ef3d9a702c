resource "aws_eks_node_group" "workers" {
  lifecycle { ignore_changes = all }
  scaling_config { desired_size = 10 }
}
resource "aws_eks_node_group" "legacy" {
  lifecycle { ignore_changes = ["scaling_config.0.desired_size"] }
  scaling_config { desired_size = 10 }
}
resource "aws_eks_node_group" "tags" {
  lifecycle { ignore_changes = [tags, scaling_config[0].max_size] }
  scaling_config { desired_size = 10 }
}
