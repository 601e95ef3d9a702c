module "nodes" {
  source  = "./nodes"
  desired = 12
}
