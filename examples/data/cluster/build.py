"""Write the cluster of this folder: what `kubectl get -o json` and Prometheus answer for a small shop, every name invented.

`python build.py` writes the documents; with `--check` it fails when one of them differs. `report.json` and `report.csv` are what the
engine makes of them: `cargo test -p finops-core --test golden_cluster` compares, and with `FINOPS_WRITE_GOLDEN=1` writes them.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
START, END = "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"
#: 2026-11-19T00:00:00Z in seconds since 1970.
EPOCH = 1_795_046_400
MI, GI = 1 << 20, 1 << 30

NODES = [
    ("ip-10-0-1-10.ec2.internal", "m5.xlarge", "us-east-1a", "on-demand", "general", "4", "16092Mi", "3920m", "14990Mi", {}),
    ("ip-10-0-2-11.ec2.internal", "m5.xlarge", "us-east-1b", "on-demand", "general", "4", "16092Mi", "3920m", "14990Mi", {}),
    ("ip-10-0-1-20.ec2.internal", "g4dn.xlarge", "us-east-1a", "on-demand", "gpu", "4", "15918Mi", "3920m", "14821Mi", {"nvidia.com/gpu": "1"}),
    ("ip-10-0-3-30.ec2.internal", "c5.large", "us-east-1c", "spot", "spot", "2", "3788Mi", "1930m", "3108Mi", {}),
]
#: Namespace, kind, owner's name, pods: name, node, start, end; containers: name, requests, limits, mean cores, mean MiB.
WORKLOADS = [
    ("shop", "Deployment", "web", "checkout", [("web-6d4cf56db6-8xk2p", 0, -3600, None), ("web-6d4cf56db6-q9v7n", 1, -3600, None), ("web-6d4cf56db6-zt5ml", 1, 6 * 3600, None)],
     [("app", {"cpu": "250m", "memory": "512Mi"}, {"memory": "512Mi"}, 0.11, 301), ("proxy", {"cpu": "50m", "memory": "64Mi"}, {}, 0.02, 41)], []),
    ("shop", "Deployment", "api", "checkout", [("api-5f7b9c8d4f-2hjkd", 0, -7200, None), ("api-5f7b9c8d4f-w4s8x", 3, -7200, None)],
     [("app", {"cpu": "500m", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}, 0.83, 702)], []),
    ("data", "StatefulSet", "postgres", "platform", [("postgres-0", 1, -86400, None)],
     [("postgres", {"cpu": "1", "memory": "4Gi"}, {"memory": "4Gi"}, 0.4, 3310)], ["data-postgres-0"]),
    ("ml", "Job", "train-28871", "research", [("train-28871-kz9fd", 2, 9 * 3600, 15 * 3600)],
     [("trainer", {"cpu": "2", "memory": "8Gi"}, {"nvidia.com/gpu": "1"}, 1.7, 6300)], ["checkpoints"]),
    ("kube-system", "DaemonSet", "aws-node", None, [("aws-node-4lmx2", 0, -86400, None), ("aws-node-6c2qr", 1, -86400, None), ("aws-node-k8wvz", 2, -86400, None), ("aws-node-t2d5s", 3, -86400, None)],
     [("aws-node", {"cpu": "25m"}, {}, 0.01, 88)], []),
    ("kube-system", "Deployment", "coredns", None, [("coredns-7c65d6cfc9-b7x4t", 0, -86400, None)],
     [("coredns", {"cpu": "100m", "memory": "70Mi"}, {"memory": "170Mi"}, 0.01, 24)], []),
    ("shop", "Deployment", "waits", "checkout", [("waits-7d9c5b6f8d-p2r6m", None, None, None)],
     [("app", {"cpu": "3", "memory": "2Gi"}, {}, None, None)], []),
    ("shop", "Deployment", "gone", "checkout", [("gone-59c4d7b8f6-m8n3j", 9, -3600, 3600)],
     [("app", {"cpu": "100m", "memory": "128Mi"}, {}, 0.05, 90)], []),
]
TEAMS = {"shop": None, "data": "platform", "ml": None, "kube-system": "platform"}


def instant(second: int | None) -> str:
    """An instant by its seconds since the start of the window."""
    day, rest = divmod((second or 0) + 86400 * 18, 86400)
    return f"2026-11-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def uid(*names: object) -> str:
    """An id that looks like one of Kubernetes and follows from names."""
    value = 0
    for char in "/".join(map(str, names)):
        value = (value * 1_000_003 + ord(char)) % (1 << 128)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def listed(items: list[dict]) -> dict:
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def meta(name: str, namespace: str | None = None, **more: object) -> dict:
    own = {"creationTimestamp": "2026-09-01T09:30:00Z", "name": name, "resourceVersion": str(700_000 + len(name)), "uid": uid(namespace, name, more.get("kind"))}
    more.pop("kind", None)
    return {**own, **({"namespace": namespace} if namespace else {}), **more}


def node_name(place: int) -> str:
    return NODES[place][0] if place < len(NODES) else "ip-10-0-9-99.ec2.internal"


def nodes() -> list[dict]:
    found = []
    for name, kind, zone, capacity_type, pool, cpu, memory, free_cpu, free_memory, more in NODES:
        labels = {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": kind,
            "topology.kubernetes.io/region": "us-east-1",
            "topology.kubernetes.io/zone": zone,
            "karpenter.sh/capacity-type": capacity_type,
            "karpenter.sh/nodepool": pool,
        }
        status = {
            "addresses": [{"address": name, "type": "InternalDNS"}],
            "allocatable": {"cpu": free_cpu, "memory": free_memory, "pods": "58", **more},
            "capacity": {"cpu": cpu, "memory": memory, "pods": "58", "ephemeral-storage": "83873772Ki", **more},
            "conditions": [{"status": "True", "type": "Ready", "reason": "KubeletReady"}],
            "nodeInfo": {"kubeletVersion": "v1.33.5-eks-113cf36", "osImage": "Amazon Linux 2023"},
        }
        spec = {"providerID": f"aws:///{zone}/i-{uid(name)[:8]}{uid(name)[-9:]}"}
        found.append({"apiVersion": "v1", "kind": "Node", "metadata": meta(name, labels=labels, kind="Node"), "spec": spec, "status": status})
    return found


def pods() -> list[dict]:
    found = []
    for namespace, kind, owner, team, members, containers, claims in WORKLOADS:
        for name, place, start, end in members:
            labels = {"app": owner, **({"team": team} if team and namespace == "shop" else {})}
            parent, parent_kind = owner, kind
            if kind == "Deployment":
                labels["pod-template-hash"] = name.split("-")[-2]
                parent, parent_kind = "-".join(name.split("-")[:-1]), "ReplicaSet"
            spec = {
                "containers": [container(one, claims) for one in containers],
                "restartPolicy": "Never" if kind == "Job" else "Always",
                "serviceAccountName": "default",
                "tolerations": [{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}],
                "volumes": [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims],
                **({} if place is None else {"nodeName": node_name(place)}),
            }
            reference = {"apiVersion": "apps/v1", "blockOwnerDeletion": True, "controller": True, "kind": parent_kind, "name": parent, "uid": uid(namespace, parent, parent_kind)}
            own = meta(name, namespace, kind="Pod", labels=labels, ownerReferences=[reference], creationTimestamp=instant(start or 0))
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": spec, "status": pod_status(place, start, end, containers)})
    return found


def container(one: tuple, claims: list[str]) -> dict:
    name, requests, limits, _, _ = one
    requests = {**requests, **{key: value for key, value in limits.items() if "/" in key}}
    mounts = [{"mountPath": f"/{claim}", "name": claim} for claim in claims]
    return {"image": f"registry.example/{name}:1.4.2", "imagePullPolicy": "IfNotPresent", "name": name, "resources": {"limits": limits, "requests": requests}, "volumeMounts": mounts}


def pod_status(place: int | None, start: int | None, end: int | None, containers: list[tuple]) -> dict:
    if place is None:
        message = "0/4 nodes are available: 4 Insufficient cpu."
        return {"conditions": [{"message": message, "reason": "Unschedulable", "status": "False", "type": "PodScheduled"}], "phase": "Pending", "qosClass": "Burstable"}
    began = instant(start)
    state = {"running": {"startedAt": began}}
    if end is not None:
        state = {"terminated": {"exitCode": 0, "finishedAt": instant(end), "reason": "Completed", "startedAt": began}}
    statuses = [{"containerID": f"containerd://{uid(name, began)}", "name": name, "ready": end is None, "restartCount": 0, "state": state} for name, *_ in containers]
    phase = "Running" if end is None else "Succeeded"
    return {"containerStatuses": statuses, "hostIP": "10.0.1.10", "phase": phase, "podIP": "10.0.1.77", "startTime": began}


def workloads() -> list[dict]:
    found = [{"apiVersion": "v1", "kind": "Namespace", "metadata": meta(name, kind="Namespace", labels={"kubernetes.io/metadata.name": name, **({"team": team} if team else {})})} for name, team in TEAMS.items()]
    for namespace, kind, name, _, members, containers, claims in WORKLOADS:
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container(one, claims) for one in containers]}}
        spec = {"selector": {"matchLabels": {"app": name}}, "template": template, **({"replicas": len(members)} if kind in ("Deployment", "StatefulSet") else {})}
        group = "batch/v1" if kind == "Job" else "apps/v1"
        found.append({"apiVersion": group, "kind": kind, "metadata": meta(name, namespace, kind=kind, labels={"app": name}), "spec": spec, "status": {"readyReplicas": len(members)}})
        if kind == "Deployment":
            replica_set = "-".join(members[0][0].split("-")[:-1])
            reference = {"apiVersion": "apps/v1", "controller": True, "kind": kind, "name": name, "uid": uid(namespace, name, kind)}
            found.append({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta(replica_set, namespace, kind="ReplicaSet", labels={"app": name}, ownerReferences=[reference]), "spec": spec, "status": {}})
    return found


def storage() -> list[dict]:
    found = [{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta("gp3", kind="StorageClass"), "parameters": {"type": "gp3"}, "provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Delete"}]
    for namespace, claim, size in (("data", "data-postgres-0", "100Gi"), ("ml", "checkpoints", "200Gi"), ("shop", "old-exports", "50Gi")):
        volume = f"pvc-{uid(namespace, claim)}"
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": "gp3", "volumeMode": "Filesystem", "volumeName": volume}
        found.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(claim, namespace, kind="PersistentVolumeClaim"), "spec": spec, "status": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "phase": "Bound"}})
        source = {"driver": "ebs.csi.aws.com", "fsType": "ext4", "volumeHandle": f"vol-{uid(volume)[-17:].replace('-', '0')}"}
        reference = {"kind": "PersistentVolumeClaim", "name": claim, "namespace": namespace, "uid": uid(namespace, claim, "PersistentVolumeClaim")}
        found.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta(volume, kind="PersistentVolume"), "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "claimRef": reference, "csi": source, "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "gp3"}, "status": {"phase": "Bound"}})
    return found


def services() -> list[dict]:
    found = []
    for namespace, name, kind in (("shop", "web", "LoadBalancer"), ("shop", "api", "ClusterIP"), ("data", "postgres", "ClusterIP"), ("shop", "nobody", "ClusterIP")):
        ports = [{"port": 80, "protocol": "TCP", "targetPort": 8080}]
        found.append({"apiVersion": "v1", "kind": "Service", "metadata": meta(name, namespace, kind="Service"), "spec": {"ports": ports, "selector": {"app": name}, "type": kind}, "status": {"loadBalancer": {}}})
        ready = [pod for space, _, owner, _, members, *_ in WORKLOADS if (space, owner) == (namespace, name) for pod, *_ in members]
        endpoints = [{"addresses": [f"10.0.1.{n}"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace}} for n, pod in enumerate(ready, 50)]
        found.append({"addressType": "IPv4", "apiVersion": "discovery.k8s.io/v1", "endpoints": endpoints, "kind": "EndpointSlice", "metadata": meta(f"{name}-7k2pd", namespace, kind="EndpointSlice", labels={"kubernetes.io/service-name": name})})
    return found


def prometheus(column: int, scale: int, digits: int) -> dict:
    """A matrix with a step of an hour: the mean, up by day and down by night."""
    series = []
    for namespace, _, _, _, members, containers, _ in WORKLOADS:
        for number, (pod, place, start, end) in enumerate(members):
            for one in containers:
                if place is None or one[column] is None:
                    continue
                hours = range(max(0, (start or 0) // 3600), (end or 86400) // 3600)
                values = []
                for hour in hours:
                    level = 60 + 10 * ((hour * 7 + number * 3) % 9)
                    # A scrape that failed leaves a gap.
                    if (hour, pod) != (13, "web-6d4cf56db6-q9v7n"):
                        values.append([EPOCH + 3600 * (hour + 1), f"{one[column] * scale * level / 100:.{digits}f}"])
                metric = {"container": one[0], "namespace": namespace, "pod": pod}
                series.append({"metric": metric, "values": values})
    return {"status": "success", "data": {"resultType": "matrix", "result": series}}


QUESTION = {
    "cluster": "shop-prod",
    "as_of": END,
    "step_seconds": 3600,
    "config": {
        "window": [START, END],
        "idle": "share",
        "shared": [{"name": "system", "namespaces": ["kube-system"]}, {"name": "control plane", "hourly": "0.10"}],
    },
    "prices": [
        {"sku": "ec2.instance.m5.xlarge.linux", "region": "us-east-1", "usd": "0.192", "unit": "Hrs", "from": "2026-01-01"},
        {"sku": "ec2.instance.g4dn.xlarge.linux", "region": "us-east-1", "usd": "0.526", "unit": "Hrs", "from": "2026-01-01"},
        {"sku": "ec2.ebs.gp3", "region": "us-east-1", "usd": "0.08", "unit": "GB-Mo", "from": "2026-01-01"},
    ],
    "by": ["team", "namespace", "controller"],
}


def documents() -> dict[str, dict]:
    return {
        "nodes.json": listed(nodes()),
        "pods.json": listed(pods()),
        "workloads.json": listed(workloads()),
        "storage.json": listed(storage()),
        "services.json": listed(services()),
        "cpu_usage.json": prometheus(3, 1, 6),
        "memory_working_set.json": prometheus(4, MI, 0),
        "question.json": QUESTION,
    }


def main() -> int:
    stale = []
    for name, document in documents().items():
        text = json.dumps(document, indent=1) + "\n"
        if "--check" not in sys.argv[1:]:
            (HERE / name).write_text(text, encoding="utf-8")
        elif (HERE / name).read_text(encoding="utf-8") != text:
            stale.append(name)
    print(*(f"stale: {name}" for name in stale), sep="\n", end="")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
