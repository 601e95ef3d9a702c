# Für die Kasse – 支払い 🚀
resource "aws_ebs_volume" "old" {
  tags = { Name = "größe-大", "Straße" = "Zoë's" } # naïve
  size = 500 # größer
  type = "gp2"
}
