"""Reads the price file of litellm; nothing of that package is imported."""

import json
import re
from decimal import Decimal
from fractions import Fraction

from facts import PACKAGES, PLAIN, PROVIDERS, Rates, Seen, Uses, open_package

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
            if unit == "rerank" and entry.get("mode") != "rerank":
                continue
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
