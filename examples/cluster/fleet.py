"""The made-up cluster: workloads with their traits, nodes, and which pod runs where."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import figures as f

DAY_S = 86_400
SYSTEM = "kube-system"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # of the hashes that Kubernetes names pods with


@dataclass
class Box:
    """A container: requests in millicores and MiB, absent ones None; what it uses of them on average."""

    name: str
    cpu: int | None
    memory: int | None
    cpu_limit: int | None = None
    memory_limit: int | None = None
    gpus: int = 0
    cpu_used: float = 0.0  # millicores on average
    memory_used: float = 0.0  # MiB


@dataclass
class Work:
    """A workload; `trait` says what is special about it, `shape` how its use moves."""

    kind: str
    namespace: str
    name: str
    boxes: list[Box]
    replicas: int = 1
    trait: str = ""
    shape: str = "office"
    team: str | None = None
    created_s: int = 0
    annotations: dict[str, str] = field(default_factory=dict)
    autoscaler: dict[str, Any] | None = None
    budget: bool = False
    service: str | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    config: list[str] = field(default_factory=list)
    pool: str | None = None
    where: str = "plain"
    pods: list[dict[str, Any]] = field(default_factory=list)

    @property
    def full(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass
class Node:
    name: str
    type: str
    pool: str
    by: str
    created_s: int
    cpu: int  # allocatable millicores
    memory: int  # allocatable MiB
    gpus: int
    used_cpu: int = 0
    used_memory: int = 0
    used_gpus: int = 0


@dataclass
class Fleet:
    works: list[Work]
    nodes: list[Node]
    volumes: list[dict[str, Any]]
    services: list[dict[str, Any]]
    previews: list[str]


def pick(rng: random.Random, weights: Mapping[int, float]) -> int:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def suffix(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(_LETTERS, k=length))


def share_used(rng: random.Random, below_30: float) -> float:
    """Mean use over request: below 30 % as often as measured; above it falling off towards the request (our choice)."""
    if rng.random() < below_30:
        return rng.uniform(0.04, 0.29)
    return rng.triangular(0.31, 0.80, 0.31)


def box(rng: random.Random, name: str, cpu_m: int | None = None) -> Box:
    cpu = cpu_m or pick(rng, f.CPU_REQUESTS_M)
    memory = max(64, round(cpu / 1000 * pick(rng, f.GIB_PER_CORE) * 1024 / 64) * 64)
    made = Box(name, cpu, memory, memory_limit=memory if rng.random() < 0.5 else memory * 2)
    if rng.random() >= f.WITHOUT_CPU_LIMIT:
        made.cpu_limit = cpu * 2
    made.cpu_used = cpu * share_used(rng, f.BELOW_30_PERCENT_CPU)
    made.memory_used = memory * share_used(rng, f.BELOW_30_PERCENT_MEMORY)
    if rng.random() < f.WITHOUT_REQUESTS:
        made.cpu = made.memory = made.cpu_limit = made.memory_limit = None
    return made


def services_of(rng: random.Random) -> list[Work]:
    """The Deployments of every namespace, two or three for each noun."""
    works = []
    for namespace, (team, environment, nouns) in f.NAMESPACES.items():
        for noun in nouns.split():
            for role in f.ROLES[: 3 if rng.random() < 0.85 else 4]:
                if namespace == "ml-serving" and role != "api":
                    continue
                work = Work("Deployment", namespace, f"{noun}-{role}", [box(rng, role)], replicas=pick(rng, f.REPLICAS))
                work.team = team
                work.created_s = f.AS_OF_S - round(rng.uniform(40, 700) * DAY_S)
                if rng.random() < 0.08:
                    sidecar = Box("proxy", 50, 64, memory_limit=128)
                    sidecar.cpu_used, sidecar.memory_used = 9 + 20 * rng.random(), 30 + 20 * rng.random()
                    work.boxes.append(sidecar)
                work.budget = work.replicas > 1 and rng.random() < f.WITH_BUDGET
                work.service = "ClusterIP" if role in ("api", "web") else None
                work.shape = "office" if environment == "production" else "flat"
                if environment == "staging":
                    work.shape = "workhours"
                    work.replicas = min(work.replicas, 2)
                works.append(work)
    return works


def stateful_of(rng: random.Random) -> list[Work]:
    works = []
    for namespace, (team, _, nouns) in f.NAMESPACES.items():
        if namespace in ("staging", "ml-serving"):
            continue
        for noun in nouns.split()[:2]:
            work = Work("StatefulSet", namespace, f"{noun}-db", [box(rng, "db", rng.choices([250, 500, 1000], [4, 4, 2])[0])])
            work.replicas = rng.choices([1, 2, 3], [3, 3, 4])[0]
            work.team = team
            work.created_s = f.AS_OF_S - round(rng.uniform(90, 900) * DAY_S)
            work.pool = "memory"
            work.service = "ClusterIP"
            size = rng.choices([20, 50, 100, 200, 500], [3, 4, 4, 2, 1])[0]
            used = size * rng.choices([rng.uniform(0.04, 0.3), rng.uniform(0.5, 0.85)], [4, 6])[0]
            work.claims = [{"template": "data", "size": size, "used": used, "class": "gp3"}]
            works.append(work)
    return works


def batch_of(rng: random.Random) -> list[Work]:
    """CronJobs by name only, and Jobs: running, finished, and finished long ago."""
    works = []
    for number, name in enumerate("rollup cleanup reindex backup invoice-run reconcile digest compaction".split() * 2):
        work = Work("CronJob", "data" if number < 8 else "legacy", name, [box(rng, "job", 500)], replicas=0)
        work.team = "data" if number < 8 else None
        work.created_s = f.AS_OF_S - 200 * DAY_S
        works.append(work)
    for number in range(6):
        work = Work("Job", "data", f"backfill-2026-{number + 4:02}", [box(rng, "job", 1000)], replicas=1, team="data")
        work.created_s = f.AS_OF_S - (3 + 25 * number) * DAY_S
        work.trait = "running" if number == 0 else "finished"
        work.shape, work.pool = "flat", "batch"
        works.append(work)
    for number in range(10):
        # A warehouse that keeps the batch nodes warm and uses little of them.
        work = Work("Deployment", "data", f"spark-executor-{number:02}", [Box("executor", 1000, 1536, None, 2048)], team="data")
        work.boxes[0].cpu_used, work.boxes[0].memory_used = 60 + 25 * rng.random(), 600 + 40 * rng.random()
        work.created_s, work.shape, work.pool = f.AS_OF_S - 60 * DAY_S, "night", "batch"
        works.append(work)
    return works


def gpu_of(rng: random.Random) -> list[Work]:
    works = []
    for name, gpus, duty in (("llm-chat", 4, 0.12), ("embedder", 1, 0.07), ("ocr", 1, 0.0), ("notebook", 1, 0.0)):
        work = Work("Deployment", "ml-serving", name, [Box("server", 4000, 16_384, None, 20_480, gpus)], team="ml")
        work.boxes[0].cpu_used, work.boxes[0].memory_used = 300 + 200 * rng.random(), 9_000 + 800 * rng.random()
        work.created_s = f.AS_OF_S - 50 * DAY_S
        work.shape, work.pool = "flat", "gpu-large" if gpus > 1 else "gpu"
        work.trait = f"duty:{duty}"
        works.append(work)
    return works


def system_of(rng: random.Random) -> list[Work]:
    works = []
    for namespace, name, cpu, memory in (
        (SYSTEM, "aws-node", 25, 64),
        (SYSTEM, "kube-proxy", 50, 64),
        (SYSTEM, "ebs-csi-node", 30, 128),
        ("monitoring", "node-exporter", 50, 64),
        ("monitoring", "fluent-bit", 100, 128),
    ):
        made = Box(name, cpu, memory, None, memory * 2)
        made.cpu_used, made.memory_used = cpu * 0.4, memory * 0.6
        works.append(Work("DaemonSet", namespace, name, [made], 0, shape="flat", created_s=f.AS_OF_S - 600 * DAY_S))
    for name, replicas, cpu, memory in (("coredns", 3, 100, 192), ("metrics-server", 2, 100, 256), ("karpenter", 2, 500, 1024)):
        made = Box(name, cpu, memory, None, memory)
        made.cpu_used, made.memory_used = cpu * 0.3, memory * 0.55
        works.append(
            Work("Deployment", SYSTEM, name, [made], replicas, pool="system", shape="flat", created_s=f.AS_OF_S - 600 * DAY_S)
        )
    for work in works:
        work.team = "platform"
        work.where = "none" if work.namespace == SYSTEM else "plain"
    return works


def give_traits(rng: random.Random, works: list[Work]) -> None:
    """What is wrong, odd or special about some workloads; each is a case of a detector. How many: our choice."""
    plain = [
        w
        for w in works
        if w.kind == "Deployment" and w.namespace not in ("staging", "ml-serving", SYSTEM) and not w.pool and w.boxes[0].cpu
    ]
    rng.shuffle(plain)
    counts = {
        "idle": 14,
        "crash": 3,
        "zero": 4,
        "no-metrics": 12,
        "young": 9,
        "leak": 7,
        "growth": 5,
        "oom": 3,
        "hot": 4,
        "vpa": 3,
        "ignored": 3,
        "expired": 3,
        "bad-ttl": 1,
        "standby": 1,
    }
    taken = iter(plain)
    for trait, count in counts.items():
        for work in (next(taken) for _ in range(count)):
            work.trait = trait
            first = work.boxes[0]
            if trait == "idle":
                first.cpu, first.cpu_limit = rng.choices([250, 500, 1000], [3, 4, 2])[0], None
                first.memory = first.memory_limit = 1024
                first.cpu_used, first.memory_used = 2.0 / max(1, work.replicas), 90.0
                work.shape, work.autoscaler = "flat", None
            elif trait == "zero":
                work.replicas, work.service = 0, "LoadBalancer" if work.service else None
                work.claims = [{"template": None, "size": 100, "used": 20.0, "class": "gp3"}]
            elif trait == "young":
                work.created_s = f.AS_OF_S - 26 * 3600
            elif trait == "ignored":
                work.annotations["finops/ignore"] = "true"
            elif trait == "standby":
                work.annotations["finops/standby"] = "true"
                first.cpu_used = 2.0
            elif trait == "expired":
                work.annotations["janitor/ttl"] = "7d"
            elif trait == "bad-ttl":
                work.annotations["janitor/ttl"] = "next tuesday"
            elif trait == "hot":
                first.cpu_used = (first.cpu or 100) * 1.4
                first.cpu_limit = (first.cpu or 100) * 2
    scaled = [w for w in plain if not w.trait and w.replicas >= 2]
    for number, work in enumerate(scaled[: round(len(plain) * f.WITH_AUTOSCALER)]):
        wide = number % 3 == 0  # a minimum far above what is needed
        work.replicas = 8 if wide else max(2, work.replicas)
        work.autoscaler = {"min": work.replicas if wide else 2, "max": 20, "target": 70, "delay": None}
        if wide and work.boxes[0].cpu:
            work.boxes[0].cpu_used = work.boxes[0].cpu * rng.uniform(0.05, 0.16)
        if number % 10 == 4:
            work.autoscaler["max"] = work.autoscaler["min"]
        if number % 10 == 7:
            work.autoscaler["delay"] = 900


def where_of(rng: random.Random, works: list[Work]) -> None:
    """Which kind of source a workload has: a manifest, a chart's values, an overlay, or none that anybody knows of."""
    for work in works:
        if work.kind == "Job" or work.where == "none":
            work.where = "none"
        elif work.namespace == "checkout" and work.kind == "Deployment":
            work.where = "helm"
        elif work.namespace == "search" and work.kind == "Deployment":
            work.where = "kustomize"
        elif work.kind != "DaemonSet" and rng.random() < f.WITHOUT_SOURCE:
            work.where = "none"


def previews_of(rng: random.Random) -> list[Work]:
    works = []
    for number, days in ((1412, 40), (1538, 21), (1604, 3)):
        for role in ("api", "web"):
            work = Work("Deployment", f"preview-pr-{number}", f"cart-{role}", [box(rng, role, 250)], team="payments")
            work.created_s, work.shape = f.AS_OF_S - days * DAY_S, "flat"
            work.boxes[0].cpu_used, work.where = 3.0, "none"
            works.append(work)
    return works


def nodes_of(rng: random.Random) -> list[Node]:
    nodes: list[Node] = []
    for pool, (kind, count, by) in f.POOLS.items():
        cpu, memory, gpus, _ = f.INSTANCES[kind]
        for number in range(count):
            name = f"ip-10-{10 + len(nodes)}-{round(rng.uniform(1, 250))}-{round(rng.uniform(1, 250))}.ec2.internal"
            # One general node joined while the metrics ran.
            age = 5.5 if (pool, number) == ("general", 0) else rng.uniform(15, 120)
            nodes.append(
                Node(
                    name,
                    kind,
                    pool,
                    by,
                    f.AS_OF_S - round(age * DAY_S / 3600) * 3600,
                    cpu * 1000 - f.RESERVED_CPU_M,
                    memory * 1024 - f.RESERVED_MEMORY_MIB,
                    gpus,
                )
            )
    return nodes


def place(rng: random.Random, works: list[Work], nodes: list[Node]) -> None:
    """Least requested first, as the scheduler's default scores; the large pods before the small ones."""

    def put(work: Work, node: Node, index: int) -> None:
        cpu, memory = (sum(getattr(b, name) or 0 for b in work.boxes) for name in ("cpu", "memory"))
        node.used_cpu, node.used_memory = node.used_cpu + cpu, node.used_memory + memory
        node.used_gpus += sum(b.gpus for b in work.boxes)
        stateful = work.kind == "StatefulSet"
        work.pods.append(
            {
                "name": f"{work.name}-{index}" if stateful else f"{work.name}-{suffix(rng, 9)}-{suffix(rng, 5)}",
                "node": node.name,
                "start_s": max(work.created_s, node.created_s, f.AS_OF_S - round(rng.uniform(15, 35) * DAY_S)),
                "level": rng.uniform(0.92, 1.08),
            }
        )

    for work in (w for w in works if w.kind == "DaemonSet"):
        work.replicas = len(nodes)
        for index, node in enumerate(nodes):
            put(work, node, index)
    rest = [w for w in works if w.kind not in ("DaemonSet", "CronJob") and w.trait != "finished"]
    for work in sorted(rest, key=lambda w: -sum((b.cpu or 0) for b in w.boxes)):
        cpu, memory, gpus = (sum(getattr(b, name) or 0 for b in work.boxes) for name in ("cpu", "memory", "gpus"))
        hash_ = suffix(rng, 9)
        for index in range(work.replicas):
            fits = [
                n
                for n in nodes
                if (n.pool == work.pool if work.pool else n.pool in ("general", "general-large", "memory", "spot"))
                and n.used_cpu + cpu <= n.cpu
                and n.used_memory + memory <= n.memory
                and n.used_gpus + gpus <= n.gpus
            ]
            if not fits:
                raise SystemExit(f"{work.full} does not fit: raise the pools in figures.py")
            node = min(fits, key=lambda n: (max(n.used_cpu / n.cpu, n.used_memory / n.memory), n.name))
            put(work, node, index)
            if work.kind == "Deployment":
                work.pods[-1]["hash"] = hash_
                work.pods[-1]["name"] = f"{work.name}-{hash_}-{suffix(rng, 5)}"
            elif work.kind == "Job":
                work.pods[-1]["name"] = f"{work.name}-{suffix(rng, 5)}"


def leftovers(rng: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Claims that nobody mounts, volumes whose claim is gone, balancers without anything behind them."""
    volumes: list[dict[str, Any]] = []
    for number in range(11):
        namespace = ["catalog", "data", "legacy", "tools"][number % 4]
        volumes.append(
            {
                "claim": (namespace, f"old-export-{number:02}"),
                "size": [50, 100, 200, 500][number % 4],
                "class": "gp3",
                "phase": "Bound",
                "created_s": f.AS_OF_S - (3 if number == 10 else 60 + 9 * number) * DAY_S,
            }
        )
    for number in range(4):
        volumes.append(
            {
                "claim": None,
                "size": 250,
                "class": "gp3",
                "phase": "Released",
                "created_s": f.AS_OF_S - 200 * DAY_S,
                "since_s": f.AS_OF_S - (2 if number == 3 else 40) * DAY_S,
            }
        )
    services = [
        {"namespace": namespace, "name": f"{name}-lb", "created_s": f.AS_OF_S - days * DAY_S}
        for namespace, name, days in (("legacy", "soap", 300), ("tools", "forms", 120), ("mobile", "beta", 45), ("data", "new", 2))
    ]
    return volumes, services


def fleet(seed: int = f.SEED) -> Fleet:
    rng = random.Random(seed)
    works = services_of(rng) + stateful_of(rng) + batch_of(rng) + gpu_of(rng)
    give_traits(rng, works)
    where_of(rng, works)
    works += system_of(rng) + previews_of(rng)
    # Three balancers that serve.
    for work in [w for w in works if w.service == "ClusterIP" and w.namespace in ("mobile", "checkout", "identity")][:3]:
        work.service = "LoadBalancer"
    nodes = nodes_of(rng)
    place(rng, works, nodes)
    volumes, services = leftovers(rng)
    previews = sorted({w.namespace for w in works if w.namespace.startswith("preview-")})
    return Fleet(works, nodes, volumes, services, previews)
