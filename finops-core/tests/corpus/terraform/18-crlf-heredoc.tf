resource "aws_instance" "web" {
  user_data = <<-EOT
    #!/bin/sh
    echo "hello"
  EOT
  instance_type = "m5.large"
}
