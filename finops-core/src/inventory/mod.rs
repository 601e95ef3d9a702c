//! What is in the cluster: nodes, workloads, pods, volumes, services and their usage, read from what `kubectl` and Prometheus print.
