"""Reading what Kubernetes and Prometheus print, against `json.loads` of the same bytes, which only makes objects of it.

A pod list of 50 MB, as `kubectl get pods -A -o json` prints it with managed fields, and 1,000 series of 16,128 samples: two weeks in steps of
75 seconds. `FINOPS_BENCH_SCALE=0.1` takes a tenth of both. The least CPU time of the rounds counts; they take turns.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from harness import Contender, Report, interleave  # noqa: E402

from finops import ClusterInventory, allocate  # noqa: E402

SCALE = float(os.environ.get("FINOPS_BENCH_SCALE", "1"))
ROUNDS = 5
NIGHT = "2026-11-20T00:00:00Z"
WEEK = ("2026-11-13", "2026-11-20")
NODES = 500


def pod(place: int) -> dict[str, object]:
    """A pod of two containers as the API prints it, some 6.5 kB."""
    app, name = f"app-{place % 400}", f"app-{place % 400}-7d4b9c6f5-{place:05}"
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3}
    fields = {f'k:{{"name":"VARIABLE_{key}"}}': {".": {}, "f:name": {}, "f:value": {}} for key in range(16)}
    containers = [
        {
            "name": each,
            "image": f"registry.example/{app}/{each}:1.2.{place % 90}",
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
            "env": [{"name": f"VARIABLE_{key}", "value": f"value of {key}"} for key in range(16)],
            "livenessProbe": probe,
            "readinessProbe": probe,
            "volumeMounts": [{"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}],
            "securityContext": {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
        }
        for each in ("app", "proxy")
    ]
    metadata = {
        "name": name,
        "namespace": f"team-{place % 40}",
        "uid": f"00000000-0000-4000-8000-{place:012}",
        "resourceVersion": str(1_000_000 + place),
        "creationTimestamp": "2026-11-01T08:00:00Z",
        "labels": {"app": app, "team": f"team-{place % 40}", "pod-template-hash": "7d4b9c6f5"},
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app}-7d4b9c6f5", "uid": "u", "controller": True}
        ],
        "managedFields": [
            {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:spec": {"f:containers": fields}}}
        ],
    }
    status = {
        "phase": "Running",
        "startTime": "2026-11-01T08:00:05Z",
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": "2026-11-01T08:00:20Z"} for kind in ("Ready", "Initialized")],
        "containerStatuses": [
            {"name": each, "ready": True, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-01T08:00:10Z"}}}
            for each in ("app", "proxy")
        ],
    }
    return {"metadata": metadata, "spec": {"nodeName": f"node-{place % NODES}", "containers": containers}, "status": status}


def pod_list(size: int) -> bytes:
    """A list of pods of about `size` bytes."""
    one = len(json.dumps(pod(0))) + 2
    items = [pod(place) for place in range(max(1, size // one))]
    return json.dumps({"apiVersion": "v1", "kind": "PodList", "items": items}).encode()


def answer(series: int, samples: int) -> bytes:
    """An answer of a range query."""
    end = 1_795_132_800
    steps = [end - 75 * (samples - 1 - step) for step in range(samples)]
    parts = []
    for place in range(series):
        values = ",".join(f'[{at},"{(place * 7919 + at) % 1_000_003 / 1e6!r}"]' for at in steps)
        labels = json.dumps({"namespace": f"team-{place % 40}", "pod": f"app-{place % 400}-7d4b9c6f5-{place:05}", "container": "app"})
        parts.append(f'{{"metric":{labels},"values":[{values}]}}')
    return f'{{"status":"success","data":{{"resultType":"matrix","result":[{",".join(parts)}]}}}}'.encode()


def nodes() -> bytes:
    """The nodes of the pods."""
    labels = {"node.kubernetes.io/instance-type": "m5.4xlarge", "topology.kubernetes.io/region": "us-east-1"}
    capacity = {"capacity": {"cpu": "16", "memory": "64Gi"}}
    items = [{"metadata": {"name": f"node-{place}", "labels": labels}, "status": capacity} for place in range(NODES)]
    return json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": items}).encode()


def main() -> bool:
    """Measure and show."""
    pods = pod_list(int(50e6 * SCALE))
    usage = answer(max(1, int(1000 * SCALE)), 16_128)
    report = Report(f"reading a pod list of {len(pods) / 1e6:.0f} MB and usage of {len(usage) / 1e6:.0f} MB, a document")
    contenders = [
        Contender("ClusterInventory.from_kubernetes", lambda: ClusterInventory.from_kubernetes(pods, as_of=NIGHT)),
        Contender("json.loads of the pods", lambda: json.loads(pods)),
    ]
    report.nanoseconds.update(interleave(contenders, ROUNDS, 0))
    contenders = [
        Contender("ClusterInventory.from_prometheus", lambda: ClusterInventory.from_prometheus("cpu_usage", usage, as_of=NIGHT, step_seconds=75)),
        Contender("json.loads of the usage", lambda: json.loads(usage)),
    ]
    report.nanoseconds.update(interleave(contenders, ROUNDS, 0))
    inventory = ClusterInventory.from_kubernetes(pods, nodes(), as_of=NIGHT)
    inventory.add_prometheus("cpu_usage", usage, step_seconds=75)
    costs = allocate(inventory, window=WEEK, idle="share")
    contenders = [
        Contender("allocate and aggregate", lambda: allocate(inventory, window=WEEK, idle="share").aggregate(["label:team", "namespace"])),
        Contender("aggregate again", lambda: costs.aggregate(["label:team", "namespace"])),
        Contender("to columns", costs.to_arrow),
    ]
    report.nanoseconds.update(interleave(contenders, ROUNDS, 0))
    report.claim_ratio("ClusterInventory.from_kubernetes", "json.loads of the pods", 1)
    report.claim_ratio("ClusterInventory.from_prometheus", "json.loads of the usage", 1)
    report.notes.append(f"{len(costs):,} rows, difference {costs.difference}")
    out = os.environ.get("FINOPS_BENCH_OUT")
    return report.show(Path(out) if out else None)


if __name__ == "__main__":
    sys.exit(not main())
