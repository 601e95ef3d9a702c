module "nodes" {
  source = "./nodes"
}
