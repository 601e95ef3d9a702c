#!/usr/bin/env python3
"""Write what the packages must say of the data compiled into them: `ATTRIBUTION.md` of the wheel and of the npm package.

`--check` writes nothing and fails when a committed file is stale.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CARBON = ROOT / "finops-core/data/carbon/ATTRIBUTION.md"
PRICES = ROOT / "finops-core/data/prices"
PACKAGES = ("bindings/python/python/finops/ATTRIBUTION.md", "bindings/node/ATTRIBUTION.md")


def text() -> str:
    parts = [CARBON.read_text(encoding="utf-8"), (PRICES / "SOURCES.md").read_text(encoding="utf-8")]
    for licence in sorted((PRICES / "licences").glob("*.txt")):
        parts.append(f"## Licence of {licence.stem}\n\n```\n{licence.read_text(encoding='utf-8').strip()}\n```\n")
    return "\n".join(part.rstrip() + "\n" for part in parts)


def main() -> int:
    wanted, stale = text(), []
    for package in PACKAGES:
        path = ROOT / package
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != wanted:
                stale.append(package)
        else:
            path.write_text(wanted, encoding="utf-8", newline="\n")
    if stale:
        print(f"stale: {', '.join(stale)}; run `python3 bindings/attribution.py`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
