"""One decision in Python: the typed gate and the same policy in Rego, against OPA in process, another Rego binding and plain Python."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benches"), str(ROOT / "bindings" / "python" / "tests")]

import finops
import pyarrow as pa
import regorus  # the distribution gordon-to-regorus
from finops import policy
from harness import Contender, Report, interleave
from opa import MISSING, Opa, available

ALLOW = {
    "unit_cost_usd": 0.2,
    "total_spend_usd": 900,
    "budget_cap_usd": 1000,
    "cost_tags": {"team": "search", "environment": "production"},
    "promotion_request": True,
    "test_pass_rate": 0.99,
    "security_scan_passed": True,
    "carbon_intensity_g_per_kwh": 120,
    "deployment_region": "eu-north-1",
}
DENY = {
    "unit_cost_usd": 0.75,
    "total_spend_usd": 1200,
    "budget_cap_usd": 1000,
    "cost_tags": {"team": ""},
    "promotion_request": True,
    "test_pass_rate": 0.8,
    "security_scan_passed": False,
    "carbon_intensity_g_per_kwh": 500,
    "deployment_region": "us-east-1",
}
#: Thirteen rules of the default policy, without the checks of its input.
THIRTEEN = (Path(__file__).parent / "thirteen.rego").read_text(encoding="utf-8")
LIMITS = {
    "limits": {
        "unit_cost_warn": 0.3,
        "unit_cost_deny": 0.5,
        "pass_rate": 0.95,
        "carbon_warn": 300,
        "carbon_deny": 400,
        "required_tags": ["team", "environment"],
        "regions": ["us-west-2", "eu-north-1", "ca-central-1"],
    }
}
REGIONS = ("us-west-2", "eu-north-1", "ca-central-1")


#: Rows of a table whose numbers differ from row to row.
ROWS = 10_000


def table(request: dict[str, Any]) -> pa.Table:
    """The request as columns, each number a little below itself by its row: no rule changes its mind."""
    below = [1 - row / ROWS / 20 for row in range(ROWS)]
    columns: dict[str, list[Any]] = {}
    for name, value in request.items():
        number = isinstance(value, float | int) and not isinstance(value, bool)
        kept = name == "test_pass_rate" or name == "budget_cap_usd"
        columns[name] = [value * part for part in below] if number and not kept else [value] * ROWS
    columns["test_pass_rate"] = [request["test_pass_rate"] + row / ROWS / 1000 for row in range(ROWS)]
    return pa.table(columns)


def plain(request: dict[str, Any]) -> dict[str, Any]:
    """What a careful engineer writes by hand: the same checks and messages on floats, the types taken on trust."""
    deny: list[str] = []
    warn: list[str] = []
    unit = request.get("unit_cost_usd")
    if unit is not None:
        if unit > 0.5:
            deny.append(f"Unit cost {unit} USD exceeds budget cap of 0.5 USD")
        elif unit > 0.3:
            warn.append(f"Warning: Unit cost {unit} USD is approaching budget cap of 0.5 USD")
    spend, cap = request.get("total_spend_usd"), request.get("budget_cap_usd")
    if spend is not None and cap is not None and spend > cap:
        deny.append(f"Total spend {spend} USD exceeds budget cap {cap} USD")
    tags = request.get("cost_tags")
    if tags is None:
        deny.append("Deployment missing required cost_tags")
    else:
        if not tags:
            deny.append("cost_tags cannot be empty")
        for tag in ("team", "environment"):
            value = tags.get(tag)
            if not isinstance(value, str) or not value.strip():
                deny.append(f"cost_tags missing required '{tag}' field")
    if request.get("promotion_request") is True:
        rate = request.get("test_pass_rate")
        if rate is None:
            deny.append("Cannot promote: test_pass_rate is missing")
        elif rate < 0.95:
            deny.append(f"Cannot promote: test pass rate {rate * 100}% is below required 95%")
        if request.get("security_scan_passed") is not True:
            deny.append("Cannot promote: security scan failed")
    grid = request.get("carbon_intensity_g_per_kwh")
    if grid is not None:
        if grid > 400:
            deny.append(f"Carbon intensity {grid} g/kWh exceeds limit of 400 g/kWh")
        elif grid > 300:
            warn.append(f"Warning: Carbon intensity {grid} g/kWh is high (limit 400 g/kWh)")
    region = request.get("deployment_region")
    if region is not None and region not in REGIONS:
        deny.append(f"Region '{region}' is not carbon-efficient; greener regions: {', '.join(REGIONS)}")
    return {"allowed": not deny, "deny_messages": deny, "warn_messages": warn}


def main() -> bool:
    shipped = policy.builtin()
    typed = finops.PolicyGate()
    portable = finops.PolicyGate(bundle=shipped["modules"], data=shipped["data"], engine="rvm", schema=None)
    rego = finops.PolicyGate(bundle={"thirteen.rego": THIRTEEN}, data=LIMITS, engine="rvm", schema=None)
    other = regorus.Engine()
    other.add_policy("thirteen.rego", THIRTEEN)
    other.add_data(LIMITS)

    def binding(text: str) -> object:
        other.set_input_json(text)
        return other.eval_query_as_json("data.finops")

    held = True
    for name, request in (("allow", ALLOW), ("all rules firing", DENY)):
        text = json.dumps(request)
        report = Report(f"one decision in Python, {name}")
        contenders = [
            Contender("finops typed gate, dict to decision", lambda request=request: typed.decide(request)["allowed"]),
            Contender("finops Rego of 13 rules, dict to decision", lambda request=request: rego.decide(request)["allowed"]),
            Contender("finops shipped Rego, dict to decision", lambda request=request: portable.decide(request)["allowed"]),
            Contender("finops typed gate, JSON text", lambda text=text.encode(): typed.decide_json(text)["allowed"]),
            Contender("plain Python", lambda request=request: plain(request)["allowed"]),
            Contender("gordon-to-regorus, 13 rules", lambda text=text: binding(text)),
        ]
        if available():
            opa = Opa({"thirteen.rego": THIRTEEN}, LIMITS)
            contenders.append(Contender("OPA in process, 13 rules", lambda text=text: opa.document("finops", text)))
        else:
            report.notes.append(MISSING)
        rows = [request] * 1000
        contenders.append(Contender("finops typed gate, a row of a batch", lambda rows=rows: typed.decide_many(rows), rows=1000))
        columns = table(request)
        assert typed.decide(request)["allowed"] is (name == "allow")
        assert pa.table(typed.decide_table(columns))["allowed"].to_pylist() == [name == "allow"] * ROWS
        contenders.append(Contender("finops typed gate, a row of a table", lambda columns=columns: typed.decide_table(columns), rows=ROWS))
        report.nanoseconds = interleave(contenders, rounds=40, budget_s=0.003)
        if name == "allow":
            report.claim_at_most("typed gate, a row of a table", report.nanoseconds["finops typed gate, a row of a table"], 100, "ns")
        report.claim_at_most("typed gate, dict to decision", report.nanoseconds["finops typed gate, dict to decision"] / 1000, 3, "us")
        report.claim_at_most("Rego of 13 rules, dict to decision", report.nanoseconds["finops Rego of 13 rules, dict to decision"] / 1000, 30, "us")
        report.claim_ratio("finops Rego of 13 rules, dict to decision", "gordon-to-regorus, 13 rules", 1)
        if available():
            report.claim_ratio("finops Rego of 13 rules, dict to decision", "OPA in process, 13 rules", 5)
        held &= report.show(Path(os.environ["FINOPS_BENCH_OUT"]) if "FINOPS_BENCH_OUT" in os.environ else None)
    return held


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
