"""The ledger: append and verify against pure Python and Node, durable batches, and the report of 10,000 opportunities.

Every contender is a program of its own that takes the least CPU time of many rounds; the programs take turns, and the least of their turns
counts. `FINOPS_BENCH_POSTGRES` is the address of a server whose user may make databases; without it, and without a PostgreSQL under
/usr/lib/postgresql, that row is missing and says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import python_peer as peer  # noqa: E402
from harness import Report  # noqa: E402

TURNS = 3
APPEND, VERIFY = peer.APPEND, peer.VERIFY
OURS = [
    *("cargo", "run", "--quiet", "--release", "-p", "finops-benches", "--example", "ledger", "--"),
]


def program(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def against_peers(report: Report) -> None:
    programs = [(*OURS, "peers"), (sys.executable, str(HERE / "python_peer.py")), ("node", str(HERE / "node_peer.mjs"))]
    roots, best = set(), {}
    for _ in range(TURNS):
        for command in programs:
            found = program(*command)
            roots.add(found["root"])
            for what, nanoseconds in found["ns"].items():
                name = f"{found['peer']}: {what}"
                best[name] = min(nanoseconds, best.get(name, nanoseconds))
    if len(roots) != 1:
        raise SystemExit("the contenders do not agree on the root")
    report.nanoseconds.update(best)
    ours = "finops in Rust"
    report.claim_ratio(f"{ours}: {APPEND}", f"Python: {APPEND}", 4)
    report.claim_ratio(f"{ours}: {APPEND}", f"Node: {APPEND}", 5)
    report.claim_ratio(f"{ours}: {VERIFY}", f"Python: {VERIFY}", 3)
    for what in (APPEND, VERIFY):
        report.claim_at_most(f"{ours}: {what}", best[f"{ours}: {what}"], 5_000, "ns")
    encode = f"{ours}: canonical encode of the data"
    report.claim_at_most(encode, best[encode], 500, "ns")


def from_python(report: Report) -> None:
    from finops import ledger

    events = [peer.event(i) for i in range(peer.EVENTS)]
    nanoseconds = float("inf")
    for _ in range(peer.ROUNDS):
        log = ledger.EventLog(peer.ORIGIN, secret=peer.SECRET.decode())
        start = time.thread_time_ns()
        for one in events:
            log.append(one["kind"], one["data"], one["actor"], id=one["id"], at=one["at"])
        nanoseconds = min(nanoseconds, (time.thread_time_ns() - start) / len(events))
    name = "finops in Python: append of a dict in memory"
    report.nanoseconds[name] = nanoseconds
    report.claim_at_most(name, nanoseconds, 8_000, "ns")


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """The address of a server with an empty database: the given one, else one that is made here and ended."""
    given = os.environ.get("FINOPS_BENCH_POSTGRES")
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if given or not bins:
        yield given
        return
    data, port = folder / "postgres", 54_329
    data.mkdir()
    user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(data, "postgres")
        folder.chmod(0o755)
        user = ["runuser", "-u", "postgres", "--"]

    def run(tool: str, *arguments: str) -> None:
        subprocess.run([*user, str(bins[-1].parent / tool), *arguments], check=True, capture_output=True, cwd="/")

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-instructions")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    run("pg_ctl", "-D", str(data), "-o", options, "-w", "-l", str(data / "log"), "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "fast", "stop")


def durable(report: Report, folder: Path) -> None:
    goals = {"SQLite": 50_000, "PostgreSQL": 20_000}
    with postgres(folder) as server:
        for name, url in (("SQLite", f"sqlite:///{folder / 'ledger.db'}"), ("PostgreSQL", server)):
            if url is None:
                report.notes.append(f"{name} is not installed here: not measured.")
                continue
            found = program(*OURS, "store", url)
            rate = found["events_per_s_in_batches_of_1000"]
            report.claims.append((f"{name}, durable batches of 1,000 >= {goals[name]:,} events/s", rate, goals[name], rate >= goals[name]))
            single, shared = found["single_append_ms"], found["callers_100_events_per_s"] / found["one_caller_events_per_s"]
            report.claim_at_most(f"{name}, p99 of one durable append", single["p99"], 20, "ms")
            report.claims.append((f"{name}, 100 callers share commits: events/s >= 5 x one caller's", shared, 5, shared >= 5))
            report.claim_at_most(f"{name}, to open 100,000 records again", found["reopen_s_per_100k"], 1, "s")
            report.notes.append(
                f"{name}: {rate:,.0f} events/s in batches of 1,000, {found['callers_100_events_per_s']:,.0f} from 100 callers, "
                f"{found['one_caller_events_per_s']:,.0f} from one (p50 {single['p50']:.2f} ms). On the wall: a disk is waited for."
            )


def main() -> int:
    report = Report("the ledger: an event of 350 bytes")
    against_peers(report)
    from_python(report)
    with tempfile.TemporaryDirectory(dir=os.environ.get("FINOPS_BENCH_DIR")) as folder:
        durable(report, Path(folder))
    found = program(*OURS, "report")
    report.claim_at_most("report over 10,000 opportunities, built and as HTML", found["report_of_10000_ms"], 100, "ms")
    report.claim_at_most("its HTML", found["html_bytes"] / 1000, 300, "KB")
    out = os.environ.get("FINOPS_BENCH_OUT")
    return 0 if report.show(Path(out) if out else None) else 1


if __name__ == "__main__":
    sys.exit(main())
