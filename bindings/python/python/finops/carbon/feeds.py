"""Live intensity: requests to build and bodies to read. `fetch` carries one out; nothing else opens a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._finops import Result, carbon_call

__all__ = ["HttpRequest", "fetch", "parse", "request"]


class HttpRequest:
    """What to send: `method`, `url`, `headers`, `timeout_s`. Header values hold tokens and stay out of `repr`."""

    __slots__ = ("headers", "method", "timeout_s", "url")

    def __init__(self, method: str, url: str, headers: Mapping[str, str], timeout_s: float) -> None:
        self.method = method
        self.url = url
        self.headers = dict(headers)
        self.timeout_s = timeout_s

    def __repr__(self) -> str:
        hidden = ", ".join(f"{name}: …" for name in sorted(self.headers))
        return f"HttpRequest({self.method} {self.url}, headers {{{hidden}}}, timeout_s={self.timeout_s})"


def request(feed: str, **parameters: str | None) -> HttpRequest:
    """The HTTP request of a feed.

    >>> request("electricity_maps.latest", zone="DE", token="secret")
    HttpRequest(GET https://api.electricitymaps.com/v3/carbon-intensity/latest?zone=DE, headers {auth-token: …}, timeout_s=10)
    """
    told = carbon_call("feed_request", {**parameters, "feed": feed})
    return HttpRequest(told["method"], told["url"], dict(told["headers"]), told["timeout_s"])


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
    plain = Request(wanted.url, headers=wanted.headers, method=wanted.method)
    try:
        with urlopen(plain, timeout=wanted.timeout_s) as answer:
            body = answer.read()
    except HTTPError as refusal:
        # What a feed says with its refusal is in the body: `carbon.feed_refused` shows it, never the token.
        body = refusal.read()
    return parse(feed, body, select)
