"""Makes up a cluster: what kubectl and Prometheus would answer, and the git repository it is deployed from.

    python examples/cluster/generate.py --out out/cluster

Synthetic: no such cluster exists. What its figures follow stands in `figures.py`. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import figures as f
from fleet import fleet
from manifests import repository
from metrics import FINE, answers
from objects import documents

# Nothing of the user's configuration may change the commit.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "demo",
    "GIT_AUTHOR_EMAIL": "demo@demo.example",
    "GIT_AUTHOR_DATE": f"{f.AS_OF_S - 86_400} +0000",
    "GIT_COMMITTER_NAME": "demo",
    "GIT_COMMITTER_EMAIL": "demo@demo.example",
    "GIT_COMMITTER_DATE": f"{f.AS_OF_S - 86_400} +0000",
}


def git(folder: Path, *words: str) -> str:
    ran = subprocess.run(["git", "-C", str(folder), *words], env={**os.environ, **GIT}, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"git {' '.join(words)}: {ran.stderr.strip()}")
    return ran.stdout


def generate(out: Path, seed: int = f.SEED) -> dict[str, int]:
    """Write everything below `out`; answers counts."""
    for name in ("kubectl", "prometheus", "repository"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
    made = fleet(seed)
    for name, items in documents(made).items():
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, separators=(",", ":"))
        (out / "kubectl" / f"{name}.json").write_text(text, encoding="utf-8")
    series, steps = 0, {}
    for role, lines in answers(made, seed):
        steps[role] = f.GPU_STEP_S if role in FINE else f.STEP_S
        with (out / "prometheus" / f"{role}.json").open("w", encoding="utf-8") as file:
            file.write('{"status":"success","data":{"resultType":"matrix","result":[')
            for number, line in enumerate(lines):
                file.write(("," if number else "") + "\n" + line)
                series += 1
            file.write("\n]}}\n")
    (out / "steps.json").write_text(json.dumps(steps) + "\n", encoding="utf-8")
    files, told = repository(made)
    root = out / "repository"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    (out / "change.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    git(root, "-c", "init.defaultBranch=main", "init", "--quiet")
    git(root, "-c", "core.autocrlf=false", "add", "--all")
    git(root, "-c", "core.autocrlf=false", "commit", "--quiet", "--message", "Deploy the demo cluster")
    return {
        "workloads": len(made.works),
        "nodes": len(made.nodes),
        "pods": sum(len(w.pods) for w in made.works),
        "series": series,
        "files": len(files),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/cluster"))
    parser.add_argument("--seed", type=int, default=f.SEED)
    options = parser.parse_args()
    began = time.perf_counter()
    counts = generate(options.out, options.seed)
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()) + f" in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
