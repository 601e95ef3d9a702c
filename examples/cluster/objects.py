"""The cluster as `kubectl get ... -A -o json` prints it: one list a kind."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

import figures as f
from fleet import SYSTEM, Box, Fleet, Work

Object = dict[str, Any]


def at(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(kind: str, namespace: str | None, name: str, created_s: int, **more: Any) -> Object:
    uid = uuid.uuid5(uuid.NAMESPACE_DNS, f"{f.CLUSTER}/{kind}/{namespace}/{name}")
    found: Object = {"name": name, "uid": str(uid), "resourceVersion": "1000", "creationTimestamp": at(created_s)}
    if namespace is not None:
        found["namespace"] = namespace
    return found | {key: value for key, value in more.items() if value}


def quantity_cpu(millicores: int) -> str:
    return str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m"


def quantity_memory(mebibytes: int) -> str:
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def resources(box: Box) -> Object:
    requests: Object = {}
    limits: Object = {}
    if box.cpu:
        requests["cpu"] = quantity_cpu(box.cpu)
    if box.memory:
        requests["memory"] = quantity_memory(box.memory)
    if box.cpu_limit:
        limits["cpu"] = quantity_cpu(box.cpu_limit)
    if box.memory_limit:
        limits["memory"] = quantity_memory(box.memory_limit)
    if box.gpus:
        requests["nvidia.com/gpu"] = limits["nvidia.com/gpu"] = str(box.gpus)
    return {name: amounts for name, amounts in (("requests", requests), ("limits", limits)) if amounts}


def labels_of(work: Work) -> Object:
    labels = {"app.kubernetes.io/name": work.name}
    return labels | ({"team": work.team} if work.team else {})


def containers(work: Work) -> list[Object]:
    made = []
    for box in work.boxes:
        image = f"registry.example/{work.namespace}/{box.name}:1.{len(work.name)}"
        one: Object = {"name": box.name, "image": image, "resources": resources(box)}
        if work.config:
            one["envFrom"] = [{"configMapRef": {"name": name}} for name in work.config]
        made.append(one)
    return made


def claim_names(work: Work, index: int) -> list[str]:
    return [f"{c['template']}-{work.name}-{index}" if c["template"] else f"{work.name}-data" for c in work.claims]


def pod_spec(work: Work, index: int | None = None) -> Object:
    spec: Object = {"containers": containers(work)}
    mounted = [c for c in work.claims if not c["template"]] if index is None else work.claims
    if mounted:
        names = claim_names(work, index or 0)
        spec["volumes"] = [{"name": f"v{i}", "persistentVolumeClaim": {"claimName": name}} for i, name in enumerate(names)]
    if work.pool and work.pool.startswith("gpu"):
        spec["nodeSelector"] = {"karpenter.sh/nodepool": work.pool}
    return spec


def template(work: Work) -> Object:
    return {"metadata": {"labels": labels_of(work)}, "spec": pod_spec(work)}


def workload(work: Work) -> Object:
    api = "batch/v1" if work.kind in ("Job", "CronJob") else "apps/v1"
    made: Object = {
        "apiVersion": api,
        "kind": work.kind,
        "metadata": meta(
            work.kind, work.namespace, work.name, work.created_s, labels=labels_of(work), annotations=work.annotations
        ),
    }
    selector = {"matchLabels": {"app.kubernetes.io/name": work.name}}
    if work.kind == "CronJob":
        made["spec"] = {"schedule": "15 2 * * *", "jobTemplate": {"spec": {"template": template(work)}}}
    elif work.kind == "Job":
        made["spec"] = {"parallelism": 1, "completions": 1, "template": template(work)}
        done = work.trait == "finished"
        made["status"] = {"succeeded": 1, "completionTime": at(work.created_s + 9_000)} if done else {"active": 1, "ready": 1}
    elif work.kind == "DaemonSet":
        made["spec"] = {"selector": selector, "template": template(work)}
        made["status"] = {"desiredNumberScheduled": work.replicas, "numberReady": work.replicas}
    else:
        made["spec"] = {"replicas": work.replicas, "selector": selector, "template": template(work)}
        if work.kind == "StatefulSet":
            made["spec"]["serviceName"] = work.name
            made["spec"]["volumeClaimTemplates"] = [
                {
                    "metadata": {"name": c["template"]},
                    "spec": {"storageClassName": c["class"], "resources": {"requests": {"storage": f"{c['size']}Gi"}}},
                }
                for c in work.claims
            ]
        made["status"] = {"replicas": work.replicas, "readyReplicas": 0 if work.trait == "crash" else work.replicas}
    return made


def owner(work: Work, pod: Object) -> Object:
    kind, name = work.kind, work.name
    if kind == "Deployment":
        kind, name = "ReplicaSet", f"{work.name}-{pod['hash']}"
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "0", "controller": True}


def pod(work: Work, index: int, one: Object) -> Object:
    labels = labels_of(work) | ({"pod-template-hash": one["hash"]} if "hash" in one else {})
    start, crash = at(one["start_s"]), work.trait == "crash"
    running: Object = {"waiting": {"reason": "CrashLoopBackOff"}} if crash else {"running": {"startedAt": start}}
    statuses = []
    for box in work.boxes:
        status: Object = {"name": box.name, "restartCount": 2400 if crash else 0, "ready": not crash, "state": running}
        if work.trait == "oom" and index == 0:
            killed = f.AS_OF_S - 3 * 86_400
            status["restartCount"] = 3
            status["lastState"] = {"terminated": {"reason": "OOMKilled", "startedAt": start, "finishedAt": at(killed)}}
            status["state"] = {"running": {"startedAt": at(killed + 20)}}
        statuses.append(status)
    ready = {"type": "Ready", "status": "False" if crash else "True", "lastTransitionTime": start}
    spec = pod_spec(work, index) | {"nodeName": one["node"]}
    return {
        "metadata": meta("Pod", work.namespace, one["name"], one["start_s"], labels=labels, ownerReferences=[owner(work, one)]),
        "spec": spec,
        "status": {"phase": "Running", "startTime": start, "conditions": [ready], "containerStatuses": statuses},
    }


def node(one: Any) -> Object:
    cpu, memory, gpus, gpu_memory = f.INSTANCES[one.type]
    labels = {
        "node.kubernetes.io/instance-type": one.type,
        "topology.kubernetes.io/region": f.REGION,
        "topology.kubernetes.io/zone": f"{f.REGION}a",
    }
    if one.by == "eks":
        labels |= {"eks.amazonaws.com/nodegroup": one.pool, "eks.amazonaws.com/capacityType": "ON_DEMAND"}
    else:
        labels |= {"karpenter.sh/nodepool": one.pool, "karpenter.sh/capacity-type": "spot" if one.by == "spot" else "on-demand"}
    if gpus:
        labels |= {"nvidia.com/gpu.count": str(gpus), "nvidia.com/gpu.memory": str(gpu_memory)}
    extra = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    return {
        "metadata": meta("Node", None, one.name, one.created_s, labels=labels),
        "spec": {"providerID": f"aws:///{f.REGION}a/i-{one.name[6:14]}"},
        "status": {
            "capacity": {"cpu": str(cpu), "memory": f"{memory}Gi", "pods": "110", **extra},
            "allocatable": {"cpu": f"{one.cpu}m", "memory": f"{one.memory}Mi", "pods": "110", **extra},
        },
    }


def services(fleet: Fleet) -> tuple[list[Object], list[Object]]:
    """Services and what is ready behind each."""
    found, slices = [], []
    for work in fleet.works:
        if not work.service:
            continue
        found.append(
            {
                "metadata": meta("Service", work.namespace, work.name, work.created_s),
                "spec": {"type": work.service, "selector": {"app.kubernetes.io/name": work.name}, "ports": [{"port": 80}]},
            }
        )
        ready = [
            {
                "addresses": [f"10.1.{i % 250}.{len(work.name)}"],
                "conditions": {"ready": work.trait != "crash"},
                "targetRef": {"kind": "Pod", "name": p["name"]},
            }
            for i, p in enumerate(work.pods)
        ]
        slices.append(
            {
                "metadata": meta(
                    "EndpointSlice",
                    work.namespace,
                    f"{work.name}-x",
                    work.created_s,
                    labels={"kubernetes.io/service-name": work.name},
                ),
                "endpoints": ready,
            }
        )
    for one in fleet.services:
        found.append(
            {
                "metadata": meta("Service", one["namespace"], one["name"], one["created_s"]),
                "spec": {"type": "LoadBalancer", "selector": {"app.kubernetes.io/name": one["name"]}, "ports": [{"port": 443}]},
            }
        )
        slices.append(
            {
                "metadata": meta(
                    "EndpointSlice",
                    one["namespace"],
                    f"{one['name']}-x",
                    one["created_s"],
                    labels={"kubernetes.io/service-name": one["name"]},
                ),
                "endpoints": [],
            }
        )
    return found, slices


def storage(fleet: Fleet) -> tuple[list[Object], list[Object], list[Object]]:
    """Claims, volumes, classes. The used bytes of a claim are for the metrics."""
    rows = []
    for work in fleet.works:
        for index in range(max(1, len(work.pods)) if work.claims else 0):
            for claim, name in zip(work.claims, claim_names(work, index)):
                rows.append(
                    {
                        "claim": (work.namespace, name),
                        "size": claim["size"],
                        "class": claim["class"],
                        "phase": "Bound",
                        "created_s": work.created_s,
                    }
                )
    claims, volumes = [], []
    for number, row in enumerate(rows + fleet.volumes):
        pv, size = f"pvc-{uuid.uuid5(uuid.NAMESPACE_DNS, str(number))}", f"{row['size']}Gi"
        spec: Object = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": row["class"],
            "persistentVolumeReclaimPolicy": "Retain" if row["phase"] == "Released" else "Delete",
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-{uuid.uuid5(uuid.NAMESPACE_URL, pv).hex[:17]}"},
        }
        status: Object = {"phase": row["phase"]}
        if row["claim"]:
            namespace, name = row["claim"]
            spec["claimRef"] = {"namespace": namespace, "name": name}
            claims.append(
                {
                    "metadata": meta("PersistentVolumeClaim", namespace, name, row["created_s"]),
                    "spec": {
                        "volumeName": pv,
                        "storageClassName": row["class"],
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": size}},
                    },
                    "status": {"phase": "Bound", "capacity": {"storage": size}},
                }
            )
        else:
            status["lastPhaseTransitionTime"] = at(row["since_s"])
            row["volume_id"] = spec["csi"]["volumeHandle"]
        volumes.append({"metadata": meta("PersistentVolume", None, pv, row["created_s"]), "spec": spec, "status": status})
    classes = [
        {"metadata": meta("StorageClass", None, name, f.AS_OF_S - 10**8), "parameters": {"type": name}} for name in ("gp3", "gp2")
    ]
    return claims, volumes, classes


def autoscalers(fleet: Fleet) -> tuple[list[Object], list[Object], list[Object]]:
    """HPAs, a few VPAs, and budgets."""
    hpas, vpas, budgets = [], [], []
    for work in fleet.works:
        target = {"apiVersion": "apps/v1", "kind": work.kind, "name": work.name}
        if work.autoscaler:
            scale = work.autoscaler
            spec: Object = {
                "scaleTargetRef": target,
                "minReplicas": scale["min"],
                "maxReplicas": scale["max"],
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": scale["target"]}},
                    }
                ],
            }
            if scale["delay"]:
                spec["behavior"] = {"scaleUp": {"stabilizationWindowSeconds": scale["delay"]}}
            hpas.append(
                {
                    "metadata": meta("HorizontalPodAutoscaler", work.namespace, work.name, work.created_s),
                    "spec": spec,
                    "status": {"currentReplicas": work.replicas, "desiredReplicas": work.replicas},
                }
            )
        if work.trait == "vpa":
            vpas.append(
                {
                    "metadata": meta("VerticalPodAutoscaler", work.namespace, work.name, work.created_s),
                    "spec": {"targetRef": target, "updatePolicy": {"updateMode": "Auto"}},
                }
            )
        if work.budget:
            budgets.append(
                {
                    "metadata": meta("PodDisruptionBudget", work.namespace, work.name, work.created_s),
                    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": work.name}}},
                    "status": {"disruptionsAllowed": max(0, work.replicas - 1)},
                }
            )
    hpas.append(
        {
            "metadata": meta("HorizontalPodAutoscaler", "legacy", "gone", f.AS_OF_S - 10**7),
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "gone"}, "minReplicas": 1, "maxReplicas": 3},
            "status": {},
        }
    )
    return hpas, vpas, budgets


def namespaces(fleet: Fleet) -> list[Object]:
    found = []
    for name, (team, environment, _) in f.NAMESPACES.items():
        labels = {key: value for key, value in (("team", team), ("environment", environment)) if value}
        found.append({"metadata": meta("Namespace", None, name, f.AS_OF_S - 900 * 86_400, labels=labels)})
    for name in fleet.previews:
        created = min(w.created_s for w in fleet.works if w.namespace == name)
        found.append({"metadata": meta("Namespace", None, name, created, labels={"team": "payments"})})
    found.append({"metadata": meta("Namespace", None, SYSTEM, f.AS_OF_S - 900 * 86_400)})
    return found


def config_maps(fleet: Fleet) -> list[Object]:
    """One map for every third service, and eight that nothing names. Values are left out as the reader drops them anyway."""
    found = []
    for number, work in enumerate(w for w in fleet.works if w.kind == "Deployment" and w.namespace != SYSTEM):
        if number % 3 == 0:
            work.config = [f"{work.name}-config"]
            found.append({"metadata": meta("ConfigMap", work.namespace, work.config[0], work.created_s), "data": {"app.yaml": ""}})
    for number in range(8):
        found.append(
            {
                "metadata": meta("ConfigMap", "legacy", f"settings-2024-{number + 1:02}", f.AS_OF_S - 400 * 86_400),
                "data": {"app.yaml": ""},
            }
        )
    return found


def bad_objects() -> list[Object]:
    """A workload whose request is no quantity: it is reported, and stops nobody."""
    made = {
        "metadata": meta("Deployment", "tools", "handwritten", f.AS_OF_S - 10**7),
        "spec": {
            "replicas": 1,
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": "handwritten"}},
                "spec": {
                    "containers": [
                        {"name": "app", "image": "registry.example/tools/app:1", "resources": {"requests": {"cpu": "two cores"}}}
                    ]
                },
            },
        },
    }
    return [made]


def documents(fleet: Fleet) -> dict[str, list[Object]]:
    """File name to objects; each object names its kind, as in a `List`."""
    maps = config_maps(fleet)
    by_kind: dict[str, list[Object]] = {}
    for work in fleet.works:
        by_kind.setdefault(work.kind, []).append(workload(work))
    by_kind["Deployment"] += bad_objects()
    # Twice what one server answered for an older version: the greater resourceVersion stays, and it is counted.
    twice = [dict(one, metadata=dict(one["metadata"], resourceVersion="900")) for one in by_kind["Deployment"][:2]]
    by_kind["Deployment"] += twice
    found, slices = services(fleet)
    claims, volumes, classes = storage(fleet)
    hpas, vpas, budgets = autoscalers(fleet)
    pools = [
        {
            "metadata": meta("NodePool", None, name, f.AS_OF_S - 10**7),
            "spec": {"disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "1h"}},
        }
        for name, (_, _, by) in f.POOLS.items()
        if by != "eks"
    ]
    lists: dict[str, tuple[str, str, list[Object]]] = {
        "nodes": ("v1", "Node", [node(one) for one in fleet.nodes]),
        "namespaces": ("v1", "Namespace", namespaces(fleet)),
        "pods": ("v1", "Pod", [pod(work, i, one) for work in fleet.works for i, one in enumerate(work.pods)]),
        "services": ("v1", "Service", found),
        "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice", slices),
        "persistentvolumeclaims": ("v1", "PersistentVolumeClaim", claims),
        "persistentvolumes": ("v1", "PersistentVolume", volumes),
        "storageclasses": ("storage.k8s.io/v1", "StorageClass", classes),
        "horizontalpodautoscalers": ("autoscaling/v2", "HorizontalPodAutoscaler", hpas),
        "verticalpodautoscalers": ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", vpas),
        "poddisruptionbudgets": ("policy/v1", "PodDisruptionBudget", budgets),
        "nodepools": ("karpenter.sh/v1", "NodePool", pools),
        "configmaps": ("v1", "ConfigMap", maps),
    }
    for kind, rows in by_kind.items():
        lists[f"{kind.lower()}s"] = ("batch/v1" if kind in ("Job", "CronJob") else "apps/v1", kind, rows)
    return {name: [{"apiVersion": api, "kind": kind, **row} for row in rows] for name, (api, kind, rows) in lists.items()}
