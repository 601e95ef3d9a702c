resource "aws_ebs_volume" "keep" { size = 10 }
resource "aws_ebs_volume" "old" { size = 500 } # 2019
resource "aws_ebs_volume" "other" { size = 20 }
