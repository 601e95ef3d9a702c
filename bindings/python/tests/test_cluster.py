"""A cluster as `kubectl` and Prometheus show it, to the committed report; and the summary form."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import finops
import pytest
from finops import ClusterInventory, allocate

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "data" / "cluster"
QUESTION: dict[str, Any] = json.loads((FOLDER / "question.json").read_text(encoding="utf-8"))
KUBERNETES = ("nodes", "pods", "workloads", "storage", "services")


def document(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def report(seed: int | None = None) -> tuple[str, str]:
    documents = [document(name) for name in KUBERNETES]
    answers = {metric: document(metric) for metric in ("cpu_usage", "memory_working_set")}
    if seed is not None:
        dice = random.Random(seed)
        dice.shuffle(documents)
        for one in documents:
            dice.shuffle(one["items"])
        for answer in answers.values():
            dice.shuffle(answer["data"]["result"])
    inventory = ClusterInventory.from_kubernetes(*documents, cluster=QUESTION["cluster"], as_of=QUESTION["as_of"])
    for metric, answer in answers.items():
        inventory.add_prometheus(metric, answer, step_seconds=QUESTION["step_seconds"])
    found = allocate(inventory, prices=QUESTION["prices"], **QUESTION["config"]).aggregate(by=QUESTION["by"])
    return found.to_json(), found.to_csv()


def test_the_report_is_the_committed_one() -> None:
    committed = (FOLDER / "report.json").read_text(encoding="utf-8").rstrip(), (FOLDER / "report.csv").read_bytes().decode()
    assert report() == committed
    assert report(1) == committed
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(report, range(8))) == [committed] * 8


SUMMARY: dict[str, Any] = {
    "cluster": "c",
    "region": "us-east-1",
    "workloads": {"shop": [{"name": "web", "team": "checkout", "cpu_request": Decimal("2.0"), "cpu_usage": 0.5}]},
    "node_groups": [{"name": "workers", "node_count": 3, "instance_type": "m5.xlarge"}],
    "volumes": [{"volume_id": "vol-1", "size_gb": 100, "type": "gp3", "age_days": 30, "attached": False}],
    "surprise": 1,
}


def test_a_summary_is_allocated_as_far_as_it_says() -> None:
    inventory = ClusterInventory.from_cluster_data(SUMMARY, as_of="2026-11-20T00:00:00Z")
    assert [one["code"] for one in inventory.diagnostics] == ["inventory.unknown_field"]
    divided = allocate(inventory)
    assert (divided.totals.assets, divided.totals.unmounted, divided.difference) == ("0.263013699", "0.263013699", "0")
    reasons = {one.name: one.reason for one in divided.assets if one.cost is None}
    assert reasons == {"node_group/workers": "its capacity is not known"}
    codes = {one.code for one in divided.diagnostics}
    assert codes == {"allocation.unknown_node", "allocation.unpriced_node", "inventory.unknown_field"}
    assert {row.name for row in divided.aggregate(by="label:team")} >= {"checkout"}
    now = allocate(ClusterInventory.from_cluster_data(SUMMARY))
    assert now.aggregate(by="namespace").total == "0.263013699"
    found = finops.FinOpsEngine().run_detection_cycle(inventory)
    assert {one.type.value if hasattr(one.type, "value") else one.type for one in found} >= {"orphan_volumes"}
    with pytest.raises(finops.WasteError):
        ClusterInventory.from_cluster_data({"workloads": 5})
