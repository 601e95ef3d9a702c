#!/usr/bin/env python3
"""Write the measured tables of docs/benchmarks.md, between its markers.

Sources: criterion's samples in target/criterion (`make bench-rust`) and .bench/results.jsonl (`benches/run.sh`). Of Rust, the
least sample counts, as in the other languages. What was not measured on this machine keeps its line with a dash.

    benches/report.py            write the tables
    benches/report.py --print    only show them
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / ".bench" / "results.jsonl"
START, END = "<!-- measured: written by benches/report.py -->", "<!-- end of measured -->"

# Id of the benchmark, what it does, and its goal in nanoseconds (None: no goal of its own).
RUST: list[tuple[str, str, float | None]] = [
    ("price/charge", "resolve a seen name and price it", 50),
    ("price/charge, provider given", "the same, provider and duration given", 50),
    ("price/charge, cache reads", "the same, with cache reads", 50),
    ("price/resolve", "resolve alone, by the public function", None),
    ("log_inference/no tags", "whole `log_inference`", 200),
    ("log_inference/two tags", "whole `log_inference`, two tags", 200),
    ("log_inference/two tags, from JSON metadata", "the same, tags read from JSON metadata", None),
    ("extract/parsed body", "`extract` from a parsed body", None),
    ("extract/JSON text", "`extract` from JSON text", None),
    ("budgets/reserve and settle, three budgets", "`reserve` and `settle` over three budgets", 1_000),
    ("sketch/add", "add to a quantile sketch", None),
    ("exposition/10,000 groups to OpenMetrics", "10,000 groups to OpenMetrics", 50e6),
    ("waste/signals of a million calls", "a million calls through `signals`", 2e9),
    ("carbon flat/CarbonModel::flat", "flat energy and carbon", 100),
    ("carbon flat/whole impact", "flat, the whole impact with its range and tier", 100),
    ("carbon parameters/finops-llm/1, ranges", "`finops-llm/1`, all ends, energy, carbon, embodied", 500),
    ("carbon parameters/finops-llm/1, with attention", "the same, with attention over the context", 500),
    ("carbon parameters/ecologits-llm, ranges", "`ecologits-llm`, all ends", None),
    ("carbon parameters/look an open model up", "look an open model up by name", None),
    ("shift/best_window, 576 points x 160 zones", "`best_window`, 576 points in 160 zones", 2e6),
    ("policy typed/allow", "the default policy, typed, no rule firing", 100),
    ("policy typed/all rules firing", "the same, all rules firing, with their messages", 2_500),
    ("policy guardrails/allow", "the guardrails, no check failing", 100),
    ("policy guardrails/allow, a whole record", "the same, of a record of two dozen members", 100),
    ("policy guardrails/allow, another time zone", "the same, with change windows in a zone that changes its clock", 100),
    ("policy guardrails/all checks failing", "the same, all checks failing, with their reasons", 2_500),
    ("policy rows/allow", "a thousand rows of columns, typed, no rule firing", 100_000),
    ("policy rows/all rules firing", "the same, all rules firing, with their messages", None),
    ("policy rego/13 rules, allow, from a value", "thirteen rules in Rego on the VM, no rule firing", 20_000),
    ("policy rego/13 rules, all rules firing, from a value", "the same, all rules firing", 35_000),
    ("policy rego/13 rules, allow, text to text", "the same from JSON text to JSON text, no rule firing", 30_000),
    ("policy rego/13 rules, all rules firing, text to text", "the same, all rules firing", 45_000),
    ("policy rego/shipped, allow, from a value", "the shipped policy in Rego on the VM, no rule firing", 40_000),
    ("policy rego/shipped, all rules firing, from a value", "the same, all rules firing", 50_000),
    ("policy rego/shipped, allow, text to text", "the same from JSON text to JSON text, no rule firing", None),
    ("policy rego/shipped, all rules firing, text to text", "the same, all rules firing", None),
    ("policy decision/typed, allow", "a whole decision, typed, with its digest, no rule firing", None),
    ("policy decision/typed, all rules firing", "the same, all rules firing", None),
    ("policy decision/shipped Rego, allow", "a whole decision by the shipped policy in Rego", None),
    ("policy decision/shipped Rego, all rules firing", "the same, all rules firing", None),
    ("policy load/parse, lint and compile", "parse, lint and compile the shipped policy", 3e6),
]


def duration(nanoseconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def criterion() -> dict[str, tuple[float, float]]:
    """The least sample and the median of every benchmark that criterion has run, in nanoseconds."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    measured = {}
    for file in sorted(target.glob("criterion/**/new/benchmark.json")):
        name = json.loads(file.read_text(encoding="utf-8"))["full_id"]
        sample = json.loads(file.with_name("sample.json").read_text(encoding="utf-8"))
        estimates = json.loads(file.with_name("estimates.json").read_text(encoding="utf-8"))
        least = min(time / count for time, count in zip(sample["times"], sample["iters"], strict=True))
        measured[name] = (least, estimates["median"]["point_estimate"])
    return measured


def rust_table() -> list[str]:
    measured = criterion()
    unknown = sorted(set(measured) - {name for name, *_ in RUST})
    if unknown:
        sys.exit(f"benches/report.py: list these benchmarks in RUST, or remove their results: {', '.join(unknown)}")
    lines = ["| Rust | goal | least | median | |", "|-|-:|-:|-:|-|"]
    for name, what, goal in RUST:
        least, median = measured.get(name, (None, None))
        verdict = "" if goal is None or least is None else "held" if least <= goal else "**missed**"
        cells = ["–" if value is None else duration(value) for value in (goal, least, median)]
        lines.append(f"| {what} | {' | '.join(cells)} | {verdict} |")
    return lines


def peer_tables() -> list[str]:
    if not RESULTS.exists():
        return ["", "Python and Node: not measured yet; run `make bench`."]
    lines = []
    for row in map(json.loads, RESULTS.read_text(encoding="utf-8").splitlines()):
        lines += ["", f"| {row['title']} | a call or row |", "|-|-:|"]
        lines += [f"| {name} | {duration(value)} |" for name, value in sorted(row["ns"].items(), key=lambda item: item[1])]
        lines += ["", "| goal | measured | |", "|-|-:|-|"]
        for text, value, _, held in row["claims"]:
            lines.append(f"| {text} | {value:,.2f} | {'held' if held else '**missed**'} |")
        lines += [f"\n{note}" for note in row["notes"]]
    return lines


def machine() -> str:
    """The machine by class: its processor and cores, never its name."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def main() -> int:
    made = f"Measured on {datetime.date.today().isoformat()}: {machine()}. Rust by `make bench-rust`, Python and Node by `make bench`."
    measured = "\n".join([made, "", *rust_table(), *peer_tables()])
    if "--print" in sys.argv[1:]:
        print(measured)
        return 0
    page = PAGE.read_text(encoding="utf-8")
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        print(f"benches/report.py: {PAGE.name} lacks its markers: {START} and {END}", file=sys.stderr)
        return 1
    PAGE.write_text(f"{before}{START}\n{measured}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
