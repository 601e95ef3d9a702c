resource "aws_launch_template" "web" {
  block_device_mappings {
    device_name = "/dev/sda1"
    ebs {
      volume_size = 100
      volume_type = "gp2"
    }
  }
}
