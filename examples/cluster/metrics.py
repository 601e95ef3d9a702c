"""The answers that Prometheus would give to the queries that `finops kubernetes queries` prints, as text."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import figures as f
from fleet import Box, Fleet, Work

MIB = 1 << 20
START_S = f.AS_OF_S - f.HOURS * f.STEP_S
# Role of a metric to the step of its query where that is another.
FINE = ("gpu_duty_percent", "gpu_memory_used")
Values = list[float]
Pod = dict[str, Any]


def curve(shape: str) -> Values:
    """How the load moves over the window, 1 on average."""
    factors = []
    for index in range(f.HOURS):
        # The hour that the sample at its end describes.
        hour = (START_S // 3600 + index) % 24
        weekday = ((START_S // 3600 + index) // 24 + 3) % 7  # 1970-01-01 was a Thursday
        if shape == "office":
            factors.append(f.OFFICE_DAY[hour] * (f.WEEKEND if weekday >= 5 else 1.0))
        elif shape == "workhours":
            factors.append(1.0 if weekday < 5 and 7 <= hour < 19 else 0.01)
        elif shape == "night":
            factors.append(3.0 if hour < 4 else 0.4)
        else:
            factors.append(1.0)
    mean = sum(factors) / len(factors)
    return [factor / mean for factor in factors]


class Metrics:
    """Writes series; scatter comes from one table, entered at a place of the series' own, so that it is quick."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.rng = random.Random(seed + 1)
        self.table = [self.rng.gauss(0, 1) for _ in range(4096)]
        self.curves = {shape: curve(shape) for shape in ("office", "workhours", "night", "flat")}
        self.times = [str(START_S + (index + 1) * f.STEP_S) for index in range(f.HOURS)]
        fine = f.GPU_HOURS * 3600 // f.GPU_STEP_S
        self.fine_times = [str(f.AS_OF_S - (fine - 1 - index) * f.GPU_STEP_S) for index in range(fine)]

    def scatter(self, count: int, width: float) -> Values:
        start = int(self.rng.random() * (len(self.table) - count))
        return [1 + width * max(-3.0, min(3.0, value)) for value in self.table[start : start + count]]

    def series(self, labels: dict[str, str], values: Values, form: str, times: list[str] | None = None) -> str:
        """One series that ends with the window; `form` prints a value."""
        times = (times or self.times)[-len(values) :]
        pairs = ",".join(f'[{at},"{form % value}"]' for at, value in zip(times, values))
        return f'{{"metric":{json.dumps(labels, separators=(",", ":"))},"values":[{pairs}]}}'

    def seen(self, work: Work, pod: Pod) -> int:
        """The first sample of a pod."""
        start_s: int = pod["start_s"]
        return max(0, -(-(start_s - START_S) // f.STEP_S))

    def containers(self, of: Callable[[Work, Pod, Box], Values], form: str) -> Iterator[str]:
        for work in self.fleet.works:
            if work.trait == "no-metrics":
                continue
            for pod in work.pods:
                first = self.seen(work, pod)
                if first >= f.HOURS:
                    continue
                for box in work.boxes:
                    labels = {"namespace": work.namespace, "pod": pod["name"], "container": box.name}
                    yield self.series(labels, of(work, pod, box)[first:], form)

    def cpu(self) -> Iterator[str]:
        def of(work: Work, pod: Pod, box: Box) -> Values:
            base = box.cpu_used / 1000 * pod["level"]
            values = [base * factor * noise for factor, noise in zip(self.curves[work.shape], self.scatter(f.HOURS, f.CPU_SCATTER))]
            if work.trait == "growth":  # a launch in the second week
                values = values[:240] + [value * 2.4 for value in values[240:]]
            return [0.002 for _ in values] if work.trait == "crash" else values

        yield from self.containers(of, "%.4f")
        # A second replica of Prometheus scraped the same pod: the reader takes the maximum and says so.
        work = next(w for w in self.fleet.works if w.pods and w.trait == "")
        labels = {
            "namespace": work.namespace,
            "pod": work.pods[0]["name"],
            "container": work.boxes[0].name,
            "prometheus_replica": "b",
        }
        yield self.series(labels, of(work, work.pods[0], work.boxes[0])[-24:], "%.4f")

    def memory(self) -> Iterator[str]:
        def of(work: Work, pod: Pod, box: Box) -> Values:
            base = box.memory_used * MIB * pod["level"]
            values = [base * noise for noise in self.scatter(f.HOURS, f.MEMORY_SCATTER)]
            if work.trait == "leak":
                values = [value * (0.5 + max(0, index - 168) / 168) for index, value in enumerate(values)]
            if work.trait == "oom" and box.memory_limit:
                values = [box.memory_limit * MIB * (0.9 + 0.03 * noise) for noise in self.scatter(f.HOURS, 0.1)]
            return values

        return self.containers(of, "%.0f")

    def throttled(self) -> Iterator[str]:
        for work in self.fleet.works:
            for pod in work.pods if work.trait == "hot" else ():
                labels = {"namespace": work.namespace, "pod": pod["name"], "container": work.boxes[0].name}
                yield self.series(labels, [0.34 * value for value in self.scatter(f.HOURS, 0.2)], "%.3f")

    def network(self, share: float) -> Iterator[str]:
        """Bytes a second of a pod: with its load; next to nothing where it is idle."""
        for work in self.fleet.works:
            # Nothing is known of the traffic of `tools`: the exporter there is off.
            if work.trait in ("no-metrics", "crash") or work.namespace == "tools":
                continue
            base = 12.0 if work.trait == "idle" else 4_000 + 90 * sum(box.cpu_used for box in work.boxes)
            if work.trait == "idle":
                base /= max(1, work.replicas)
            load = self.curves[work.shape][-f.SHORT_HOURS :]
            for pod in work.pods:
                first = max(0, self.seen(work, pod) - (f.HOURS - f.SHORT_HOURS))
                values = [base * share * factor * noise for factor, noise in zip(load, self.scatter(f.SHORT_HOURS, 0.1))]
                if first < f.SHORT_HOURS:
                    yield self.series({"namespace": work.namespace, "pod": pod["name"]}, values[first:], "%.1f")

    def volumes(self) -> Iterator[str]:
        for work in self.fleet.works:
            for index, _ in enumerate(work.pods):
                for claim in work.claims if work.kind == "StatefulSet" else ():
                    labels = {"namespace": work.namespace, "persistentvolumeclaim": f"{claim['template']}-{work.name}-{index}"}
                    used = claim["used"] * 1024 * MIB
                    yield self.series(labels, [used * (0.97 + 0.03 * i / f.HOURS) for i in range(f.HOURS)], "%.0f")

    def gpus(self) -> Iterator[tuple[str, str]]:
        """Duty and used memory of every device."""
        for work in self.fleet.works:
            if not work.trait.startswith("duty:"):
                continue
            duty = float(work.trait[5:])
            for pod in work.pods:
                for device in range(work.boxes[0].gpus):
                    labels = {
                        "namespace": work.namespace,
                        "pod": pod["name"],
                        "container": "server",
                        "UUID": f"GPU-{pod['name'][-5:]}-{device}",
                    }
                    # Of four devices the last two never work.
                    mean = 0.0 if device >= 2 else duty
                    count, hours = len(self.fine_times), self.curves["office"][-f.GPU_HOURS :]
                    values = [
                        100 * mean * hours[index * f.GPU_STEP_S // 3600] * noise
                        for index, noise in enumerate(self.scatter(count, 0.3))
                    ]
                    held = [float(400 if work.name == "notebook" else 9_000) * MIB] * count
                    yield self.series(labels, values, "%.1f", self.fine_times), self.series(labels, held, "%.0f", self.fine_times)

    def replicas(self) -> Iterator[str]:
        for work in self.fleet.works:
            if work.autoscaler:
                labels = {"namespace": work.namespace, "horizontalpodautoscaler": work.name}
                yield self.series(labels, [float(work.replicas)] * f.SHORT_HOURS, "%.0f")


def answers(fleet: Fleet, seed: int = f.SEED) -> Iterator[tuple[str, Iterator[str]]]:
    """Role of the metric to its series, in the order in which they must be drawn."""
    metrics = Metrics(fleet, seed)
    yield "cpu_usage", metrics.cpu()
    yield "memory_working_set", metrics.memory()
    yield "cpu_throttled", metrics.throttled()
    yield "network_receive", metrics.network(1.0)
    yield "network_transmit", metrics.network(1.6)
    yield "volume_used", metrics.volumes()
    gpus = list(metrics.gpus())
    yield "gpu_duty_percent", iter([duty for duty, _ in gpus])
    yield "gpu_memory_used", iter([held for _, held in gpus])
    yield "replicas", metrics.replicas()
