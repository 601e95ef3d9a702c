"""Writes cloud.csv: `python cloud.py aws_on_demand.csv.gz` joins it with the hand-kept rows of cloud_curated.csv.

The archive has the columns sku, region, unit, price, currency, observed and source; see SOURCES.md.
"""

import csv
import gzip
import sys
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("sku", "region", "price", "source")
# The archive's sources by (source, currency, date of observation), as cloud_sources.csv names them.
SOURCES = {
    ("karpenter", "USD", "2026-07-20"): "karpenter",
    ("karpenter", "CNY", "2024-11-06"): "karpenter-cn",
    ("ec2-instances-info", "USD", "2025-05-28"): "ec2-instances-info",
}


def plain(price: str) -> str:
    """Plain digits without trailing zeros."""
    text = format(Decimal(price), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def main(archive: str) -> None:
    rows = {}
    with gzip.open(archive, "rt", newline="") as file:
        for row in csv.DictReader(file):
            source = SOURCES[row["source"], row["currency"], row["observed"]]
            assert row["unit"] == "Hrs", row
            rows[row["sku"], row["region"]] = (plain(row["price"]), source)
    with (HERE / "cloud_curated.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            key = row["sku"], row["region"]
            assert key not in rows, key
            rows[key] = (plain(row["price"]), row["source"])
    with (HERE / "cloud.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows((*key, *rows[key]) for key in sorted(rows))


main(sys.argv[1])
