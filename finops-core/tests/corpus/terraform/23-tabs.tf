#	tabs
resource	"aws_ebs_volume"	"old"	{
	size	=	500	#	in	tabs
	type	=	"gp2"
}
