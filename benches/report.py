#!/usr/bin/env python3
"""Write the measured tables of docs/benchmarks.md, between its markers.

Sources: criterion's samples in target/criterion (`make bench-rust`) and .bench/results.jsonl (`benches/run.sh`). Of Rust, the
least sample counts, as in the other languages. What was not measured on this machine keeps its line with a dash.

    benches/report.py               write the tables
    benches/report.py allocation    write only the table of allocation, findings and fleets
    benches/report.py --print       only show them
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
FLEET_START, FLEET_END = "<!-- allocation: written by benches/report.py -->", "<!-- end of allocation -->"

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
    ("detect/20,000 workloads, summaries", "all detectors on 20,000 workloads with summaries of their use", 100e6),
    ("detect/20,000 workloads with 40,000 pods on 2,000 nodes", "the same with pods and nodes, scale-down simulated", None),
    ("detect/20,000 workloads of cluster_data", "all detectors on 20,000 workloads of `cluster_data`", 100e6),
    ("detect/20,000 workloads of cluster_data, from JSON", "the same, read from JSON values first", None),
    ("detect raw/200 series of 16,128 samples", "all detectors on 200 raw series of two weeks at 75 s", 25e6),
    ("vpa/16,128 cpu samples", "16,128 CPU samples into the VPA's histogram", 16_128 * 50),
    ("vpa/16,128 memory samples", "16,128 memory samples into the VPA's histogram", 16_128 * 50),
    ("vpa/p50", "its median", 200),
    ("vpa/p90", "its 90th percentile", 200),
    ("vpa/p95", "its 95th percentile", 200),
    ("krr/simple", "KRR's `simple` of three pods (139 us in Python)", 139e3 / 50),
    ("krr/simple_limit", "KRR's `simple_limit` of 3 x 16,128 samples (5.7 ms in Python)", 5.7e6 / 50),
    ("krr/exact, cpu, 16,128 samples", "`exact` with its backtest of 16,128 samples", None),
    ("yaml/parse 420 files twice", "parse 420 manifests twice", None),
    ("yaml/edit 420 files", "locate, edit and verify them (goal: twice the line above)", None),
]

# The same for what looks at a whole cluster at once, with the records of one call.
FLEET: list[tuple[str, str, float | None, int]] = [
    ("allocate, idle shared/10,000 rows, 501 nodes", "allocate 10,000 rows on 501 nodes, idle shared", 5e6, 10_000),
    ("allocate, idle shared/10,000 rows, 501 nodes, with use", "the same, with the use of every container", 5e6, 10_000),
    ("allocate, idle shared/100,000 rows, 5,010 nodes", "allocate 100,000 rows on 5,010 nodes", None, 100_000),
    ("allocate, idle shared/1,000,000 rows, 50,100 nodes", "allocate 1,000,000 rows on 50,100 nodes", 1e9, 1_000_000),
    ("aggregate by namespace/10,000 rows", "aggregate 10,000 rows by namespace", 7.38e6, 10_000),
    ("reading/pod list of 50 MB", "read a pod list of 50 MB", None, 14_700),
    ("reading/answer of 1,000 series, 16,128 samples", "read 1,000 series of 16,128 samples", None, 16_128_000),
    ("findings identity/fingerprint", "fingerprints of 20,000 findings", None, 20_000),
    ("findings identity/canonical bytes", "canonical bytes of 20,000 findings", None, 20_000),
    ("findings identity/whole record from a draft", "20,000 findings from their drafts", None, 20_000),
    ("findings validation/JSON lines to records", "validate 20,000 lines of JSON of 1.2 kB", 240e6, 20_000),
    ("findings table/total order", "total order of 20,000 findings", None, 20_000),
    ("findings table/total order and content hash", "total order and content hash of 20,000 findings", 80e6, 20_000),
    ("portfolio/100,000 findings", "portfolio of 100,000 findings", 200e6, 100_000),
    ("simulation/5,000 nodes, 100,000 pods", "scale-down of 5,000 nodes with 100,000 pods", 2e9, 100_000),
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
    unknown = sorted(set(measured) - {name for name, *_ in RUST} - {name for name, *_ in FLEET})
    if unknown:
        sys.exit(f"benches/report.py: list these benchmarks in RUST, or remove their results: {', '.join(unknown)}")
    lines = ["| Rust | goal | least | median | |", "|-|-:|-:|-:|-|"]
    for name, what, goal in RUST:
        least, median = measured.get(name, (None, None))
        verdict = "" if goal is None or least is None else "held" if least <= goal else "**missed**"
        cells = ["–" if value is None else duration(value) for value in (goal, least, median)]
        lines.append(f"| {what} | {' | '.join(cells)} | {verdict} |")
    return lines


def fleet_table() -> list[str]:
    measured = criterion()
    if not any(name in measured for name, *_ in FLEET):
        return ["Not measured yet."]
    lines = ["| Rust | goal | least | median | a second, at least | |", "|-|-:|-:|-:|-:|-|"]
    for name, what, goal, records in FLEET:
        if name not in measured:
            lines.append(f"| {what} | {'–' if goal is None else duration(goal)} | – | – | – | |")
            continue
        least, median = measured[name]
        verdict = "" if goal is None else "held" if least <= goal else "**missed**"
        wanted = "–" if goal is None else duration(goal)
        rate = f"{records / median * 1e9:,.0f}"
        lines.append(f"| {what} | {wanted} | {duration(least)} | {duration(median)} | {rate} | {verdict} |")
    hundred, million = (measured.get(f"allocate, idle shared/{size}", (None,))[0] for size in ("100,000 rows, 5,010 nodes", "1,000,000 rows, 50,100 nodes"))
    if hundred and million:
        ratio = million / hundred
        lines += ["", f"Ten times as many rows take {ratio:.1f} times as long (goal: 12; {'held' if ratio <= 12 else '**missed**'})."]
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
    on = f"Measured on {datetime.date.today().isoformat()}: {machine()}."
    fleet = "\n".join([on, "", *fleet_table()]) if criterion() else "Not measured yet."
    if "allocation" in sys.argv[1:]:
        if "--print" in sys.argv[1:]:
            print(fleet)
            return 0
        return write(fleet, FLEET_START, FLEET_END)
    made = f"Measured on {datetime.date.today().isoformat()}: {machine()}. Rust by `make bench-rust`, Python and Node by `make bench`."
    measured = "\n".join([made, "", *rust_table(), *peer_tables()])
    if "--print" in sys.argv[1:]:
        print(measured, fleet, sep="\n\n")
        return 0
    return write(measured, START, END) or write(fleet, FLEET_START, FLEET_END)


def write(table: str, start: str, end: str) -> int:
    """Put a table between its markers."""
    page = PAGE.read_text(encoding="utf-8")
    before, found_start, rest = page.partition(start)
    _, found_end, after = rest.partition(end)
    if not (found_start and found_end):
        print(f"benches/report.py: {PAGE.name} lacks its markers: {start} and {end}", file=sys.stderr)
        return 1
    PAGE.write_text(f"{before}{start}\n{table}\n{end}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
