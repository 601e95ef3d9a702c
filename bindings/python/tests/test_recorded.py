"""Every recorded response of 18 providers is read exactly: as dict, as text, as stream."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import finops

RECORDED = Path(__file__).resolve().parents[3] / "examples" / "data" / "recorded.jsonl.gz"


def lines() -> Iterator[dict[str, Any]]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def counts(usage: finops.Usage) -> dict[str, int]:
    """Inclusive counts, zeros left out."""
    found = {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "cache_read": usage.cache_read + usage.cache_read_audio + usage.cache_read_image + usage.cache_read_video,
        "cache_write": usage.cache_write_5m + usage.cache_write_1h,
        "reasoning": usage.reasoning,
    }
    return {name: count for name, count in found.items() if count}


def summary(found: finops.Extracted) -> dict[str, Any]:
    told: dict[str, Any] = {**counts(found.usage), "model": found.model}
    if found.parts:
        told["parts"] = [{**counts(part.usage), "model": part.model or found.model} for part in found.parts]
    return told


def as_text(form: str, events: list[Any]) -> str:
    if form == "sse":
        return "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in events)
    return "".join(json.dumps(event) + "\n" for event in events)


class Namespace:
    """An object with attributes instead of items, as SDKs return them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


def as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return Namespace({key: as_object(item) for key, item in value.items()})
    if isinstance(value, list):
        return [as_object(item) for item in value]
    return value


def readings(line: dict[str, Any]) -> Iterator[tuple[str, finops.Extracted]]:
    provider, body = line["provider"], line["body"]
    if line["form"] == "json":
        text = json.dumps(body)
        yield "dict", finops.extract(body, provider=provider)
        yield "text", finops.extract(text, provider=provider)
        yield "bytes", finops.extract(text.encode(), provider=provider)
        yield "object", finops.extract(as_object(body), provider=provider)
        return
    text = as_text(line["form"], body)
    yield "events", finops.extract_stream(body, provider=provider)
    yield "objects", finops.extract_stream(map(as_object, body), provider=provider)
    yield "text", finops.extract_stream(text, provider=provider)
    pieces = (text.encode()[at : at + 997] for at in range(0, len(text.encode()), 997))
    yield "pieces", finops.extract_stream(pieces, provider=provider)


def test_every_recorded_response_is_read_exactly() -> None:
    wrong = []
    number = 0
    for line in lines():
        number += 1
        for form, found in readings(line):
            if summary(found) != line["expected"] or not found.complete:
                wrong.append((line["id"], line["family"], form, summary(found), line["expected"]))
    assert number == 1162
    assert not wrong, f"{len(wrong)} wrong, first {wrong[:3]}"
