//! Infrastructure as code: gates over a Terraform plan, Kubernetes manifests and an Infracost report.
