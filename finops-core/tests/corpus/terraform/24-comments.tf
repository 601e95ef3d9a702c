/* A comment
   over lines: resource "aws_ebs_volume" "old" {} */
resource /* here */ "aws_ebs_volume" "old" { // and here
  # above
  size = /* before */ 500 /* after */ # and after
  // below
}
