"""The engine as Python uses it: the guide of the original, bad records, detectors of one's own, changes, git, GitHub."""

from __future__ import annotations

import json
import math
import pickle
import socket
import subprocess
import threading
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import finops
import pytest
from finops import ClusterInventory, FinOpsEngine, PRGenerator, WasteDetectionEngine, allocate, generate_evidence_pack, waste

DATA = {
    "cluster": "finance-cluster",
    "workloads": {
        "finance": [
            {
                "name": "payment-service",
                "cpu_request": 2.0,
                "cpu_usage": 0.5,
                "memory_request_gb": 4.0,
                "memory_usage_gb": 1.0,
                "team": "payments",
            }
        ]
    },
}
#: Taken before `conftest` forbids sockets: this one stays on the loopback.
SOCKET = socket.socket
NIGHT = "2026-11-20T03:00:00Z"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: payment-service, namespace: finance}
spec:
  template:
    spec:
      containers:
        - name: app
          resources:
            requests:
              cpu: "2" # peak of 2024
              memory: 4Gi
"""


def engine(**options: Any) -> FinOpsEngine:
    return FinOpsEngine(guardrails={"min_confidence": "0.6"}, **options)


def test_the_guide_runs_as_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FinOpsEngine()
    opportunities = engine.run_detection_cycle(DATA)
    pull_requests = engine.generate_prs(opportunities)
    report = engine.generate_weekly_report()
    engine.generate_monthly_report()
    print(f"{engine.ledger.get_total_estimated_savings():.2f} {engine.ledger.get_total_realized_savings():.2f}")
    assert capsys.readouterr().out == "109.50 0.00\n"
    assert [(o.type, o.estimated_monthly_savings, o["confidence"]) for o in opportunities] == [
        ("over_requested_cpu", Decimal("91.25"), 0.65),
        ("over_requested_memory", Decimal("18.25"), 0.65),
    ]
    # 0.65 is below the least confidence: denied, listed, and without a change.
    assert {o.guardrail.action for o in opportunities} == {"deny"}
    assert pull_requests == []
    assert json.loads(report.to_json())["totals"]["estimated_monthly"] == "109.5"
    assert abs((opportunities[0].detected_at - datetime.now(UTC)).total_seconds()) < 600  # type: ignore[operator]
    assert engine.last_report is not None
    assert engine.last_report.portfolio.granted_monthly == "109.500000000"
    assert engine.last_report.portfolio.realizable_monthly is None
    assert {a.outcome for a in engine.last_report.assessments} == {"finding"}


def test_an_opportunity_is_one_of_the_ledger_and_a_mapping() -> None:
    found = engine().run_detection_cycle(DATA, NIGHT)[0]
    assert isinstance(found, finops.Opportunity)
    assert found.detected_at == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert (found.namespace, found.workload, found.team) == ("finance", "payment-service", "payments")
    assert (found.confidence, found.risk_score) == (Decimal("0.65"), Decimal("0.2"))
    assert dict(found)["after_state"] == {"cpu_request": "0.75"}
    assert found.recommendation == "Lower the CPU request of `payment-service`: cpu_request from 2 to 0.75."
    assert found.estimate is not None and found.estimate.formula
    assert pickle.loads(pickle.dumps(found)) == found
    assert finops.SavingsLedger().add_opportunity(found).estimated_monthly_savings == Decimal("91.25")
    with pytest.raises(TypeError):
        finops.DetectedOpportunity()


def test_the_same_run_twice_is_the_same_to_the_last_byte() -> None:
    one, other = engine(), engine()
    again = [o.to_json() for o in one.run_detection_cycle(DATA, NIGHT)]
    assert again == [o.to_json() for o in one.run_detection_cycle(DATA, NIGHT)]
    assert again == [o.to_json() for o in other.run_detection_cycle(DATA, NIGHT)]
    assert one.ledger.get_total_estimated_savings() == Decimal("109.5")
    assert one.last_report is not None and other.last_report is not None
    assert one.last_report.to_json() == other.last_report.to_json()


def test_bad_records_stop_nobody() -> None:
    bad = [math.nan, math.inf, -1, True, "lots", [], {}, object(), 10**400]
    workloads = [{"name": f"bad-{i}", "cpu_request": value, "cpu_usage": 0.1} for i, value in enumerate(bad)]
    workloads.append({"name": "good", "cpu_request": Decimal("8"), "cpu_usage": "1"})
    detecting = WasteDetectionEngine()
    found = detecting.detect_all({"workloads": {"a": workloads}}, NIGHT)
    assert [o.workload for o in found] == ["good"]
    assert detecting.last_report is not None
    undetermined = [a for a in detecting.last_report.assessments if a.reason == "waste.invalid_record"]
    assert {a.workload for a in undetermined} >= {f"bad-{i}" for i in range(8)}
    wrong: Any
    for wrong in ([], "text", 5, None):
        with pytest.raises(finops.WasteError) as refused:
            FinOpsEngine().run_detection_cycle({"workloads": wrong} if wrong else [wrong])
        assert refused.value.code.startswith(("waste.", "inventory."))


class Raising:
    def detect(self, cluster_data: Any) -> list[Any]:
        raise RuntimeError("no")


class Caches:
    name = "caches"

    def detect(self, cluster_data: Any) -> list[Any]:
        item = {"type": "idle_cache", "namespace": "finance", "workload": "redis", "team": "payments"}
        return [{**item, "estimated_monthly_savings": 40.5, "confidence": 0.9, "risk_score": 0.1}, {"type": "Bad"}]


def test_detectors_of_ones_own() -> None:
    own = engine()
    own.register_detector(Raising())
    own.register_detector(Caches())
    found = own.run_detection_cycle(DATA, NIGHT)
    assert [o.type for o in found] == ["over_requested_cpu", "idle_cache", "over_requested_memory"]
    assert (found[1].estimated_monthly_savings, found[1].detector) == (Decimal("40.5"), "custom.caches")
    assert own.last_report is not None
    failures = [(f.detector, f.code) for f in own.last_report.failures]
    assert failures == [("Raising", "waste.detector_failed"), ("caches", "waste.invalid_record")]
    assert "RuntimeError: no" in own.last_report.failures[0].message
    assert own.ledger.get_total_estimated_savings() == Decimal("150")
    with pytest.raises(TypeError):
        own.register_detector(object())  # type: ignore[arg-type]


def test_changes_edit_their_sources(tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "pay.yaml").write_text(DEPLOYMENT)
    finds = engine(repo_path=tmp_path)
    found = finds.run_detection_cycle(DATA, NIGHT)
    (change,) = finds.generate_prs(found)
    assert (change.status, change.title) == ("ready", "Cost Optimization: Right-size CPU for payment-service")
    assert change.branch_name.startswith("finops/cpu-rightsize-payment-service-20261120-")
    assert (change.estimated_savings, change.risk_score) == (Decimal("109.5"), Decimal("0.2"))
    assert "Cost Optimization Opportunity" in change.description and not change.requires_approval
    assert 'cpu: "750m" # peak of 2024' in change.changes[0].content
    written = change.write(tmp_path / "out")
    assert sorted(Path(path).name for path in written) == ["change.patch", "pay.yaml", "pull_request.md", "rollback.patch"]
    # From memory, with no disk.
    (same,) = finds.generate_prs(found, sources={"k8s/pay.yaml": DEPLOYMENT.encode()})
    assert same.changes[0].diff == change.changes[0].diff
    # Outside of the window somebody must approve.
    late = finds.run_detection_cycle(DATA, "2026-11-20T12:00:00Z")
    assert [pr.requires_approval for pr in finds.generate_prs(late)] == [True]
    assert {o.guardrail.policy_name for o in late} == {"change_window"}


def test_the_names_of_the_original() -> None:
    opportunity = finops.Opportunity(
        type=finops.OpportunityType.OVER_REQUESTED_CPU,
        cluster="c",
        namespace="finance",
        workload="payment-service",
        estimated_monthly_savings=91.25,
        confidence=0.9,
        risk_score=0.1,
        before_state={"cpu_request": 2},
        after_state={"cpu_request": "0.75"},
    )
    change = PRGenerator().generate_pr(opportunity, sources={"pay.yaml": DEPLOYMENT})
    assert change is not None
    assert change.status == "ready" and '"750m"' in change.changes[0].content
    pack = generate_evidence_pack(opportunity)
    assert pack["recommendation"].startswith("Lower the CPU request")
    assert {"evidence", "estimate", "risk_inputs", "change"} <= pack.keys()
    with pytest.raises(finops.WasteError):
        PRGenerator().generate_pr({"type": "idle_nodes"})


def test_a_branch_is_written_and_the_working_tree_stays(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True, text=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    (tmp_path / "pay.yaml").write_text(DEPLOYMENT)
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
    finds = engine(repo_path=tmp_path)
    (change,) = finds.generate_prs(finds.run_detection_cycle(DATA, NIGHT))
    commit = change.commit()
    assert commit.created and not change.commit().created
    assert git("status", "--porcelain") == "" and (tmp_path / "pay.yaml").read_text() == DEPLOYMENT
    assert git("show", f"{change.branch_name}:pay.yaml") == change.changes[0].content
    assert commit.publish[1][:3] == ("gh", "pr", "create")
    (tmp_path / "pay.yaml").write_text(DEPLOYMENT + "# mine\n")
    with pytest.raises(finops.ChangeError) as refused:
        change.commit()
    assert refused.value.code == "change.source_changed"


def test_a_pull_request_is_opened_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", SOCKET)
    asked: list[tuple[str, str | None, Any]] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            answer = json.dumps({"number": 7, "html_url": "https://example.com/pull/7"}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    finds = engine(github_token="t0ken")
    (change,) = finds.generate_prs(finds.run_detection_cycle(DATA, NIGHT))
    url = f"http://127.0.0.1:{server.server_port}"
    assert change.open("acme/infra", api_url=url) == (7, "https://example.com/pull/7")
    thread.join()
    server.server_close()
    path, token, body = asked[0]
    assert (path, token, body["head"]) == ("/repos/acme/infra/pulls", "Bearer t0ken", change.branch_name)
    with pytest.raises(finops.ChangeError):
        change.open("no repository", api_url=url)


def test_inventories_and_allocation() -> None:
    pods = {
        "kind": "PodList",
        "apiVersion": "v1",
        "items": [
            {
                "metadata": {"namespace": "shop", "name": "web-0", "labels": {"team": "web"}},
                "spec": {"nodeName": "n1", "containers": [{"name": "web", "resources": {"requests": {"cpu": "1"}}}]},
                "status": {"phase": "Running", "startTime": "2026-11-18T00:00:00Z"},
            }
        ],
    }
    nodes = {
        "kind": "NodeList",
        "apiVersion": "v1",
        "items": [
            {
                "metadata": {
                    "name": "n1",
                    "labels": {"node.kubernetes.io/instance-type": "m5.large", "topology.kubernetes.io/region": "us-east-1"},
                },
                "status": {"capacity": {"cpu": "2", "memory": "8Gi"}, "allocatable": {"cpu": "2", "memory": "8Gi"}},
            }
        ],
    }
    inventory = ClusterInventory.from_kubernetes(pods, json.dumps(nodes).encode(), cluster="prod", as_of="2026-11-20T00:00:00Z")
    inventory.add_prometheus("cpu_usage", {"status": "success", "data": {"resultType": "matrix", "result": []}})
    divided = allocate(inventory, window=("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"), idle="share")
    report = divided.aggregate(by=["label:team", "namespace"])
    assert len(report) > 0 and divided.result.difference == "0"
    assert report.to_csv().count("\r\n") >= 2
    found = FinOpsEngine().run_detection_cycle(inventory)
    assert all(isinstance(o, finops.Opportunity) for o in found)
    with pytest.raises(finops.AllocationError):
        inventory.add_prometheus("cpu_usage", b"{}" * 2)


def test_every_computation_is_a_function() -> None:
    for module in (finops.waste, finops.allocation, finops.findings):
        for kind in module.kinds():
            assert callable(getattr(module, kind)) and kind in module.__all__
    branch = waste.branch_name({"slug": "cpu", "name": "A b", "as_of": NIGHT, "fingerprint": "6b86b273ff34fce1"})
    assert branch == "finops/cpu-a-b-20261120-6b86b273"
    with pytest.raises(finops.FinopsError):
        waste.call("nothing", {})


def test_options_are_checked() -> None:
    with pytest.raises(finops.WasteError):
        FinOpsEngine(detection={"no_such_setting": 1})
    with pytest.raises(finops.PolicyError):
        FinOpsEngine(guardrails={"min_confidence": 7})
    with pytest.raises(TypeError, match="db_conn"):
        FinOpsEngine(db_conn=object())
