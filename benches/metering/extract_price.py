"""A response dict to a priced record: finops against genai-prices and litellm, on the recorded bodies, and who reads them right."""

from __future__ import annotations

import gzip
import json
import logging
import os
import sys
from collections import Counter
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
sys.path.insert(0, str(Path(__file__).parents[1]))

import finops
import litellm
from genai_prices import extract_usage
from genai_prices.data_snapshot import get_snapshot
from litellm.llms.anthropic.chat.transformation import AnthropicConfig
from litellm.llms.bedrock.chat.converse_transformation import AmazonConverseConfig
from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import VertexGeminiConfig
from litellm.responses.utils import ResponseAPILoggingUtils
from harness import Contender, Report, interleave

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "examples" / "data" / "recorded.jsonl.gz"
litellm.suppress_debug_info = True
logging.disable(logging.CRITICAL)

# genai-prices' own provider ids where they differ from the recordings' names.
PROVIDERS = {"bedrock": "aws", "vertex": "google"}


def bodies() -> list[dict[str, object]]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["form"] == "json"]


def wanted(row: dict[str, object]) -> dict[str, int]:
    expected = row["expected"]
    return {"prompt": expected.get("prompt", 0), "completion": expected.get("completion", 0), "cache_read": expected.get("cache_read", 0)}


def by_finops(row: dict[str, object]) -> dict[str, int]:
    usage = finops.extract(row["body"], provider=row["provider"]).usage
    cached = usage.cache_read + usage.cache_read_audio + usage.cache_read_image + usage.cache_read_video
    return {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens, "cache_read": cached}


def by_genai_prices(row: dict[str, object]) -> dict[str, int]:
    """Every flavour that the provider has is tried, and the first right answer counts: the caller is given the benefit of the doubt."""
    provider_id = PROVIDERS.get(row["provider"], row["provider"])
    provider = next(p for p in get_snapshot().providers if p.id == provider_id)
    answers, errors = [], []
    for extractor in provider.extractors or []:
        try:
            usage = extract_usage(row["body"], provider_id=provider_id, api_flavor=extractor.api_flavor).usage
        except Exception as error:
            errors.append(error)
            continue
        got = {"prompt": usage.input_tokens or 0, "completion": usage.output_tokens or 0, "cache_read": usage.cache_read_tokens or 0}
        if got == wanted(row):
            return got
        answers.append(got)
    if not answers:
        raise LookupError(f"{provider_id}: {errors}")
    return answers[0]


def litellm_usage(row: dict[str, object]) -> litellm.Usage:
    """litellm reads each family with the transformation that its own handlers use."""
    body, family = row["body"], row["family"]
    if family == "openai_responses":
        return ResponseAPILoggingUtils.transform_response_api_usage_to_chat_usage(body["usage"])
    if family == "anthropic":
        return AnthropicConfig().calculate_usage(usage_object=body["usage"], reasoning_content=None)
    if family == "gemini":
        return VertexGeminiConfig._calculate_usage(completion_response=body)
    if family == "converse":
        return AmazonConverseConfig().transform_usage(body["usage"])
    if family == "openai_chat":
        return litellm.Usage(**body["usage"])
    raise LookupError(f"no transformation for {family}")


def by_litellm(row: dict[str, object]) -> dict[str, int]:
    usage = litellm_usage(row)
    details = usage.prompt_tokens_details
    return {
        "prompt": usage.prompt_tokens or 0,
        "completion": usage.completion_tokens or 0,
        "cache_read": (details.cached_tokens or 0) if details else 0,
    }


def verdicts(rows: list[dict[str, object]]) -> dict[str, Counter[str]]:
    """Right, wrong and unread bodies by peer; the wrong ones are named."""
    counts: dict[str, Counter[str]] = {}
    for name, read in (("finops", by_finops), ("genai-prices 0.2.3", by_genai_prices), ("litellm 1.109.1", by_litellm)):
        count: Counter[str] = Counter()
        wrong = []
        for row in rows:
            try:
                got = read(row)
            except Exception as error:  # a peer may raise anything: that body is unread
                count["unread"] += 1
                if name == "finops":
                    wrong.append(f"{row['id']} ({error})")
                continue
            if got == wanted(row):
                count["right"] += 1
            else:
                count["wrong"] += 1
                wrong.append(f"{row['id']} {row['provider']}/{row['family']}: got {got}, is {wanted(row)}")
        counts[name] = count
        print(f"\n{name}: {count['right']} right, {count['wrong']} wrong, {count['unread']} unread of {len(rows)} JSON bodies")
        for line in wrong:
            print(f"    wrong  {line}")
    return counts


def main() -> bool:
    rows = bodies()
    counts = verdicts(rows)
    row = next(r for r in rows if r["family"] == "openai_chat" and r["provider"] == "openai" and r["expected"]["model"] == "gpt-4o-2024-08-06")
    # Without its id: a request that was logged before is told from its id alone, and would not be priced again.
    body = {key: value for key, value in row["body"].items() if key != "id"}
    monitor = finops.ResourceMonitor(env={})
    report = Report("a response dict to a priced record in Python")
    report.nanoseconds = interleave(
        [
            Contender("finops log_response", lambda: monitor.log_response(body, provider="openai")),
            Contender("genai-prices extract and price", lambda: extract_usage(body, provider_id="openai", api_flavor="chat").calc_price()),
            Contender("litellm completion_cost", lambda: litellm.completion_cost(completion_response=body, model="gpt-4o")),
        ]
    )
    report.claim_ratio("finops log_response", "genai-prices extract and price", 35)
    report.claim_ratio("finops log_response", "litellm completion_cost", 60)
    report.claim_at_most("bodies that finops reads wrong or not", len(rows) - counts["finops"]["right"], 0, "bodies")
    report.notes = [f"{name}: {dict(sorted(count.items()))} of {len(rows)} JSON bodies" for name, count in counts.items()]
    return report.show(Path(os.environ["FINOPS_BENCH_OUT"]) if "FINOPS_BENCH_OUT" in os.environ else None)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
