"""`cluster_data` is read from its dict: what a dict says and what its JSON says are the same report and the same errors."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
import threading
from collections import OrderedDict
from datetime import date
from decimal import Decimal
from typing import Any

import finops
import pytest
from finops import ClusterInventory, FinOpsEngine, WasteDetectionEngine

NIGHT = "2026-11-20T03:00:00Z"
NUMBERS = ("cpu_request", "cpu_usage", "cpu_limit", "memory_request_gb", "memory_usage_gb", "memory_limit_gb", "replicas")
PLAIN = [0, 1, 2, 8, 0.0, 0.1, 0.3, 2.5, 0.30000000000000004, 1e-9, 123456.789, 1e22, "0.5", "3", None]
ODD = [-1, -0.5, math.nan, math.inf, True, "lots", "", [], {}, object(), 10**400, Decimal("0.25"), Decimal("NaN"), "\ud800"]


class AsJson(dict[str, Any]):
    """Read member by member as JSON, as text is."""


def report(data: Any) -> tuple[str, list[str]]:
    engine = WasteDetectionEngine()
    found = engine.detect_all(data, NIGHT)
    assert engine.last_report is not None
    return engine.last_report.to_json(), [one.to_json() for one in found]


def refusal(data: Any, as_of: Any = NIGHT) -> tuple[str, str, str, str]:
    with pytest.raises(finops.FinopsError) as caught:
        WasteDetectionEngine().detect_all(data, as_of)
    return type(caught.value).__name__, caught.value.code, caught.value.path, str(caught.value)


def a_cluster(dice: random.Random, numbers: list[Any], odd: bool) -> dict[str, Any]:
    def row(place: int) -> Any:
        one: dict[str, Any] = {"name": f"service-{dice.randrange(40) if odd else place:02}"}
        for name in dice.sample(NUMBERS, dice.randrange(len(NUMBERS) + 1)):
            one[name] = dice.choice(numbers)
        others: dict[str, list[Any]] = {
            "team": ["core", "", None],
            "kind": ["Deployment", None],
            "labels": [{"app": "web"}, {}, None],
            "containers": [[], None],
        }
        for name, values in others.items():
            if dice.random() < 0.4:
                one[name] = dice.choice(values)
        if odd and dice.random() < 0.2:
            one[dice.choice(["name", "team", "labels", "colour"])] = dice.choice([5, "", None, {"a": 1}, {1: "a"}, True])
        if odd and dice.random() < 0.05:
            return dice.choice([None, 5, "web", [], {}])
        items = list(one.items())
        dice.shuffle(items)
        return dict(items)

    namespaces = [f"team-{n}" for n in range(4)]
    dice.shuffle(namespaces)
    data: dict[str, Any] = {"workloads": {name: [row(n) for n in range(dice.randrange(8))] for name in namespaces}}
    if dice.random() < 0.5:
        data |= {"cluster": "c", "tags": ["b", "a"], "nodes": [{"name": "n", "instance_type": "m5.large", "cpu_utilization": 0.1}]}
        data["hpa_configs"] = [{"namespace": "team-0", "workload": "service-00", "min_replicas": 8, "avg_cpu_utilization": 0.1}]
    return data


@pytest.mark.parametrize("seed", range(25))
def test_a_dict_and_its_json_are_the_same_report(seed: int) -> None:
    data = a_cluster(random.Random(seed), PLAIN, odd=False)
    native = report(data)
    assert native == report(AsJson(data)) == report(OrderedDict(data))
    text, found = json.loads(native[0]), report(ClusterInventory.from_json(json.dumps(data), as_of=NIGHT))
    assert found[1] == native[1] and json.loads(found[0]) == text


@pytest.mark.parametrize("seed", range(25))
def test_what_is_odd_is_the_same_in_both(seed: int) -> None:
    data = a_cluster(random.Random(seed), PLAIN + ODD, odd=True)
    assert report(data) == report(AsJson(data))


def test_what_cannot_be_read_is_refused_with_the_same_words() -> None:
    rows = [{"name": "web", "cpu_request": 1}]
    bad: list[dict[Any, Any]] = [
        {"workloads": "text"},
        {"workloads": 5},
        {"workloads": {"a": 5}},
        {"workloads": {"a": {"name": "web"}}},
        {"workloads": {"a": rows}, "tags": "production"},
        {"workloads": {"a": rows}, "tags": [1]},
        {"workloads": {"a": rows}, "node_groups": {}},
        {"workloads": {"a": "text"}, "tags": 5},
        {"workloads": {"a": rows}, "pods": []},
        {"workloads": {"a": rows}, 5: 1},
        {"workloads": {5: rows}},
    ]
    for data in bad:
        assert refusal(data) == refusal(AsJson(data)), data
        two = refusal([data, {"workloads": {}}])
        assert two == refusal([AsJson(data), {"workloads": {}}]) and two[2].startswith("[0]")
    untimed = {"workloads": {"a": rows}, "as_of": "yesterday"}
    assert refusal(untimed, None) == refusal(AsJson(untimed), None)
    assert refusal(untimed, None)[2] == "as_of"
    assert refusal({"workloads": {}}, date(2026, 11, 20)) == refusal(AsJson(workloads={}), date(2026, 11, 20))


def test_the_time_of_a_run_is_the_callers_then_the_datas() -> None:
    engine = FinOpsEngine()
    data = {"workloads": {}, "as_of": "2026-11-01T00:00:00Z"}
    for given, expected in ((None, "2026-11-01T00:00:00.000Z"), (NIGHT, "2026-11-20T03:00:00.000Z")):
        engine.run_detection_cycle(data, given)
        assert engine.last_report is not None and engine.last_report.as_of == expected


def test_reports_and_findings_are_of_their_run_whenever_they_are_read() -> None:
    data: dict[str, Any] = {"workloads": {"a": [
        {"name": "web", "cpu_request": 8, "cpu_usage": 0.5}, {"name": "db", "cpu_request": 2, "cpu_usage": 1.9}]}}
    before = copy.deepcopy(data)
    engine = FinOpsEngine()
    (found,) = engine.run_detection_cycle(data, NIGHT)
    kept = engine.last_report
    data["workloads"]["a"].clear()
    assert engine.run_detection_cycle(data, NIGHT) == []
    assert kept is not None and {a.workload: a.outcome for a in kept.assessments if a.detector == "k8s.cpu_over_request"} == {
        "web": "finding", "db": "ok"}
    assert found.workload == "web" and [found] == FinOpsEngine().run_detection_cycle(before, NIGHT)
    (unread,) = FinOpsEngine().run_detection_cycle(before, NIGHT)
    assert pickle.loads(pickle.dumps(unread)) == copy.copy(unread) == found and hash(unread) == hash(found)
    with pytest.raises(AttributeError, match="colour"):
        _ = unread.colour  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        unread.workload = "db"  # type: ignore[misc]


def test_threads_read_a_finding_together() -> None:
    rows = [{"name": f"service-{n}", "cpu_request": 8, "cpu_usage": 0.5, "team": "core"} for n in range(200)]
    found = WasteDetectionEngine().detect_all({"workloads": {"a": rows}}, NIGHT)
    seen: list[set[Any]] = [set() for _ in range(8)]

    def look(into: set[Any]) -> None:
        into.update((o.id, o.type, o.team, o.estimated_monthly_savings, o["workload"], o.priority) for o in found)

    threads = [threading.Thread(target=look, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen[0]) == 200 and all(one == seen[0] for one in seen)
