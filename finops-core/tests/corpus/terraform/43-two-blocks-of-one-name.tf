resource "aws_launch_template" "web" {
  block_device_mappings {
    device_name = "/dev/sda1"
  }
  block_device_mappings {
    device_name = "/dev/sdb1"
  }
}
