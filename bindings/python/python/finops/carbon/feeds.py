"""Live intensity: requests to build and bodies to read. `fetch` carries one out; nothing else opens a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._finops import Result, carbon_call

__all__ = ["fetch", "parse", "request"]


def request(feed: str, **parameters: str | None) -> Result:
    """The HTTP request of a feed: `method`, `url`, `headers`, `timeout_s`.

    >>> request("electricity_maps.latest", zone="DE", token="secret").method
    'GET'
    """
    return carbon_call("feed_request", {**parameters, "feed": feed})


def parse(feed: str, body: Any, select: Mapping[str, Any] | None = None) -> Result:
    """An intensity, a series, a region row or a token from the body of a feed: text, bytes or parsed JSON."""
    if isinstance(body, (bytes, bytearray)):
        body = body.decode("utf-8", "replace")
    return carbon_call("feed_parse", {"feed": feed, "body": body, "select": select})


def fetch(feed: str, select: Mapping[str, Any] | None = None, **parameters: str | None) -> Result:
    """Carry out the request of a feed and read its answer. One request, no retry, no cache."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    wanted = request(feed, **parameters)
    plain = Request(wanted["url"], headers=wanted["headers"], method=wanted["method"])
    try:
        with urlopen(plain, timeout=wanted["timeout_s"]) as answer:
            body = answer.read()
    except HTTPError as refusal:
        # What a feed says with its refusal is in the body: `carbon.feed_refused` shows it, never the token.
        body = refusal.read()
    return parse(feed, body, select)
