"""The money loop: meter recorded calls, train, budget, gate, find waste in a cluster, prove a saving, compare the languages."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import cluster
from tables import table

import finops
from finops import ledger

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "examples" / "data" / "recorded.jsonl.gz"
START_S = 1_793_491_200  # 2026-11-01T00:00:00Z: the first request; one follows every minute
TEAMS = ("assistant", "fraud", "platform", "search")
ORIGIN = "demo.example/money-loop"
# A secret of the demo: it is published here and protects nothing. Yours is SAVE_HMAC_SECRET, or a file.
DEMO_SECRET = "published-secret-of-the-demo-protects-nothing"
ENVIRONMENTS = ("production", "production", "staging")


def recordings() -> list[dict[str, Any]]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def tags_of(row: dict[str, Any]) -> dict[str, str]:
    """The same spread in every language: the first eight hex digits of the recording's id."""
    number = int(row["id"][:8], 16)
    return {"team": TEAMS[number % 4], "environment": ENVIRONMENTS[number // 4 % 3]}


def meter(monitor: finops.ResourceMonitor, rows: list[dict[str, Any]]) -> None:
    """Log every recording: bodies at once, streams event by event."""
    for index, row in enumerate(rows):
        at = START_S + 60 * index
        common = {"metadata": tags_of(row), "request_id": row["id"]}
        if row["form"] == "json":
            monitor.log_response(row["body"], provider=row["provider"], model=row["requested_model"], at=at, **common)
        else:
            stream = monitor.stream(row["provider"], model=row["requested_model"], **common)
            for event in row["body"]:
                stream.push(event)
            stream.finish(at=at)


def totals(monitor: finops.ResourceMonitor) -> list[str]:
    """One line a team, exact; Node and Rust print the same."""
    return [
        f"{row.team} {row.requests} {row.total_tokens} {row.cost_usd} {float(row.energy_joules):.3f} {float(row.carbon_kg):.9f}"
        for row in monitor.summary(("team",))
    ]


def twin(command: list[str]) -> list[str]:
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return ran.stdout.splitlines()


def show(monitor: finops.ResourceMonitor) -> None:
    rows = monitor.summary(("team", "model"))
    cost = {f"{i:06}": Decimal(row.cost_usd or 0) for i, row in enumerate(rows)}
    shown = finops.apportion(cost, 4)["rows"]
    ranked = sorted(range(len(rows)), key=lambda i: (rows[i].team or "", -cost[f"{i:06}"], rows[i].model or ""))
    per_team: Counter[str] = Counter()
    lines, hidden = [], 0
    for i in ranked:
        row = rows[i]
        per_team[row.team or "(no team)"] += 1
        if per_team[row.team or "(no team)"] > 6:
            hidden += 1
            continue
        lines.append(
            (
                row.team or "(no team)",
                row.model or "?",
                f"{row.requests:,}",
                f"{row.total_tokens:,}",
                shown[f"{i:06}"],
                f"{float(row.energy_joules) / 3600:.3f}",
                f"{float(row.carbon_kg) * 1000:.3f}",
            )
        )
    header = ("team", "model", "requests", "tokens", "cost USD", "energy Wh", "carbon g")
    table("Cost, energy and carbon by team and model (the six dearest models of each team)", header, lines)
    if hidden:
        print(f"  … and {hidden} more rows in out/summary.csv")


def stop_a_call() -> str:
    """A hard budget refuses before money is spent; what fits still passes."""
    budget = finops.Budget("search-daily", "0.05", window="day", scope={"team": "search"})
    monitor = finops.ResourceMonitor(budgets=finops.Budgets([budget]), env={})
    metadata = {"team": "search"}
    held = monitor.reserve("gpt-4o", 4_000, 2_000, metadata=metadata)
    monitor.log_inference("gpt-4o", 4_000, 1_200, 900, metadata, reservation=held)
    try:
        monitor.reserve("gpt-4o", 12_000, 4_000, metadata=metadata)
    except finops.BudgetExceeded as refused:
        return f"{refused.code}: {refused} (remaining {refused.remaining}, requested {refused.requested})"
    raise AssertionError("the budget did not stop the call")


def gate_deployments(out: Path) -> list[finops.Decision]:
    """Two deployments at the gate: every reason of a denial, and a log that replays to the same decisions."""
    gate = finops.PolicyGate()
    deployments = {
        "ranker-v3 to production": {
            "unit_cost_usd": Decimal("0.0042"),
            "total_spend_usd": Decimal("18250.40"),
            "budget_cap_usd": 20_000,
            "cost_tags": {"team": "search", "environment": "production"},
            "promotion_request": True,
            "test_pass_rate": Decimal("0.97"),
            "security_scan_passed": True,
            "deployment_region": "eu-north-1",
        },
        "scorer-v9 to production": {
            "unit_cost_usd": Decimal("0.61"),
            "cost_tags": {"team": "fraud"},
            "promotion_request": True,
            "test_pass_rate": None,
            "deployment_region": "us-east-1",
        },
    }
    print("\nGate: may these be deployed?\n")
    events, decisions = [], []
    for number, (name, request) in enumerate(deployments.items(), 1):
        decision = gate.decide(request, now="2026-11-02T12:00:00Z", decision_id=f"demo-{number}")
        decisions.append(decision)
        print(f"  {decision.decision.upper():5}  {name}")
        for message in decision["deny_messages"]:
            print(f"         - {message}")
        event = json.loads(gate.log_event(decision, {"demo": "money_loop"}))
        event["metrics"] = {}  # how long it took: the rest is the same bytes on every run
        events.append(json.dumps(event))
    replayed = [gate.replay(event)["same"] for event in events]
    if not all(replayed):
        raise SystemExit(f"a decision does not replay: {replayed}")
    print(f"  {len(replayed)} decisions logged and replayed: the same")
    out.mkdir(parents=True, exist_ok=True)
    (out / "decisions.jsonl").write_text("".join(event + "\n" for event in events), encoding="utf-8")
    return decisions


def guard_a_change() -> None:
    """The same change by night and at noon."""
    guardrails = finops.Guardrails(time_zone="Europe/Berlin")
    change = {"confidence": "0.93", "risk_score": "0.2", "monthly_saving_usd": "412.50", "namespace": "search"}
    print("\nGuardrails: may the node pool of `search` shrink (412.50 USD a month)?\n")
    for now in ("2026-11-02T03:30:00Z", "2026-11-02T12:00:00Z"):
        check = guardrails.check_opportunity(change, [], now=now)
        later = f"; opens {check.details['next_open']}" if "next_open" in check.details else ""
        print(f"  {now}  {check.action}: {check.reason}{later}")


def november(day: int, hour: int = 12, minute: int = 0) -> str:
    """An instant of the story."""
    return f"2026-11-{day:02}T{hour:02}:{minute:02}:00.000000Z"


def prove_a_saving(savings: ledger.SavingsLedger) -> None:
    """The node pool of the guardrails: found, proposed by one, approved by another, made, and proved against its baseline."""
    pool = "node-pool/search"
    # What the pool cost a day, before and after: made up, with the scatter that bills have.
    scatter = [Decimal(n * 7 % 5 - 2) / 10 for n in range(30)]
    before = [Decimal("31.20") + noise for noise in scatter[:28]]
    after = [Decimal("17.60") + noise for noise in scatter]
    found = ledger.Opportunity(
        type=ledger.OpportunityType.KARPENTER_CONSOLIDATION,
        cluster="prod-eu",
        team="search",
        resource=pool,
        estimated_monthly_savings=Decimal("412.50"),
        confidence=Decimal("0.93"),
        risk_score=Decimal("0.2"),
    )
    item = savings.add_opportunity(found, actor="bot:detector", at=november(2))
    frozen = savings.freeze(
        ledger.CostBaseline(
            id="search-pool-2026-10",
            workload_id=pool,
            resource=pool,
            team="search",
            period_start="2026-10-05",
            period_end="2026-11-02",
            cost=sum(before),
            daily=[(cost, None) for cost in before],
            source="made up for the demo",
        ),
        actor="svc:billing",
        at=november(2),
    )
    savings.propose(item.id, pr_url="https://example.com/pull/7", actor="user:ana", at=november(2, 13))
    try:
        savings.approve(item.id, baseline_id=frozen.id, actor="user:ana", at=november(2, 14))
    except finops.LedgerError as refused:
        print(f"  refused: {refused.code}: {refused}")
    savings.approve(item.id, baseline_id=frozen.id, actor="user:ben", at=november(2, 14))
    savings.start(item.id, actor="bot:karpenter", at=november(3, 1))
    savings.implement(item.id, actor="bot:karpenter", at=november(3, 1, 9))
    measured = {
        "resource": pool,
        "method": "B",
        "effect": "usage",
        "implemented": "2026-11-03",
        "period_start": "2026-11-06",
        "period_end": "2026-12-06",
        "currency": "USD",
        "cost": sum(after),
        "daily": [(cost, None) for cost in after],
    }
    proof = savings.verify(item.id, measured, actor="user:finance", at="2026-12-09T12:00:00.000000Z")
    row = proof["data"]["verification"]
    claimed, low, high = (finops.round_amount(Decimal(row[name]), 2) for name in ("claimed", "ci90_low", "ci90_high"))
    print(f"  {proof['kind']}: USD {claimed} in 30 days (90 %: {low} to {high}); the estimate was USD 412.50 a month")


def keep_the_books(out: Path, decisions: list[finops.Decision], calls: int, cost: str) -> None:
    """The run in an event log, checked twice: by the engine and by the auditor's script that knows nothing of it."""
    print("\nLedger: what happened, and what it saved\n")
    for old in out.glob("finops.db*"):
        old.unlink()  # each run tells the story from its beginning
    with ledger.EventLog(ORIGIN, DEMO_SECRET, f"sqlite:///{out / 'finops.db'}") as log:
        log.append("demo.metered", {"calls": calls, "cost_usd": cost}, "svc:demo", "metered", november(1, 0))
        for decision in decisions:
            data = {
                "decision_id": decision["decision_id"],
                "outcome": decision.decision,
                "policy_digest": decision["policy_digest"],
                "input_digest": decision["input_digest"],
            }
            log.append("policy.decided", data, "svc:gate", data["decision_id"], november(2))
        savings = ledger.SavingsLedger(log, four_eyes_above=100)
        prove_a_saving(savings)
        report = ledger.ReportGenerator(savings).monthly("2026-12")
        report.save(out / "report.html")
        report.save(out / "report.md")
        note = log.checkpoint()
        log.export(out / "ledger.log")
        realised = finops.round_amount(savings.get_total_realized_savings(), 2)
    (out / "ledger.note").write_text(note, encoding="utf-8")

    found = ledger.verify_log(out / "ledger.log", DEMO_SECRET, anchors=[note])
    found.raise_for_error()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text(DEMO_SECRET, encoding="utf-8")
        script = ROOT / "bindings" / "python" / "verify_ledger.py"
        options = ["--secret-file", str(secret), "--anchor", str(out / "ledger.note")]
        ran = subprocess.run([sys.executable, str(script), str(out / "ledger.log"), *options], capture_output=True, text=True)
    if ran.returncode != 0 or json.loads(ran.stdout) != json.loads(found.to_json()):
        raise SystemExit(f"the auditor's script differs: {ran.stdout}{ran.stderr}\n{found.to_json()}")
    print(f"  realised: USD {realised}; {found.size} records, anchored up to {found.anchored_up_to}")
    print("  verified by the engine and by verify_ledger.py: the same result")


def write(out: Path, monitor: finops.ResourceMonitor, records: list[Any], signals: list[Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "records.jsonl").write_text("".join(record.to_json() + "\n" for record in records), encoding="utf-8")
    rows = [dict(row) for row in monitor.summary(("team", "environment", "provider", "model"))]
    (out / "summary.json").write_text(json.dumps(rows, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
    with (out / "summary.csv").open("w", newline="", encoding="utf-8") as file:
        # Quantiles stand only in rows that have them.
        writer = csv.DictWriter(file, fieldnames=list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    (out / "metrics.txt").write_text(monitor.openmetrics(), encoding="utf-8")
    (out / "signals.json").write_text(json.dumps([dict(signal) for signal in signals], indent=1, default=str) + "\n", encoding="utf-8")
    flagged = [
        {"request_id": r.request_id, "provider": r.provider, "model": r["model"], "status": r.status, "assumptions": list(r.assumptions)}
        for r in records
        if getattr(r, "request_id", None) and r.status != "priced"
    ]
    (out / "flagged.json").write_text(json.dumps(flagged, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out")
    parser.add_argument("--python-only", action="store_true", help="leave out the comparison with Node and Rust")
    options = parser.parse_args()

    rows = recordings()
    monitor = finops.ResourceMonitor(env={}, max_records=100_000)
    meter(monitor, rows)
    inference = totals(monitor)
    training = monitor.log_training("ranker-v3", 2.5, gpu_count=8, metadata={"team": "search"}, at=START_S + 60 * len(rows))
    records = monitor.get_metrics()

    metered = [record for record in records if record.request_id is not None]
    status = Counter(record.status for record in metered)
    silent = [r.request_id for r in metered if r.status == "priced" and r.cost.total == 0 and r["total_tokens"] > 0 and not r.cost.line_items]
    print(f"finops {finops.__version__}, catalogue {finops.prices().id}")
    print(f"metered {len(metered)} recorded calls of {len({r['provider'] for r in rows})} providers: {dict(sorted(status.items()))}")
    if len(metered) != len(rows) or silent:
        raise SystemExit(f"{len(rows) - len(metered)} recordings were lost, {len(silent)} ended in a silent zero: {silent[:5]}")
    show(monitor)
    print(f"\nTraining: {training['model']}, {training['gpu_count']} GPUs for {training['duration_hours']} h:", end=" ")
    print(f"USD {finops.round_amount(training.cost.total, 2)}, {training['energy_joules'] / 3.6e6:.1f} kWh, {training['carbon_kg']:.1f} kg CO2e")
    print(f"\nBudget: {stop_a_call()}")
    decisions = gate_deployments(options.out)
    guard_a_change()
    cost = sum((Decimal(row.cost_usd or 0) for row in monitor.summary()), Decimal(0))
    keep_the_books(options.out, decisions, len(metered), f"{cost.normalize():f}")

    signals = finops.call_signals(metered)
    print(f"\nWaste signals: {dict(sorted(Counter(signal.type for signal in signals).items())) or 'none'}")
    cluster.run(options.out / "cluster")

    if not options.python_only:
        print("\nThe same input in three languages:")
        cargo = shutil.which("cargo") or "cargo"
        twins = {
            "Node": twin(["node", "examples/money_loop/meter.mjs"]),
            "Rust": twin([cargo, "run", "--quiet", "-p", "finops", "--example", "money_loop", "--", str(RECORDED)]),
        }
        for line in inference:
            print(f"  {line}")
        for name, lines in twins.items():
            if lines != inference:
                raise SystemExit(f"{name} differs:\n" + "\n".join(lines))
            print(f"  {name}: the same, to the last digit")

    write(options.out, monitor, records, signals)
    print(f"\nWrote {', '.join(sorted(str(p.name) for p in options.out.iterdir()))} to {options.out.name}/")


if __name__ == "__main__":
    sys.exit(main())
