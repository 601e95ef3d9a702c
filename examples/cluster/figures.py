"""The figures that the made-up cluster is drawn from, each with the place where it is stated.

Where nothing public was found, the comment says "our choice". Read on 2026-11-21; what is quoted are the pages named here,
which report studies of their own or of others.
"""

from __future__ import annotations

SEED = 20_261_120
CLUSTER = "prod-us-east-1"
REGION = "us-east-1"
# Friday, 03:00 UTC: within the nightly change window that is the default of the guardrails.
AS_OF_S = 1_795_143_600  # 2026-11-20T03:00:00Z
STEP_S = 3_600
# What `finops kubernetes queries` asks for by default is 14 days at 75 s; an hour keeps the files small. Our choice.
HOURS = 14 * 24
# Network detectors look at seven days.
SHORT_HOURS = 7 * 24
# Those of GPUs want 60 samples of the last 24 hours.
GPU_STEP_S = 900
GPU_HOURS = 7 * 24

# "49 percent of containers are using less than 30 percent of their requested CPU", "45 percent ... of their requested
# memory": Datadog, container report 2020, quoted in "Practical tips for rightsizing your Kubernetes workloads", 2023-03-21,
# https://datadoghq.com/blog/rightsize-kubernetes-workloads
BELOW_30_PERCENT_CPU = 0.49
BELOW_30_PERCENT_MEMORY = 0.45

# "59% of containers had no CPU limits defined and 69% of requested CPU resources were unused": Sysdig, 2023 Cloud-Native
# Security and Usage Report, https://sysdig.jp/blog/2023-cloud-native-security-usage-report
WITHOUT_CPU_LIMIT = 0.59
REQUESTED_CPU_UNUSED = 0.69

# "only use 13% of provisioned CPUs and 20% of memory when deploying clusters that have 50 to 1,000 processors": CAST AI,
# 4,000 clusters in 2023, https://cloudnativenow.com/features/cast-ai-report-surfaces-massive-kubernetes-cloud-infrastructure-waste
# Later years read lower: 10 % and 23 % in 2024 (https://byteiota.com/?p=4740), 8 % and 20 % in 2025
# (https://datacentre.solutions/news/72183/kubernetes-resource-utilisation-in-the-ai-era). The generator lands between.
PROVISIONED_CPU_USED = (0.08, 0.17)
PROVISIONED_MEMORY_USED = (0.15, 0.28)

# "average usage recorded at 5%" of GPUs: Cast AI, 2026 State of Kubernetes Optimisation Report, as above (72183).
GPU_DUTY_MEAN = 0.05

# Daily cycle of CPU, flat memory: "resource usages of containers have similar cyclical fluctuation ... while their memory
# usages remain approximately constant": Jiang et al., Characterizing Co-located Workloads in Alibaba Cloud Datacenters, IEEE
# TCC 2020, https://openreview.net/forum?id=FsYOj2uGzf. How deep the cycle is and how much it scatters is our choice.
OFFICE_DAY = [
    0.45,
    0.40,
    0.38,
    0.36,
    0.38,
    0.45,
    0.60,
    0.80,
    1.05,
    1.25,
    1.35,
    1.40,
    1.38,
    1.40,
    1.42,
    1.40,
    1.35,
    1.28,
    1.20,
    1.10,
    1.00,
    0.85,
    0.70,
    0.55,
]
WEEKEND = 0.70
CPU_SCATTER = 0.10
MEMORY_SCATTER = 0.02

# Requests are round numbers, small ones the most frequent; the weights are our choice, set so that what is requested is
# about what 13 % used and 31 % of the requests used imply: 42 % of the CPUs.
CPU_REQUESTS_M = {50: 28, 100: 33, 200: 16, 250: 10, 500: 8, 1000: 3.5, 2000: 1.2, 4000: 0.3}
GIB_PER_CORE = {1: 10, 2: 28, 4: 40, 8: 22}
REPLICAS = {1: 24, 2: 36, 3: 26, 4: 8, 6: 6}

# Shares of workloads with a trait: our choice, so that every detector has something to judge.
WITHOUT_REQUESTS = 0.05
WITH_BUDGET = 0.30
WITH_AUTOSCALER = 0.16
WITHOUT_SOURCE = 0.12

# EC2 types with what they have: vCPU, GiB, GPUs and their memory in MiB (Amazon EC2 instance types). Prices are the price
# book's: finops-core/data/prices/cloud.csv, `ec2.instance.<type>.linux`.
INSTANCES = {
    "m5.large": (2, 8, 0, 0),
    "m6i.2xlarge": (8, 32, 0, 0),
    "m6i.4xlarge": (16, 64, 0, 0),
    "r6i.2xlarge": (8, 64, 0, 0),
    "c6i.4xlarge": (16, 32, 0, 0),
    "g4dn.xlarge": (4, 16, 1, 16_384),
    "g5.2xlarge": (8, 32, 1, 24_576),
    "g5.12xlarge": (48, 192, 4, 24_576),
}
# Pool: instance type, nodes, and what scales it. Sizes are our choice.
POOLS = {
    "general": ("m6i.2xlarge", 14, "karpenter"),
    "general-large": ("m6i.4xlarge", 4, "karpenter"),
    "memory": ("r6i.2xlarge", 6, "karpenter"),
    "batch": ("c6i.4xlarge", 4, "eks"),
    "system": ("m5.large", 3, "eks"),
    "gpu": ("g5.2xlarge", 3, "karpenter"),
    "gpu-large": ("g5.12xlarge", 1, "karpenter"),
    "gpu-small": ("g4dn.xlarge", 1, "karpenter"),
    # Spot prices change by the minute and stand in no list: these nodes have no price, and the demo says so.
    "spot": ("m6i.2xlarge", 2, "spot"),
}
# What the kubelet and the system keep of a node, roughly as EKS does. Our choice.
RESERVED_CPU_M = 90
RESERVED_MEMORY_MIB = 900

# Namespace: team by label, environment, nouns of its services. All made up.
NAMESPACES = {
    "checkout": ("payments", "production", "cart order refund invoice ledger tax voucher payout"),
    "catalog": ("catalog", "production", "product price stock media review brand bundle facet"),
    "search": ("search", "production", "query index rank suggest spell embed crawl snippet"),
    "fraud": ("risk", "production", "score rule device velocity graph case watchlist"),
    "identity": ("identity", "production", "login session token profile consent audit mfa"),
    "mobile": ("mobile", "production", "bff push deeplink config banner inbox widget"),
    "data": ("data", "production", "ingest stream enrich export lineage quality lake"),
    "ml-serving": ("ml", "production", "reranker vision speech translate moderation"),
    "monitoring": ("platform", "production", "metrics traces logs alerts"),
    "staging": ("quality", "staging", "cart order product login score query push"),
    # Nobody has put a label on these: their cost is unallocated.
    "legacy": (None, None, "soap batch report fax mailer archive"),
    "tools": (None, None, "wiki forms jenkins registry vault sonar"),
}
ROLES = ("api", "worker", "web", "consumer")
