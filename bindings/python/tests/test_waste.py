"""Right-sizing, AI inventories and where savings are kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import finops
from finops import AiInventory, ClusterInventory, FinOpsEngine, WasteDetectionEngine, waste
from finops._engine import _url

SECRET = "a-secret-of-the-tests-that-is-long-enough"
MIB = 2**20
WEEK = {"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"}
AI = {
    "window": WEEK,
    "provider": "bedrock",
    "account_id": "ml-prod",
    "provisioned": [{"name": "pt", "hourly_fee": 40, "on_demand_cost": 3000}],
    "training_runs": [{"run": "r2", "status": "failed", "hourly_cost": float("nan"), "hours": 10}],
}


def series(metric: str, values: list[float], **more: Any) -> dict[str, Any]:
    return {"metric": metric, "step_seconds": 300, "values": values, **more}


def test_a_recommendation_says_why() -> None:
    cpu = series("cpu_usage", [0.2, 0.25, 0.3, 0.22] * 504)
    memory = series("memory_working_set", [409.0 * MIB] * 2016)
    found = waste.recommend([cpu, memory], {"requests": {"cpu": "2", "memory": "1Gi"}})
    assert (found.strategy, found.cpu.request, found.cpu.margin, found.cpu.demand) == ("exact", "345m", "1.15", "0.3")
    assert (found.memory.request, found.memory.current, found.limits.memory.action) == ("430Mi", "1Gi", "keep")
    assert (found.backtest.memory.folds, found.backtest.memory.misses) == (4, 0)
    simple = waste.recommend([cpu, memory], strategy="simple")
    assert (simple.limits.cpu.action, simple.limits.memory.value, simple.backtest.cpu) == ("remove", "471Mi", None)
    vpa = waste.recommend([cpu], strategy="vpa")
    assert vpa.memory.reason == "no_usage" and "bucket_end" in vpa.cpu.remarks
    scaled = waste.recommend([cpu], {"requests": {"cpu": "1"}, "autoscaler": {"cpu": 70}})
    assert (scaled.cpu.request, scaled.cpu.autoscaler_target) == ("737m", 95)


def test_a_backtest_shows_only_the_past() -> None:
    grows = series("memory_working_set", [300.0 * MIB] * 200 + [600.0 * MIB] * 200)
    tested = waste.backtest([grows], {"requests": {"memory": "1Gi"}}, "simple", split="halves").memory
    assert (tested.misses, tested.miss_rate, tested.above, tested.samples) == (1, "1", 200, 200)
    assert tested.folds[0].request == "345Mi"
    blocks = waste.backtest([grows]).memory
    assert all(fold.request is None or fold.reason is None for fold in blocks.folds)


def test_what_cannot_be_read_has_its_place() -> None:
    with pytest.raises(finops.WasteError) as caught:
        waste.recommend([])
    assert (caught.value.code, caught.value.path) == ("rightsizing.no_samples", "series")
    with pytest.raises(finops.WasteError) as caught:
        waste.recommend([{"metric": "cpu_usage", "step_seconds": 60, "samples": [[120, 1], [60, 1]]}])
    assert caught.value.code == "rightsizing.unsorted"
    with pytest.raises(finops.WasteError) as caught:
        waste.recommend([series("cpu_usage", [1.0, float("nan")])])
    assert (caught.value.code, caught.value.path) == ("waste.invalid_record", "series[0].values[1]")
    with pytest.raises(finops.WasteError) as caught:
        waste.backtest([series("cpu_usage", [1.0])], strategy="guess")
    assert caught.value.path == "strategy"


def test_every_container_of_an_inventory() -> None:
    inventory = ClusterInventory({
        "cluster": "c", "as_of": "2026-11-20T00:00:00Z",
        "workloads": [{"namespace": "shop", "kind": "Deployment", "name": "web", "replicas": 2,
                       "containers": [{"name": "app", "requests": {"cpu": "1"}}]}],
        "usage": [{"subject": {"namespace": "shop", "workload": "Deployment/web", "container": "app"}, "metric": "cpu_usage",
                   "summary": {"p95": "0.2", "max": "0.4", "samples": 4000}}],
    })
    (found,) = waste.rightsize(inventory, detection={"rates": {"cpu_core_hour": "0.04"}})
    assert (found.subject, found.recommendation.cpu.request) == ("workload/shop/Deployment/web/app", "230m")
    assert found.monthly_savings.cpu == "44.968000000"  # 0.77 cores of 2 pods


def test_ai_inventories_are_judged_and_recorded() -> None:
    engine = FinOpsEngine()
    data = {"workloads": {"a": [{"name": "web", "cpu_request": 4, "cpu_usage": 0.1}]}}
    found = engine.run_detection_cycle([AiInventory(AI), data], as_of="2026-11-20T03:00:00Z")
    assert [(o["type"], o.workload, o["cluster"]) for o in found] == [
        ("llm_spend", "pt", "ml-prod"), ("over_requested_cpu", "web", "unknown")]
    assert engine.last_report is not None
    scopes = {f.scope.cloud for f in engine.last_report.findings if f.check_id.startswith("ai.")}
    assert scopes == {"bedrock"}
    bad = [a for a in engine.last_report.assessments if a.subject == "r2" and a.outcome == "undetermined"]
    assert bad and len(engine.ledger.get_opportunities_by_status("detected")) == 2
    assert engine.generate_prs(found[:1]) == []
    assert engine.generate_evidence_pack(found[0])["estimate"]["formula"]
    assert [o["type"] for o in WasteDetectionEngine().detect_all(AI)] == ["llm_spend"]


def test_the_calls_of_a_monitor_are_an_inventory() -> None:
    monitor = finops.ResourceMonitor(tags=["route"])
    for _ in range(3):
        monitor.log_inference("gpt-4o", 1000, 500, 250.0, {"route": "/chat"})
    monitor.log_training("llama", 1.0)
    inventory = AiInventory.from_records(monitor.get_metrics(), window=(WEEK["start"], WEEK["end"]))
    assert len(inventory.to_dict()["calls"]) == 3
    engine = FinOpsEngine()
    engine.run_detection_cycle(inventory)
    assert engine.last_report is not None and engine.last_report.failures == ()
    assert {a.subject for a in engine.last_report.assessments} == {"/chat"}
    with pytest.raises(finops.WasteError, match="span no time"):
        AiInventory.from_records([])


def test_a_connection_of_sqlite_is_taken_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAVE_HMAC_SECRET", SECRET)
    connection = sqlite3.connect(tmp_path / "finops.db")
    data = {"workloads": {"a": [{"name": "web", "cpu_request": 4, "cpu_usage": 0.1}]}}
    FinOpsEngine(db_conn=connection).run_detection_cycle(data)
    # It is kept: a path opens the same savings.
    again = FinOpsEngine(db_conn=str(tmp_path / "finops.db"))
    assert [o.workload for o in again.ledger.get_opportunities_by_status("detected")] == ["web"]
    with pytest.raises(TypeError, match="in memory"):
        FinOpsEngine(db_conn=sqlite3.connect(":memory:"))


def test_other_connections_name_their_store() -> None:
    info = SimpleNamespace(host="db.example", port=5433, dbname="fin ops", user="me", password="p@ss/word")
    connection = type("Connection", (), {"__module__": "psycopg"})()
    connection.info = info
    assert _url(connection) == "postgres://me:p%40ss%2Fword@db.example:5433/fin%20ops"
    shown = SimpleNamespace(render_as_string=lambda hide_password: "postgresql+psycopg://me:pw@db:5432/x")
    assert _url(SimpleNamespace(engine=SimpleNamespace(url=shown))) == "postgres://me:pw@db:5432/x"
    with pytest.raises(TypeError, match="sqlite3, psycopg or SQLAlchemy"):
        FinOpsEngine(db_conn=object())
