resource "aws_instance" "web" {
  instance_type = "m5.large"
  user_data     = <<-EOT
    #!/bin/sh
    # resource "aws_ebs_volume" "old" {
    echo "desired_size = 10"
    ---
  EOT
  note = <<EOF
instance_type = "m5.large"
EOF
}
