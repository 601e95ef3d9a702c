# Windows
resource "aws_eks_node_group" "workers" {
  scaling_config {
    desired_size = 10 # launch
  }
}

resource "aws_ebs_volume" "old" {
  size = 500
}

resource "aws_ebs_volume" "new" {
  size = 500
}
