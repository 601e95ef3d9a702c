"""
The compiled half of `finops`; import from `finops`.
"""

import collections.abc
import decimal
import typing
from collections.abc import Iterator
from typing import Any, final

__all__ = ["Cost", "LineItem", "ModelPrice", "Result", "Usage", "apportion", "carbon_call", "carbon_kinds", "round_amount"]

@final
class Cost:
    """
    What a call cost: exact decimals, the lines that add up to them, and what was assumed.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @property
    def assumptions(self, /) -> tuple[str, ...]:
        """
        Codes of whatever was assumed.
        """
    @property
    def catalogue(self, /) -> str | None:
        """
        The id of the catalogue consulted.
        """
    @property
    def compute(self, /) -> decimal.Decimal | None:
        """
        Machines.
        """
    @staticmethod
    def from_json(text: str) -> Cost:
        """
        Reads the wire form.
        """
    @property
    def input(self, /) -> decimal.Decimal | None:
        """
        The prompt side.
        """
    @property
    def line_items(self, /) -> tuple[LineItem, ...]:
        """
        The lines.
        """
    @property
    def list_price(self, /) -> decimal.Decimal | None:
        """
        The catalogue's price where another won.
        """
    @property
    def model(self, /) -> str | None:
        """
        The model whose price applies, as the catalogue names it.
        """
    @property
    def other(self, /) -> decimal.Decimal | None:
        """
        Per-use units, and what a provider reported.
        """
    @property
    def output(self, /) -> decimal.Decimal | None:
        """
        The completion side.
        """
    @property
    def price_rows(self, /) -> tuple[str, ...]:
        """
        The ids of the catalogue rows applied.
        """
    @property
    def price_source(self, /) -> str | None:
        """
        Which price won: `custom`, `configured`, `provider`, `catalogue` or `default`.
        """
    @property
    def provider(self, /) -> str | None:
        """
        The provider whose price applies.
        """
    @property
    def reported(self, /) -> decimal.Decimal | None:
        """
        What the provider reported, whichever price won.
        """
    @property
    def status(self, /) -> str:
        """
        `priced`, `estimated`, `provider_reported` or `unpriced`.
        """
    def to_json(self, /) -> str:
        """
        The wire form.
        """
    @property
    def total(self, /) -> decimal.Decimal | None:
        """
        The exact sum of the lines in USD; `None` when unpriced, never 0.
        """

@final
class LineItem:
    """
    One line of a cost.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def amount(self, /) -> decimal.Decimal | None:
        """
        The exact amount in USD; `None` when no rate is known.
        """
    @property
    def model(self, /) -> str | None:
        """
        The model priced, where the call had parts.
        """
    @property
    def per(self, /) -> str:
        """
        What the rate counts: `mtok`, `use` or `hour`.
        """
    @property
    def quantity(self, /) -> decimal.Decimal:
        """
        How many; seconds for `compute`.
        """
    @property
    def rate(self, /) -> decimal.Decimal | None:
        """
        USD per `per`; `None` when no rate is known.
        """
    @property
    def unit(self, /) -> str:
        """
        A usage bucket or unit (`cache_read`, `web_search`), `compute`, or `reported`.
        """

@final
class ModelPrice:
    """
    The user's own price of a model, which wins over every other. Rates are USD per million tokens.

    >>> finops.ModelPrice("llama-3.1-8b-prod", hosting="self_hosted", compute_cost_per_hour="2.10")
    ModelPrice('llama-3.1-8b-prod', hosting='self_hosted', compute_cost_per_hour=2.1)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, model: str, *, provider: str | None = None, hosting: typing.Literal['api', 'self_hosted'] = "api", input_usd_per_mtok: decimal.Decimal | int | float | str | None = None, output_usd_per_mtok: decimal.Decimal | int | float | str | None = None, cache_read_usd_per_mtok: decimal.Decimal | int | float | str | None = None, cache_write_usd_per_mtok: decimal.Decimal | int | float | str | None = None, compute_cost_per_hour: decimal.Decimal | int | float | str | None = None) -> ModelPrice: ...
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @property
    def cache_read_usd_per_mtok(self, /) -> decimal.Decimal | None:
        """
        USD per million tokens read from the cache.
        """
    @property
    def cache_write_usd_per_mtok(self, /) -> decimal.Decimal | None:
        """
        USD per million tokens written to the cache.
        """
    @property
    def compute_cost_per_hour(self, /) -> decimal.Decimal | None:
        """
        USD an hour of the machines that run it.
        """
    @staticmethod
    def from_json(text: str) -> ModelPrice:
        """
        Reads the wire form.
        """
    @property
    def hosting(self, /) -> str:
        """
        `api` or `self_hosted`.
        """
    @property
    def input_usd_per_mtok(self, /) -> decimal.Decimal | None:
        """
        USD per million input tokens.
        """
    @property
    def model(self, /) -> str:
        """
        The model, as calls name it.
        """
    @property
    def output_usd_per_mtok(self, /) -> decimal.Decimal | None:
        """
        USD per million output tokens.
        """
    @property
    def provider(self, /) -> str | None:
        """
        Applies to calls at this provider only.
        """
    def to_json(self, /) -> str:
        """
        The wire form.
        """

@final
class Result:
    """
    A frozen result: `r.energy.central`, `r["energy_joules"]`, `dict(r)`, `r.to_json()`.

    Equal to any mapping with the same items, hashable, picklable, and a `collections.abc.Mapping`.
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __dir__(self, /) -> list[str]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getattr__(self, name: str, /) -> typing.Any: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> Iterator: ...
    def __len__(self, /) -> int: ...
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def from_json(text: str) -> Result:
        """
        Reads the wire form.
        """
    def get(self, /, key: str, default: typing.Any = None) -> typing.Any:
        """
        The value of `key`, else `default`.
        """
    def items(self, /) -> list[tuple[str, typing.Any]]:
        """
        Pairs of name and value.
        """
    def keys(self, /) -> list[str]:
        """
        The names of the fields.
        """
    def to_json(self, /) -> str:
        """
        The wire form.
        """
    def values(self, /) -> list[typing.Any]:
        """
        The values, as plain Python objects.
        """

@final
class Usage:
    """
    Tokens in buckets that never overlap, and counters of what is not tokenised.

    >>> usage = finops.Usage.inclusive(10_000, 500, cached=8_000)
    >>> usage.input, usage.cache_read, usage.prompt_tokens
    (2000, 8000, 10000)
    """
    def __add__(self, other: object, /) -> Usage:
        """
        Both, bucket by bucket.
        """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, input: int | None = None, output: int | None = None, **buckets: int) -> Usage:
        """
        Disjoint `input` and `output` tokens, and any further bucket by name.
        """
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @property
    def audio_second(self, /) -> int:
        """
        Seconds of audio.
        """
    @property
    def cache_read(self, /) -> int:
        """
        Text read from the provider's prompt cache.
        """
    @property
    def cache_read_audio(self, /) -> int:
        """
        Audio read from the cache.
        """
    @property
    def cache_read_image(self, /) -> int:
        """
        Images read from the cache.
        """
    @property
    def cache_read_video(self, /) -> int:
        """
        Video read from the cache.
        """
    @property
    def cache_write_1h(self, /) -> int:
        """
        Written to the cache for an hour.
        """
    @property
    def cache_write_5m(self, /) -> int:
        """
        Written to the cache with the provider's default lifetime.
        """
    @property
    def character(self, /) -> int:
        """
        Characters of text.
        """
    @property
    def code_execution(self, /) -> int:
        """
        Runs of code.
        """
    @property
    def completion_tokens(self, /) -> int:
        """
        All completion tokens, reasoning included.
        """
    @property
    def file_search(self, /) -> int:
        """
        Searches of files.
        """
    @staticmethod
    def from_json(text: str) -> Usage:
        """
        Reads the wire form.
        """
    @property
    def image(self, /) -> int:
        """
        Images.
        """
    @staticmethod
    def inclusive(prompt: int, completion: int, cached: int | None = None, cache_written: int | None = None) -> Usage:
        """
        From counts whose prompt includes what was read from and written to the cache, as OpenAI reports them.

        Raises `UsageError` (`usage.negative_remainder`) when the parts exceed the prompt.
        """
    @property
    def input(self, /) -> int:
        """
        Uncached text and tool prompt.
        """
    @property
    def input_audio(self, /) -> int:
        """
        Uncached audio of the prompt.
        """
    @property
    def input_image(self, /) -> int:
        """
        Uncached images of the prompt.
        """
    @property
    def input_video(self, /) -> int:
        """
        Uncached video of the prompt.
        """
    @property
    def output(self, /) -> int:
        """
        Text produced, reasoning included.
        """
    @property
    def output_audio(self, /) -> int:
        """
        Audio produced.
        """
    @property
    def output_image(self, /) -> int:
        """
        Images produced.
        """
    @property
    def output_video(self, /) -> int:
        """
        Video produced.
        """
    @property
    def page(self, /) -> int:
        """
        Pages of a document.
        """
    @property
    def prompt_tokens(self, /) -> int:
        """
        All prompt tokens: input, cache reads and cache writes.
        """
    @property
    def reasoning(self, /) -> int:
        """
        The part of `output` that was reasoning: a subset, never added.
        """
    @property
    def request(self, /) -> int:
        """
        Requests that cost a fee of their own.
        """
    @property
    def rerank(self, /) -> int:
        """
        Documents or searches ranked.
        """
    def to_dict(self, /) -> dict[str, int]:
        """
        The buckets that are not 0, in the order of the wire form.
        """
    def to_json(self, /) -> str:
        """
        The wire form: JSON without zeros.
        """
    @property
    def total_tokens(self, /) -> int:
        """
        Prompt and completion.
        """
    @property
    def web_search(self, /) -> int:
        """
        Searches of the web.
        """

def apportion(rows: collections.abc.Mapping[str, decimal.Decimal | int | str], places: int) -> dict[str, str]:
    """
    Rounds every row so that the rows add up to the rounded total; the order of the rows changes nothing.

    >>> finops.apportion({"a": "1.5", "b": "1.5"}, 0)
    {'a': '2', 'b': '1'}
    """

def carbon_call(kind: str, fields: dict[str, typing.Any]) -> Result:
    """
    Computes `kind` from its input fields; the functions of `finops.carbon` call it.

    Absent and `None` are the same. Numbers may be `Decimal`, `int`, `float` or decimal text.
    """

def carbon_kinds() -> list[str]:
    """
    The names of every computation.
    """

def round_amount(amount: decimal.Decimal | int | str, places: int) -> str:
    """
    `amount` with exactly `places` decimals, rounded half to even. The only rounding in finops.

    >>> finops.round_amount("0.125", 2)
    '0.12'
    """
