"""Builds src/carbon/tables.rs and ATTRIBUTION.md from the CSV files beside this script.

    python3 build.py           download the pinned packages, check their hashes, rewrite derived/, tables and attribution
    python3 build.py --write   rewrite tables and attribution from the committed CSV files, without network
    python3 build.py --check   compare them with what is committed, without network; fails on any difference

Standard library only. The age of rows is judged against the release date of the data, never against the clock.
"""

import ast
import csv
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from decimal import Decimal

HERE = pathlib.Path(__file__).resolve().parent
TABLES = HERE.parent.parent / "src" / "carbon" / "tables.rs"
TABLES_BYTES_MAX = 60_000
ROW_AGE_YEARS_MAX = 5
G_PER_KWH_PER_LB_PER_MWH = Decimal("0.45359237")
PROVIDERS = {"aws": "Aws", "azure": "Azure", "gcp": "Gcp"}


def fail(message):
    sys.exit(f"build.py: {message}")


def sources():
    with open(HERE / "sources.toml", "rb") as file:
        return {row["id"]: row for row in tomllib.load(file)["source"]}


def rows(name):
    with open(HERE / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_csv(name, columns, records):
    with open(HERE / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(records)


# Downloading and deriving


def packed_file(source, folder):
    """The bytes of a source's file inside its package, checked against the pinned hash."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder)]
    subprocess.run([*command, source["package"]], check=True)
    stem = source["package"].replace("==", "-")
    (wheel,) = folder.glob(f"{stem}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(source["file"])
    found = hashlib.sha256(content).hexdigest()
    if found != source["sha256"]:
        fail(f"{source['package']} {source['file']} has sha256 {found}, not {source['sha256']}")
    return content


def alpha3_codes(module):
    """Alpha-2 to alpha-3 codes from the calls `Country(name, alpha2, alpha3, ...)` of the module's text."""
    codes = {}
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Country" and len(node.args) >= 3:
            _, alpha2, alpha3 = (ast.literal_eval(argument) for argument in node.args[:3])
            codes[alpha2] = alpha3
    return codes


def derive():
    known = sources()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ember = json.loads(packed_file(known["ember-owid"], folder), parse_float=str)
        egrid = json.loads(packed_file(known["egrid"], folder), parse_float=str)
        codes = alpha3_codes(packed_file(known["iso3166"], folder))
    release = known["ember-owid"]["version"]
    if ember["updated_at"] != release:
        fail(f"the package holds the release {ember['updated_at']}, not {release}")
    oldest = int(release[:4]) - ROW_AGE_YEARS_MAX
    latest = {}
    for country in ember["countries"]:
        alpha2, year = country["name"].upper(), int(country["year"])
        if year >= oldest and year >= latest.get(alpha2, (0,))[0]:
            latest[alpha2] = (year, country["co2g_kwh"])
    countries = [
        (alpha2, codes[alpha2], plain(value), year, "ember-owid") for alpha2, (year, value) in sorted(latest.items())
    ]
    write_csv("derived/countries.csv", ("alpha2", "alpha3", "g_per_kwh", "year", "source"), countries)
    states = []
    for name, state in egrid.items():
        # The file also has its own description and a row of the whole country, under no state's code.
        if not name.startswith("_") and re.fullmatch("[A-Z]{2}", state["regionCode"]):
            pounds = Decimal(str(state["emissions"]))
            states.append((f"US-{state['regionCode']}", plain(pounds), plain(pounds * G_PER_KWH_PER_LB_PER_MWH)))
    year = known["egrid"]["version"]
    states = [(*state, year, "egrid") for state in sorted(states)]
    write_csv("derived/us_states.csv", ("zone", "lb_per_mwh", "g_per_kwh", "year", "source"), states)


# Rendering


def plain(value):
    text = format(Decimal(str(value)).normalize(), "f")
    return text


def f64(text):
    value = Decimal(text)
    if value <= 0:
        fail(f"a value of the tables is {text}; all of them are positive")
    digits = plain(value)
    return digits if "." in digits else digits + ".0"


def option(text):
    return f"Some({f64(text)})" if text else "None"


def string(text):
    if '"' in text or "\\" in text:
        fail(f"{text!r} needs escaping")
    return f'"{text}"'


def source_index(known, name):
    if name not in known:
        fail(f"source {name!r} is not in sources.toml")
    return list(known).index(name)


def section(out, doc, name, kind, items):
    out.write(f"\n/// {doc}\npub(crate) static {name}: &[{kind}] = &[\n")
    for item in items:
        out.write(f"    {item},\n")
    out.write("];\n")


def zone_check(region, countries, states):
    zone = region["zone"]
    if zone not in countries and zone not in states:
        fail(f"{region['provider']}:{region['region']} lies in {zone}, of which there is no row")


def render():
    known = sources()
    countries, states = rows("derived/countries.csv"), rows("derived/us_states.csv")
    regions = sorted(rows("curated/cloud_regions.csv"), key=lambda row: (row["provider"], row["region"]))
    alpha2 = {row["alpha2"] for row in countries}
    for region in regions:
        zone_check(region, alpha2, {row["zone"] for row in states})
        source_index(known, region["zone_source"])
    out = io.StringIO()
    out.write("// @generated by data/carbon/build.py from the CSV files beside it. Do not edit.\n")
    out.write("//! Constant tables, each sorted by its key. Sources and licences: `data/carbon/ATTRIBUTION.md`.\n\n")
    out.write("use super::rows::{Country, Cpu, Gpu, OpenModel, Prefix, Region, Row, State};\n")
    out.write("use super::zone::Provider::{Aws, Azure, Gcp};\n")
    section(
        out,
        "Datasets: id, version, url, licence, day of retrieval where downloaded.",
        "SOURCES",
        "Row",
        (
            "Row("
            + ", ".join(string(row.get(key, "")) for key in ("id", "version", "url", "licence", "retrieved"))
            + ")"
            for row in known.values()
        ),
    )
    section(
        out,
        "Countries by alpha-2 code: alpha-3 code, g/kWh (lifecycle), year.",
        "COUNTRIES",
        "Country",
        (
            f"Country({string(row['alpha2'])}, {string(row['alpha3'])}, {f64(row['g_per_kwh'])}, {row['year']})"
            for row in sorted(countries, key=lambda row: row["alpha2"])
        ),
    )
    section(
        out,
        "US states by code: g/kWh (direct), year.",
        "US_STATES",
        "State",
        (
            f"State({string(row['zone'])}, {f64(row['g_per_kwh'])}, {row['year']})"
            for row in sorted(states, key=lambda row: row["zone"])
        ),
    )
    section(
        out,
        "Cloud regions by provider and name: country or state, PUE, WUE in L/kWh, g/kWh (direct, 2024), CFE share.",
        "REGIONS",
        "Region",
        (
            "Region("
            + ", ".join(
                (
                    PROVIDERS[row["provider"]],
                    string(row["region"]),
                    string(row["zone"]),
                    option(row["pue"]),
                    option(row["wue_l_per_kwh"]),
                    option(row["g_per_kwh_direct"]),
                    option(row["cfe_share"]),
                )
            )
            + ")"
            for row in regions
        ),
    )
    prefixes = [row for row in rows("curated/pue.csv") if row["provider"] == "aws"]
    (fleet,) = (row for row in rows("curated/pue.csv") if row["provider"] == "gcp")
    section(
        out,
        "AWS averages by the first part of the region's name: PUE, WUE in L/kWh.",
        "AWS_PUE_PREFIX",
        "Prefix",
        (
            f"Prefix({string(row['scope'])}, {f64(row['pue'])}, {option(row['wue_l_per_kwh'])})"
            for row in sorted(prefixes, key=lambda row: row["scope"])
        ),
    )
    out.write(f"\n/// PUE of Google's fleet.\npub(crate) const GOOGLE_FLEET_PUE: f64 = {f64(fleet['pue'])};\n")
    section(
        out,
        "GPUs by lower-case name: idle and maximum watts, source, NVML product names.",
        "GPUS",
        "Gpu",
        (
            f"Gpu({string(row['name'])}, {f64(row['idle_w'])}, {f64(row['max_w'])}, "
            f"{source_index(known, row['source'])}, "
            f"&[{', '.join(string(name) for name in row['nvml_names'].split('; ') if name)}])"
            for row in sorted(rows("curated/gpus.csv"), key=lambda row: row["name"].lower())
        ),
    )
    section(
        out,
        "Watts per vCPU, idle and full, by lower-case micro-architecture or provider, and source.",
        "CPUS",
        "Cpu",
        (
            f"Cpu({string(row['name'])}, {f64(row['min_w_per_vcpu'])}, {f64(row['max_w_per_vcpu'])}, "
            f"{source_index(known, row['source'])})"
            for row in sorted(rows("curated/cpus.csv"), key=lambda row: row["name"].lower())
        ),
    )
    models = rows("curated/models.csv")
    names = [
        (name, row) for row in models for name in (row["id"], *(a for a in row["aliases"].split("; ") if a))
    ]
    section(
        out,
        "Open-weight models by lower-case id or alias: total and active parameters in billions.",
        "MODELS",
        "OpenModel",
        (
            f"OpenModel({string(name)}, {f64(row['total_params_b'])}, {f64(row['active_params_b'])})"
            for name, row in sorted(names, key=lambda item: item[0].lower())
        ),
    )
    text = out.getvalue()
    if len(text.encode()) > TABLES_BYTES_MAX:
        fail(f"tables.rs would have {len(text.encode())} bytes, more than {TABLES_BYTES_MAX}")
    return text


def obtained(row):
    if "retrieved" in row:
        return f"Retrieved {row['retrieved']}."
    return f"Entered {row['entered']} from the tables of the shared test vectors; the page was not fetched then."


def attribution():
    lines = [
        "# Data behind `finops_core::carbon`",
        "",
        "Generated by `build.py` from `sources.toml`. The tables compiled into the library rest on these datasets.",
        "",
    ]
    for row in sources().values():
        lines += [
            f"## {row['id']}/{row['version']}",
            "",
            f"{row['title']}. {row['attribution']}. {row['url']}",
            "",
            f"Licence: {row['licence']}. Changes: {row['changes']} {obtained(row)}",
            "",
        ]
    lines += [
        "## Cited constants",
        "",
        "The formulas and constants of EcoLogits 0.11.3 (MPL-2.0, https://github.com/mlco2/ecologits) and CodeCarbon",
        "3.3.2 (MIT, https://github.com/mlco2/codecarbon) are cited as facts; none of their files or code is shipped.",
        "",
    ]
    return "\n".join(lines)


def main(arguments):
    if arguments not in ([], ["--write"], ["--check"]):
        fail("usage: build.py [--write | --check]")
    if not arguments:
        derive()
    outputs = {TABLES: render(), HERE / "ATTRIBUTION.md": attribution()}
    for path, text in outputs.items():
        if arguments != ["--check"]:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            fail(f"{path.name} is stale; run build.py --write")


if __name__ == "__main__":
    main(sys.argv[1:])
