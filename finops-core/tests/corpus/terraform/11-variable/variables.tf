variable "desired" {
  description = "how many"
  type        = number
  default     = 10 # nodes
}

variable "max" {
  type = number
}

variable "least" { default = 1 + 1 }
