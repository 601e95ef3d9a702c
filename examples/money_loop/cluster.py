"""A cluster of 300 workloads through the whole loop: who pays, what is wasted, may it change, the patch, the ledger, the report.

    python examples/money_loop/cluster.py --out out

The cluster is made up by `examples/cluster/generate.py`; everything after it is what one would run on one's own.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import yaml
from tables import table

import finops
from finops import ledger

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "examples" / "cluster" / "generate.py"
PRICES = ROOT / "finops-core" / "data" / "prices" / "cloud.csv"
CLUSTER = "prod-us-east-1"
REGION = "us-east-1"
# When the snapshot was taken: within the nightly change window that the guardrails have by default.
AS_OF = "2026-11-20T03:00:00Z"
WINDOW = ("2026-11-06T03:00:00Z", AS_OF)
# The ledger writes instants of UTC with six fraction digits.
AT = "2026-11-20T03:00:00.000000Z"
NANO = Decimal("1e-9")
ORIGIN = "demo.example/cluster"
# Published, so it protects nothing. Yours is SAVE_HMAC_SECRET, or a file.
DEMO_SECRET = "published-secret-of-the-demo-protects-nothing"


@dataclass
class Snapshot:
    """What kubectl and Prometheus answered, as files."""

    folder: Path

    def lists(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.folder / "kubectl").glob("*.json"))]

    def answers(self) -> dict[str, bytes]:
        # The largest last: each is added to all that came before.
        paths = sorted((self.folder / "prometheus").glob("*.json"), key=lambda path: (path.stat().st_size, path.name))
        return {path.stem: path.read_bytes() for path in paths}

    def items(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.folder / "kubectl" / f"{name}.json").read_bytes())["items"]
        return found

    @property
    def repository(self) -> Path:
        return self.folder / "repository"


def price(sku: str) -> Decimal | None:
    """A price straight from the catalogue's file, for a check that shares no code with the engine."""
    with PRICES.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["sku"] == sku and row["region"] == REGION]
    return Decimal(rows[0]["price"]) if rows else None


def usd(amount: Decimal | str | None, places: int = 2) -> str:
    if amount is None:
        return "unknown"
    return f"{Decimal(amount).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,}"


def read(snapshot: Snapshot) -> finops.ClusterInventory:
    """The inventory; what kubectl cannot say, a balancer's price, is added from the catalogue."""
    read = finops.ClusterInventory.from_kubernetes(*snapshot.lists(), cluster=CLUSTER, as_of=AS_OF)
    value, remarks = read.to_dict(), list(read.diagnostics)
    hourly = price("elbv2.alb.hour")
    for service in value["services"]:
        if service.get("type") == "LoadBalancer":
            service["cost"] = {"hourly": str(hourly)}
    inventory = finops.ClusterInventory(value)
    steps = json.loads((snapshot.folder / "steps.json").read_bytes())
    for role, answer in snapshot.answers().items():
        inventory.add_prometheus(role, answer, step_seconds=steps[role])
    remarks += inventory.diagnostics
    kinds = Counter(
        {
            name: len(value.get(name) or [])
            for name in ("workloads", "pods", "nodes", "services", "volumes", "autoscalers", "budgets")
        }
    )
    print(f"  read {', '.join(f'{count:,} {name}' for name, count in kinds.items())}")
    for remark in map(dict, remarks):
        place = f" at {remark['path']}" if remark.get("path") else ""
        print(
            f"  remark  {remark['code']}: {remark['message']}{place}{' (' + str(remark['count']) + ')' if remark.get('count', 1) > 1 else ''}"
        )
    return inventory


def seconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp())


def check_conservation(costs: dict[str, Any], snapshot: Snapshot) -> str:
    """Add everything up again, to the nano: rows to assets, and the nodes to their list prices and hours."""
    start, end = (seconds(at) for at in WINDOW)
    assets = {(asset["kind"], asset["name"]): asset for asset in costs["assets"]}
    own = Decimal(0)
    for node in snapshot.items("nodes"):
        labels, created = node["metadata"]["labels"], seconds(node["metadata"]["creationTimestamp"])
        asset = assets["node", node["metadata"]["name"]]
        hourly = (
            None
            if labels.get("karpenter.sh/capacity-type") == "spot"
            else price(f"ec2.instance.{labels['node.kubernetes.io/instance-type']}.linux")
        )
        if hourly is None:
            if asset["cost"] is not None:
                raise SystemExit(f"a node without a price has a cost: {asset}")
            continue
        cost = (hourly * (end - max(start, created)) / 3600).quantize(NANO, ROUND_HALF_EVEN)
        if Decimal(asset["cost"]) != cost:
            raise SystemExit(f"node {asset['name']} costs {asset['cost']}, its list price says {cost}")
        own += cost
    priced = sum((Decimal(asset["cost"]) for asset in costs["assets"] if asset["cost"] is not None), Decimal(0))
    nodes = sum(
        (Decimal(asset["cost"]) for (kind, _), asset in assets.items() if kind == "node" and asset["cost"] is not None), Decimal(0)
    )
    rows = sum((Decimal(row["total"]) for row in costs["rows"] if row["total"] is not None), Decimal(0))
    if not rows == priced == Decimal(costs["totals"]["assets"]) or nodes != own or Decimal(costs["difference"]) != 0:
        raise SystemExit(f"not conserved: rows {rows}, assets {priced}, nodes {nodes} of {own}, difference {costs['difference']}")
    return f"{len(costs['rows']):,} rows add up to USD {rows}: nodes {own}, volumes and balancers {priced - own}; difference 0"


def allocate(inventory: finops.ClusterInventory, snapshot: Snapshot) -> None:
    """Who pays for the fortnight."""
    costs = finops.allocate(inventory, window=WINDOW)
    set_ = json.loads(costs.to_json())
    conserved = check_conservation(set_, snapshot)
    report = costs.aggregate(by=["team"])
    whole = json.loads(report.to_json())
    columns = ("cpu", "memory", "gpu", "volume", "load_balancer")

    def line(name: str, cost: dict[str, str], total: str, ppm: int, efficiency: str | None) -> tuple[str, ...]:
        used = f"{Decimal(efficiency):.0%}" if efficiency else ""
        return name, *(usd(cost.get(column, "0")) for column in columns), usd(total), f"{Decimal(ppm) / 10_000:.1f} %", used

    rows = []
    # What belongs to no team, such as idle time, comes last.
    for row in sorted(whole["rows"], key=lambda row: (row["name"].startswith("__"), -Decimal(row["total"]))):
        rows.append(line(row["name"], row["cost"], row["total"], row["share_ppm"], (row.get("efficiency") or {}).get("total")))
    rows.append(("all", *("" for _ in columns), usd(whole["total"]), "100.0 %", ""))
    header = ("team", "cpu", "memory", "gpu", "volume", "balancer", "total", "share", "used of request")
    table(f"Allocation by team, USD, {WINDOW[0]} to {WINDOW[1]} (idle is kept apart, not spread)", header, rows, left=1)
    unpriced = sum(row.get("unpriced_rows", 0) for row in whole["rows"])
    print(f"\n  conserved: {conserved}")
    print(f"  not in it: {set_['totals']['unpriced_assets']} spot nodes without a list price, and {unpriced} rows of pods on them")


def show_findings(report: dict[str, Any]) -> None:
    rows = []
    by_detector: dict[str, list[dict[str, Any]]] = {}
    for found in report["opportunities"]:
        by_detector.setdefault(found["detector"], []).append(found)

    def gross(found: list[dict[str, Any]]) -> Decimal:
        return sum((Decimal(one["estimated_monthly_savings"] or 0) for one in found), Decimal(0))

    for detector, found in sorted(by_detector.items(), key=lambda pair: (-gross(pair[1]), pair[0])):
        unknown = sum(one["estimated_monthly_savings"] is None for one in found)
        actions = Counter(one["guardrail"]["action"] for one in found)
        rows.append(
            (
                detector,
                str(len(found)),
                usd(gross(found)),
                str(unknown or ""),
                *(str(actions.get(name, "") or "") for name in ("allow", "require_approval", "deny")),
            )
        )
    header = ("detector", "findings", "gross USD/month", "no estimate", "allow", "approval", "deny")
    table("Findings by detector, with what the guardrails say", header, rows, left=1)
    undetermined: dict[tuple[str, str], list[str]] = {}
    for one in report["assessments"]:
        if one["outcome"] == "undetermined":
            undetermined.setdefault((one["detector"], one["reason"]), []).append(one["subject"])
    table(
        "Undetermined: evidence is missing, so nothing is claimed",
        ("detector", "reason", "for example", "subjects"),
        [(*key, subjects[0], str(len(subjects))) for key, subjects in sorted(undetermined.items())],
        left=3,
    )
    portfolio, counts = report["portfolio"], report["counts"]
    print(
        f"\n  {counts['finding']:,} findings, {counts['ok']:,} fine, {counts['undetermined']:,} undetermined, {counts['inapplicable']:,} not applicable;"
        f" {len(report['failures'])} detectors failed"
    )
    print(f"  gross, not additive      USD {usd(portfolio['gross_not_additive']):>12} a month")
    print(
        f"  granted, no dollar twice USD {usd(portfolio['granted_monthly']):>12} a month of {usd(portfolio['cost_of_resources'])} that the resources cost"
    )
    why = f" ({portfolio['realizable_reason']})" if portfolio["realizable_reason"] else ""
    print(f"  realizable on the bill   USD {usd(portfolio['realizable_monthly']):>12} a month{why}")
    reasons = Counter((one["guardrail"]["action"], one["guardrail"]["policy_name"]) for one in report["opportunities"])
    table(
        "Guardrails, with their defaults",
        ("action", "because of", "findings"),
        [(*key, str(count)) for key, count in sorted(reasons.items())],
    )


def git(repository: Path, *words: str) -> str:
    ran = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, check=True)
    return ran.stdout.decode()


def lines_of(diff: str) -> tuple[int, int]:
    """Added and removed lines of the unified diff of one file; its head of two lines tells nothing."""
    body = diff.splitlines()[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def prove(change: finops.PullRequest, commit: Any, repository: Path) -> int:
    """The commit touches the files and lines of the diff and no other, and every YAML file in it parses with a parser that
    is not the engine's. Answers how many were parsed."""
    told = {file["path"]: lines_of(file["diff"]) for file in json.loads(change.to_json())["changes"]}
    counted = {}
    for line in git(repository, "diff", "--numstat", commit.base, commit.branch).splitlines():
        added, removed, path = line.split("\t")
        counted[path] = (int(added), int(removed))
    if counted != told:
        raise SystemExit(f"{commit.branch} touches {counted}, its diff says {told}")
    parsed = 0
    for file in json.loads(change.to_json())["changes"]:
        if file["action"] != "delete" and file["path"].endswith((".yaml", ".yml")):
            documents = list(yaml.safe_load_all(git(repository, "show", f"{commit.branch}:{file['path']}")))
            if not all(isinstance(document, dict) for document in documents):
                raise SystemExit(f"{file['path']} on {commit.branch} holds something that is no object")
            parsed += 1
    return parsed


def propose(engine: finops.FinOpsEngine, found: list[Any], snapshot: Snapshot, savings: ledger.SavingsLedger) -> None:
    """The changes that the guardrails let pass or leave to a person, as branches of the repository."""
    head, clean = git(snapshot.repository, "rev-parse", "HEAD"), git(snapshot.repository, "status", "--porcelain")
    changes = engine.generate_prs(found)
    parsed, edits, committed = 0, Counter[str](), []
    for change in changes:
        if change.status == "refused":
            continue
        commit = change.commit()
        parsed += prove(change, commit, snapshot.repository)
        committed.append((change, commit))
        for file in json.loads(change.to_json())["changes"]:
            edits[f"{file['path'].split('/')[0]}/"] += 1
        # A finding whose saving is unknown is no item of the ledger.
        for id in filter(savings.get_opportunity, change.opportunity_ids):
            savings.propose(id, change=commit.branch, note=change.title, actor="svc:finops", at=AT)
    if (git(snapshot.repository, "rev-parse", "HEAD"), git(snapshot.repository, "status", "--porcelain")) != (head, clean):
        raise SystemExit("the working tree of the repository changed")
    rows = Counter((change.kind, change.status, "approval" if change.requires_approval else "allowed") for change, _ in committed)
    table(
        "Changes, each a branch with one commit",
        ("kind", "status", "guardrails", "branches"),
        [(*key, str(count)) for key, count in sorted(rows.items())],
        left=3,
    )
    # Of each reason one example.
    refused: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.status == "refused":
            reason = json.loads(change.to_json())["reason"]
            refused.setdefault((change.kind, reason["code"]), []).append(reason["message"].split("; ")[0])
    table(
        "Not written, and why",
        ("kind", "code", "for example", "findings"),
        [(*key, Counter(messages).most_common(1)[0][0][:88], str(len(messages))) for key, messages in sorted(refused.items())],
        left=3,
    )
    print()
    print(f"  files touched: {', '.join(f'{name} {count}' for name, count in sorted(edits.items()))}")
    print(
        f"  proved: {len(committed)} commits touch only the lines of their diffs, {parsed} YAML files parse again, the working tree is as it was"
    )
    show_one(committed, snapshot)


def show_one(committed: list[tuple[finops.PullRequest, Any]], snapshot: Snapshot) -> None:
    ready = [(change, commit) for change, commit in committed if change.status == "ready"]
    if not ready:
        raise SystemExit("no change is ready: the defaults should let some pass")
    change, commit = max(ready, key=lambda pair: (not pair[0].requires_approval, pair[0].estimated_savings or 0))
    print(f"\n  {change.title}: USD {usd(change.estimated_savings)} a month, {change.guardrail.action}")
    for line in json.loads(change.to_json())["changes"][0]["diff"].splitlines():
        print(f"    {line}")
    print(f"\n  $ git -C {snapshot.repository} show --stat --format=%s {commit.branch}")
    for line in git(snapshot.repository, "show", "--stat", "--format=%s", commit.branch).splitlines():
        print(f"    {line}".rstrip())


def keep(log: ledger.EventLog, engine: finops.FinOpsEngine, out: Path) -> None:
    """The ledger's state, checked, and the reports of the week and the month."""
    states = Counter(item.status.value for item in engine.ledger.get_opportunities())
    total = engine.ledger.get_total_estimated_savings()
    print(
        f"\n  ledger: {', '.join(f'{count} {name}' for name, count in sorted(states.items()))}; estimated USD {usd(total)} a month, nothing counted twice"
    )
    refused = Counter(one["code"] for one in json.loads(engine.last_report.to_json())["not_recorded"])
    print(f"  not recorded: {', '.join(f'{count} {code}' for code, count in sorted(refused.items())) or 'none'}")
    note = log.checkpoint()
    engine.generate_weekly_report("2026-11-20").save(out / "week.html")
    engine.generate_monthly_report("2026-11-01").save(out / "month.html")
    log.export(out / "ledger.log")
    found = ledger.verify_log(out / "ledger.log", DEMO_SECRET, anchors=[note])
    found.raise_for_error()
    print(f"  verified: {found.size} records, anchored up to {found.anchored_up_to}")


def run(out: Path) -> None:
    """The cluster part of the demo; everything lies below `out` afterwards."""
    began = time.perf_counter()
    made = subprocess.run([sys.executable, str(GENERATOR), "--out", str(out)], check=True, capture_output=True, text=True)
    print(f"\nCluster (made up, no such cluster exists): {made.stdout.strip()}\n")
    snapshot = Snapshot(out)
    inventory = read(snapshot)
    allocate(inventory, snapshot)
    for old in out.glob("finops.db*"):
        old.unlink()
    told = json.loads((out / "change.json").read_bytes())
    with ledger.EventLog(ORIGIN, DEMO_SECRET, f"sqlite:///{out / 'finops.db'}") as log:
        savings = ledger.SavingsLedger(log, four_eyes_above=100)
        engine = finops.FinOpsEngine(savings, repo_path=snapshot.repository, region=REGION, change=told)
        found = engine.run_detection_cycle(inventory, as_of=AS_OF)
        assert engine.last_report is not None
        show_findings(json.loads(engine.last_report.to_json()))
        propose(engine, found, snapshot, savings)
        keep(log, engine, out)
    print(
        f"  {out}: branches in repository/, week.html, month.html, finops.db, ledger.log; {time.perf_counter() - began:.1f} s in all"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "cluster")
    run(parser.parse_args().out)


if __name__ == "__main__":
    sys.exit(main())
