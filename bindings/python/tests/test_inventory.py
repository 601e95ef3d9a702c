"""Inventories and allocations that stay in the engine's memory."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pandas
import pyarrow
import pytest

import finops
from finops import AllocationSet, ClusterInventory, FinOpsEngine, allocate

NIGHT = "2026-11-20T00:00:00Z"
WEEK = ("2026-11-13", "2026-11-20")


def pod(namespace: str, name: str, cpu: str, **labels: str) -> dict[str, Any]:
    container = {"name": "app", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}
    return {
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"nodeName": "n1", "containers": [container]},
        "status": {"phase": "Running", "startTime": "2026-11-01T00:00:00Z"},
    }


def documents(*pods: dict[str, Any]) -> tuple[bytes, bytes]:
    node = {
        "metadata": {
            "name": "n1",
            "labels": {"node.kubernetes.io/instance-type": "m5.xlarge", "topology.kubernetes.io/region": "us-east-1"},
        },
        "spec": {"providerID": "aws:///us-east-1a/i-1"},
        "status": {"capacity": {"cpu": "4", "memory": "16Gi"}, "allocatable": {"cpu": "4", "memory": "16Gi"}},
    }
    lists = [{"kind": "PodList", "apiVersion": "v1", "items": list(pods)}, {"kind": "NodeList", "apiVersion": "v1", "items": [node]}]
    first, second = (json.dumps(each).encode() for each in lists)
    return first, second


PODS = (pod("shop", "web-0", "1", team="web"), pod("shop", "db-0", "500m", team="data"), pod("kube-system", "dns-0", "100m"))


def answer(start: int, values: list[str], name: str = "web-0") -> dict[str, Any]:
    series = {
        "metric": {"namespace": "shop", "pod": name, "container": "app"},
        "values": [[start + 60 * place, value] for place, value in enumerate(values)],
    }
    return {"status": "success", "data": {"resultType": "matrix", "result": [series]}}


@pytest.fixture
def inventory() -> ClusterInventory:
    return ClusterInventory.from_kubernetes(*documents(*PODS), cluster="prod", as_of=NIGHT)


def test_the_example_of_the_specification(inventory: ClusterInventory) -> None:
    start = int(datetime(2026, 11, 13, tzinfo=timezone.utc).timestamp()) + 60
    inventory.add_prometheus("cpu_usage", json.dumps(answer(start, ["0.25"] * 10)).encode())
    a = allocate(inventory, window=WEEK, idle="share", shared=[{"name": "system", "namespaces": ["kube-system"]}])
    seen = {}
    for r in a.aggregate(by=["label:team", "namespace"]):
        seen[r.name] = (r.cost.total, r["total_usd"], r.efficiency.cpu)
        assert isinstance(r.cost.total, Decimal) and r["total_usd"] == float(r.cost.total)
        assert r.cost.total == r.total == Decimal(r["total"])
    assert set(seen) == {"web/shop", "data/shop", "__idle__/__idle__", "__unallocated__/kube-system"}
    # A week of an m5.xlarge, 0.192 an hour; the shared namespace pays nothing.
    assert sum(total for total, _, _ in seen.values()) == Decimal("32.256")
    assert seen["__unallocated__/kube-system"][0] == 0
    assert seen["web/shop"][2] == Decimal("0.25") and seen["data/shop"][2] is None


def test_rows_become_objects_when_they_are_asked_for(inventory: ClusterInventory) -> None:
    costs = allocate(inventory, window=WEEK)
    assert len(costs) == len(costs.rows) == len(list(costs)) == 4 and bool(costs)
    first = costs.rows[0]
    assert first.key == ("prod", "n1", "kube-system", "dns-0", "app")
    assert costs.rows[-1].key[2] == "__idle__" and costs.rows[1:3] == tuple(costs)[1:3]
    assert costs.rows[::2] == (costs.rows[0], costs.rows[2]) and costs.rows[5:] == ()
    with pytest.raises(IndexError):
        costs.rows[4]
    assert costs.rows[0].cost is not None and costs.rows[0].cost.total == first.total
    assert first.requested["cpu_core_seconds"] == "60480"
    assert dict(first)["total_usd"] == first["total_usd"] and "total_usd" not in first.to_dict()
    assert first == json.loads(first.to_json()) and hash(first) == hash(costs.rows[0])
    assert "dns-0" in repr(first) and repr(costs) == "AllocationSet(4 rows)"
    assert pickle.loads(pickle.dumps(first)) == first
    with pytest.raises(AttributeError):
        first.nothing  # noqa: B018


def test_the_names_of_before_still_work(inventory: ClusterInventory) -> None:
    costs = allocate(inventory, window=WEEK)
    assert costs.result.difference == costs.difference == "0" and costs.currency == "USD"
    assert costs.totals.assets == "32.256" and costs.assets[0].kind == "node"
    assert costs.to_dict() == json.loads(costs.to_json()) == json.loads(costs.result.to_json())
    report = costs.aggregate("namespace", filter={"namespace": ["shop"]})
    assert [row.name for row in report.rows] == ["shop"] and report.total == report.result.total
    assert report.to_csv().startswith("namespace,cpu,") and report.to_markdown(3).count("|") > 10
    assert report.to_dict()["filter"] == {"namespace": ["shop"]} and report.unallocated == "0"
    assert report.rows[0].attributed.idle > 0 and report.rows[0].rows == 2


def test_a_cost_that_is_unknown_is_none() -> None:
    inventory = ClusterInventory.from_kubernetes(documents(*PODS)[0], as_of=NIGHT)
    costs = allocate(inventory, window=WEEK)
    row = costs.rows[0]
    assert (row.status, row.cost, row.total, row["total_usd"]) == ("unpriced", None, None, None)
    assert {d.code for d in costs.diagnostics} == {"allocation.unknown_node"}
    table = pyarrow.table(costs)
    assert table["total_cost"].null_count == len(costs) == 3


def test_columns(inventory: ClusterInventory) -> None:
    costs = allocate(inventory, window=WEEK, idle="share")
    table = pyarrow.table(costs)
    assert table.num_rows == len(costs)
    assert table.schema.field("total_cost").type == pyarrow.decimal128(38, 9)
    assert sum(table["total_cost"].to_pylist()) == Decimal("32.256")
    assert table["namespace"].to_pylist() == [row.key[2] for row in costs]
    assert table["labels"].to_pylist()[1] == [("team", "data")]
    assert table["requested_cpu_core_seconds"].to_pylist()[2] == Decimal(604_800)
    assert table["claimed_memory_byte_seconds"].to_pylist()[0] == Decimal(2**30 * 604_800)
    assert table["start"].to_pylist()[0] == datetime(2026, 11, 13, tzinfo=timezone.utc)
    columns = costs.aggregate(["namespace", "label:team"]).to_arrow()
    assert columns.column_names[:3] == ["namespace", "label:team", "rows"]
    frame = pandas.DataFrame(pyarrow.table(columns).to_pydict())
    assert frame["total_cost"].sum() == Decimal("32.256") and frame["cpu_efficiency"].isna().all()


def test_a_bill_and_what_stands_outside(inventory: ClusterInventory) -> None:
    costs = allocate(inventory, window=WEEK)
    bill = [{"provider_id": "i-1", "period": (date(2026, 11, 13), date(2026, 11, 20)), "amount": Decimal("20")}]
    billed = costs.reconcile(bill, external=[{"name": "db", "labels": {"team": "data"}, "amount": "5"}])
    assert billed.totals.assets == "25" and billed.difference == "0" and billed.reconciled
    assert costs.totals.assets == "32.256"
    found = {row.name: row.cost for row in billed.aggregate("label:team")}
    assert found["data"].external == 5
    table = pyarrow.table(billed)
    assert table["list_total_cost"].null_count == 0


def test_days_add_up(inventory: ClusterInventory) -> None:
    days = [(date(2026, 11, day), date(2026, 11, day + 1)) for day in (17, 18, 19)]
    sets = [allocate(inventory, window=window) for window in days]
    both = AllocationSet.accumulate(sets)
    assert both.totals.assets == "13.824" and both.difference == "0"


def test_times(inventory: ClusterInventory) -> None:
    east = timezone(timedelta(hours=-5))
    windows: list[Any] = [
        WEEK,
        (date(2026, 11, 13), date(2026, 11, 20)),
        {"start": "2026-11-13T00:00:00Z", "end": NIGHT},
        (datetime(2026, 11, 12, 19, tzinfo=east), datetime(2026, 11, 20, tzinfo=timezone.utc)),
        (1_794_528_000, 1_795_132_800.0),
    ]
    for window in windows:
        assert allocate(inventory, window=window).totals.assets == "32.256", window
    for window in ((datetime(2026, 11, 13), datetime(2026, 11, 20)), ("2026-11-13T00:00:00", NIGHT)):
        with pytest.raises(finops.FinopsError) as refused:
            allocate(inventory, window=window)
        assert refused.value.path == "window[0]"
    for at in ("2026-11-20", date(2026, 11, 20), NIGHT, datetime(2026, 11, 20, tzinfo=timezone.utc)):
        assert ClusterInventory.from_kubernetes(as_of=at).to_dict()["as_of"].startswith("2026-11-20T00:00:00")
    for wrong in (datetime(2026, 11, 20), "2026-11-20T00:00:00", "2026-13-20"):
        with pytest.raises(finops.UsageError):
            ClusterInventory.from_kubernetes(as_of=wrong)


def test_answers_in_pieces_are_joined(inventory: ClusterInventory) -> None:
    before = copy.copy(inventory)
    start = 1_794_528_060
    inventory.add_prometheus("cpu_usage", answer(start, ["1"] * 3))
    inventory.add_prometheus("cpu_usage", json.dumps(answer(start + 180, ["1"] * 3)))
    (series,) = inventory.to_dict()["usage"]
    assert len(series["samples"]) == 6 and "usage" not in before.to_dict()
    again = pickle.loads(pickle.dumps(inventory))
    assert again.to_dict() == inventory.to_dict() == copy.deepcopy(inventory).to_dict()


def test_documents_of_every_kind() -> None:
    pods, nodes = documents(*PODS)
    wanted = ClusterInventory.from_kubernetes(pods, nodes, as_of=NIGHT).to_json()
    given: list[Any] = [pods.decode(), bytearray(pods), memoryview(pods), json.loads(pods)]
    for form in given:
        assert ClusterInventory.from_kubernetes(form, nodes, as_of=NIGHT).to_json() == wanted
    # What YAML reads as a date.
    item = pod("a", "b", "1")
    item["metadata"]["creationTimestamp"] = datetime(2026, 11, 1, tzinfo=timezone.utc)
    read = ClusterInventory.from_kubernetes({"kind": "PodList", "items": [item]}, as_of=NIGHT)
    assert read.to_dict()["pods"][0]["created_at"].startswith("2026-11-01")
    assert ClusterInventory.from_json(wanted).to_json() == wanted
    assert ClusterInventory(json.loads(wanted)).to_json() == wanted


def test_what_is_wrong_is_named_with_its_path(inventory: ClusterInventory) -> None:
    def refused(code: str, path: str, act: Any) -> None:
        with pytest.raises(finops.FinopsError) as error:
            act()
        assert (error.value.code, error.value.path) == (code, path)

    read = ClusterInventory.from_kubernetes
    refused("inventory.invalid_json", "documents[1]", lambda: read(b"{}", documents(*PODS)[0][:-20], as_of=NIGHT))
    refused("inventory.not_an_object", "documents[0]", lambda: read("[]", as_of=NIGHT))
    refused("config.invalid", "metric", lambda: inventory.add_prometheus("cpu", b"{}"))
    refused("config.invalid", "step_seconds", lambda: inventory.add_prometheus("cpu_usage", b"{}", step_seconds=0))
    refused("allocation.window_empty", "window", lambda: allocate(inventory, window=("2026-11-20", "2026-11-13")))
    refused("config.invalid", "idel", lambda: allocate(inventory, idel="share"))
    refused("allocation.unknown_key", "by[0]", lambda: allocate(inventory).aggregate(["user"]))
    refused("allocation.invalid_filter", "filter.namespace", lambda: allocate(inventory).aggregate("pod", {"namespace": [1]}))  # type: ignore[list-item]
    failed = {"status": "error", "errorType": "bad_data", "error": "parse error"}
    refused("prometheus.error_response", "errorType", lambda: inventory.add_prometheus("cpu_usage", failed))

    odd = read({"kind": "PodList", "items": [pod("a", "bad", "1.5.0Gi"), pod("a", "good", "1")]}, as_of="2026-10-01")
    assert [p["name"] for p in odd.to_dict()["pods"]] == ["good"]
    told = {(d.code, d["path"]) for d in odd.diagnostics}
    assert told == {
        ("quantity.invalid", "items[0].spec.containers[0].resources.requests.cpu"),
        ("inventory.clock_skew", "items[1].status.startTime"),
    }
    negative = ClusterInventory.from_prometheus("cpu_usage", answer(1_794_528_060, ["-1", "1"]), as_of=NIGHT)
    assert [(d.code, d.count) for d in negative.diagnostics] == [("prometheus.invalid_sample", 1)]
    twice = {"workloads": {"shop": [{"name": "web", "cpu_request": 1}, {"name": "web", "cpu_request": 1}]}}
    summary = ClusterInventory.from_cluster_data(twice, as_of=NIGHT)
    assert [(d.code, d.path, d.subject) for d in summary.diagnostics] == [("inventory.duplicate", "workloads.shop[1]", "shop/web")]
    assert summary.to_dict() == {**twice, "as_of": "2026-11-20T00:00:00.000Z"} and summary.cluster == "unknown"


def test_a_cluster_without_nodes() -> None:
    costs = allocate(ClusterInventory.from_kubernetes({"kind": "NodeList", "items": []}, {"kind": "PodList", "items": []}, as_of=NIGHT))
    assert (len(costs), len(costs.aggregate("namespace")), costs.difference) == (0, 0, "0")
    assert pyarrow.table(costs).num_rows == 0


def test_the_engine_takes_the_inventory_as_it_is(inventory: ClusterInventory) -> None:
    engine = FinOpsEngine()
    found = engine.run_detection_cycle(inventory, as_of=NIGHT)
    wire = FinOpsEngine().run_detection_cycle(inventory.to_dict(), as_of=NIGHT)
    assert [o.to_dict() for o in found] == [o.to_dict() for o in wire]
    data = {"cluster": "c", "workloads": {"finance": [{"name": "pay", "cpu_request": 2, "cpu_usage": Decimal("0.5")}]}}
    summary = ClusterInventory.from_cluster_data(data)
    one, other = (FinOpsEngine().run_detection_cycle([each, inventory], as_of=NIGHT) for each in (summary, data))
    assert [o.to_dict() for o in one] == [o.to_dict() for o in other] and any(o.workload == "pay" for o in one)


def test_threads_share_an_inventory(inventory: ClusterInventory) -> None:
    totals: list[str] = []

    def work(place: int) -> None:
        inventory.add_prometheus("cpu_usage", answer(1_794_528_060 + place * 600, ["0.5"] * 10))
        totals.append(allocate(inventory, window=WEEK).totals.assets)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == ["32.256"] * 8
    (series,) = inventory.to_dict()["usage"]
    assert len(series["samples"]) == 80


def test_the_queries_of_prometheus() -> None:
    queries = {query.metric: query for query in ClusterInventory.queries(step_seconds=60)}
    assert queries["cpu_usage"].query.endswith('(rate(container_cpu_usage_seconds_total{container!=""}[60s]))')
    assert queries["memory_working_set"].unit == "bytes"
