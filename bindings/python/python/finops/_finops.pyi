"""
The compiled half of `finops`; import from `finops`.
"""

import collections.abc
import datetime
import decimal
import os
import types
import typing
from ._types import Apportioned
from .policy import PolicyAction
from typing import Any, Final, SupportsFloat, SupportsIndex, final
from typing_extensions import disjoint_base

__all__ = ["__version__", "ArrowTable", "BatchResult", "Budget", "BudgetState", "Budgets", "CallSignal", "Catalogue", "ConfigValue", "Cost", "Decision", "Extracted", "Finding", "Findings", "InferenceRecord", "LineItem", "Meter", "ModelPrice", "Part", "PolicyCheck", "Report", "Reservation", "Resolved", "ResourceMonitor", "Result", "Settlement", "Sketch", "Stats", "StreamMeter", "SummaryRow", "TestReport", "TrainingRecord", "Usage", "Verification", "_AllocationReport", "_AllocationSet", "_Cluster", "_Engine", "_EventLog", "_Found", "_Guardrails", "_Intake", "_PolicyGate", "_RecordStream", "_SavingsLedger", "apportion", "call_facts", "call_signals", "carbon_call", "carbon_kinds", "change_commit", "change_open", "change_write", "cluster_queries", "cost", "estimate_inference", "estimate_inference_batch", "extract", "extract_stream", "findings_canonical", "findings_combine", "findings_content_hash", "findings_totals", "ledger_baseline", "ledger_call", "ledger_groups", "ledger_opportunity", "nvml", "otel_attributes", "policy_builtin", "policy_call", "policy_kinds", "prices", "rapl", "round_amount", "sign_event", "topic_call", "topic_kinds", "topic_value", "verify_event", "verify_log"]

__version__: Final[str]
"""
The version of the package.
"""

@final
class ArrowTable:
    """
    A table with an Arrow face: `pyarrow.table(t)`, `polars.DataFrame(t)`, `pandas.DataFrame.from_arrow(t)`, DuckDB.
    """
    def __arrow_c_schema__(self, /) -> object:
        """
        The Arrow schema.
        """
    def __arrow_c_stream__(self, /, requested_schema: object = None) -> object:
        """
        The Arrow stream; `requested_schema` may be ignored, as the interface allows.
        """
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def column_names(self, /) -> list[str]:
        """
        The names of the columns.
        """

@final
class BatchResult:
    """
    What a batch cost.
    """
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def carbon_kg(self, /) -> float:
        """
        Their operational carbon.
        """
    @property
    def cost_usd(self, /) -> decimal.Decimal | None:
        """
        What they cost, exactly; `None` when no row has a price.
        """
    @property
    def costs_usd(self, /) -> typing.Any:
        """
        The cost of each row as the nearest float, a buffer of float64 (`numpy.asarray` takes it without a copy); NaN for
        a row that was refused or has no price.
        """
    @property
    def energy_joules(self, /) -> float:
        """
        Their energy.
        """
    @property
    def errors(self, /) -> list[tuple[int, Any]]:
        """
        Rows that were refused, each with its exception. The others were logged.
        """
    @property
    def rows(self, /) -> int:
        """
        Rows that were logged.
        """
    @property
    def total_tokens(self, /) -> int:
        """
        Their tokens.
        """
    @property
    def unpriced(self, /) -> int:
        """
        Rows without a price, which `cost_usd` does not hold.
        """

@final
class Budget:
    """
    A limit on what calls may spend in a window.

    >>> finops.Budget("research", "25.00", window="day", scope={"team": "research"})
    Budget('research', 25 usd, window='day')
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, id: str, limit: decimal.Decimal | int | float | str, *, unit: typing.Literal['usd', 'tokens', 'requests', 'joules', 'grams_co2e'] = "usd", window: str = "month", scope: collections.abc.Mapping[str, str] | None = None, per: collections.abc.Iterable[str] | None = None, hard: bool = True, warn_at: collections.abc.Iterable[decimal.Decimal | int | float | str] | None = None, on_unpriced: typing.Literal['deny', 'allow'] = "deny") -> Budget:
        """
        `limit` in `unit` (`usd`, `tokens`, `requests`, `joules`, `grams_co2e`) a `window` (`total`, `hour`, `day`,
        `iso_week`, `month`, `every(<seconds>)`), over calls that carry the tags of `scope`; with `per` one counter a value.
        """
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def from_json(text: str) -> Budget:
        """
        Reads the wire form.
        """
    @property
    def hard(self, /) -> bool:
        """
        Whether it denies what does not fit.
        """
    @property
    def id(self, /) -> str:
        """
        Its name in errors and events.
        """
    @property
    def limit(self, /) -> decimal.Decimal:
        """
        The most that may be spent in a window.
        """
    def to_json(self, /) -> str:
        """
        The wire form.
        """
    @property
    def unit(self, /) -> str:
        """
        What is limited.
        """
    @property
    def window(self, /) -> str:
        """
        When counting starts anew, in UTC.
        """

@final
class BudgetState:
    """
    Where a budget stands.
    """
    def __repr__(self, /) -> str: ...
    @property
    def budget(self, /) -> str:
        """
        The budget, with its `per` values: `id{user=u1}`.
        """
    @property
    def limit(self, /) -> decimal.Decimal:
        """
        The limit.
        """
    @property
    def remaining(self, /) -> decimal.Decimal:
        """
        Limit less spent less reserved; may be negative.
        """
    @property
    def reserved(self, /) -> decimal.Decimal:
        """
        What is held.
        """
    @property
    def spent(self, /) -> decimal.Decimal:
        """
        What was spent in the window.
        """
    @property
    def unit(self, /) -> str:
        """
        What is limited.
        """
    @property
    def window_end(self, /) -> datetime.datetime:
        """
        When the window ends.
        """
    @property
    def window_start(self, /) -> datetime.datetime:
        """
        When the window began.
        """

@final
class Budgets:
    """
    Budgets that threads share: a hold is taken in all that cover a call, or in none.

    >>> budgets = finops.Budgets([finops.Budget("daily", "10", window="day")])
    >>> with budgets.reserve("0.25") as held:
    ...     settled = held.settle("0.19")
    >>> settled.released
    Decimal('0.06')
    """
    def __new__(cls, /, budgets: collections.abc.Iterable[Budget]) -> Budgets:
        """
        Budgets in declared order, which is the order in which they are asked.
        """
    def __repr__(self, /) -> str: ...
    @staticmethod
    def from_json(text: str) -> Budgets:
        """
        Budgets with everything that `to_json` wrote.
        """
    def record_spend(self, /, usd: decimal.Decimal | int | str | None = None, *, tokens: typing.SupportsIndex | None = None, joules: decimal.Decimal | int | float | str | None = None, grams_co2e: decimal.Decimal | int | float | str | None = None, tags: collections.abc.Mapping[str, str] | None = None, at: datetime.datetime | str | int | float | None = None) -> Settlement:
        """
        Charges amounts without asking.
        """
    def release(self, /, reservation_id: str, *, at: datetime.datetime | str | int | float | None = None) -> None:
        """
        Frees a hold and charges nothing; may be repeated.
        """
    def reserve(self, /, usd: decimal.Decimal | int | str | None = None, *, tokens: typing.SupportsIndex | None = None, joules: decimal.Decimal | int | float | str | None = None, grams_co2e: decimal.Decimal | int | float | str | None = None, tags: collections.abc.Mapping[str, str] | None = None, at: datetime.datetime | str | int | float | None = None, ttl_s: float = 600.0) -> Reservation:
        """
        Holds amounts in every budget that covers `tags`. Raises `BudgetExceeded`, or `BudgetError` for what has no price.
        """
    def settle(self, /, reservation_id: str, usd: decimal.Decimal | int | str | None = None, *, tokens: typing.SupportsIndex | None = None, joules: decimal.Decimal | int | float | str | None = None, grams_co2e: decimal.Decimal | int | float | str | None = None, at: datetime.datetime | str | int | float | None = None) -> Settlement:
        """
        Frees a hold and charges what was spent, also late or beyond a limit.
        """
    def state(self, /, id: str | None = None, *, at: datetime.datetime | str | int | float | None = None) -> BudgetState:
        """
        Where one budget stands, by its id or `id{tag=value}`; without an id the only one there is.
        """
    def states(self, /, id: str | None = None, *, at: datetime.datetime | str | int | float | None = None) -> list[BudgetState]:
        """
        Where all budgets stand, or one with all its `per` values; in declared order, then by value.
        """
    def to_json(self, /) -> str:
        """
        The whole state as JSON: budgets, what was spent, what is held.
        """

@final
class CallSignal:
    """
    One sign of waste in calls to language models. Frozen; a mapping of its wire form.
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> collections.abc.Iterator[str]: ...
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def calls(self, /) -> list[str]:
        """
        The ids of the calls: request ids, else places in the list.
        """
    @property
    def confidence(self, /) -> decimal.Decimal:
        """
        How sure, from 0 to 1.
        """
    @property
    def end(self, /) -> datetime.datetime:
        """
        When the last call was made.
        """
    @property
    def evidence(self, /) -> dict[str, typing.Any]:
        """
        What it rests on.
        """
    def keys(self, /) -> list[str]:
        """
        The names of the fields.
        """
    @property
    def saving_usd(self, /) -> decimal.Decimal | None:
        """
        What could have been saved; `None` where it cannot be said.
        """
    @property
    def start(self, /) -> datetime.datetime:
        """
        When the first call was made.
        """
    @property
    def to(self, /) -> str | None:
        """
        The cheaper model, where one is named.
        """
    def to_json(self, /) -> str:
        """
        The wire form.
        """
    @property
    def type(self, /) -> str:
        """
        `call.failed`, `call.retry`, `call.truncated`, `call.loop`, `call.repeated`, `call.uncached_prefix`,
        `call.cheaper_model`, `call.batch_eligible` or `call.unpriced`.
        """

@final
class Catalogue:
    """
    The prices of models, dated and with their sources.

    >>> prices = finops.prices()
    >>> prices.resolve("openai/gpt-4o").match
    'provider_prefix'
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def from_jsonl(text: str) -> Catalogue:
        """
        Reads a catalogue: one JSON object a line. Raises `PriceError` (`price.invalid_catalogue`).
        """
    @property
    def generated(self, /) -> str:
        """
        The date of the youngest source.
        """
    @property
    def id(self, /) -> str:
        """
        `cat-<date>-<12 hex of the SHA-256 of the text>`.
        """
    def overlay(self, /, rows: str | collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]]) -> Catalogue:
        """
        This catalogue with rows laid over it: JSON lines as text, or a list of rows as dicts.
        """
    def resolve(self, /, model: str, provider: str | None = None) -> Resolved:
        """
        Finds what is sold as `model`, exactly or by an anchored form. Raises `PriceError`; never gives a neighbour.
        """
    def rows(self, /, model: str | None = None, *, provider: str | None = None) -> list[dict[str, typing.Any]]:
        """
        The price rows: all of them, or those of one offering.
        """
    def to_jsonl(self, /) -> str:
        """
        The text of the catalogue: keys and lines sorted.
        """

@final
class ConfigValue:
    """
    Where a number of the configuration came from, and its exact value.
    """
    def __repr__(self, /) -> str: ...
    @property
    def source(self, /) -> str:
        """
        `constructor`, `environment`, `region`, `assigned` or `default`.
        """
    @property
    def value(self, /) -> decimal.Decimal:
        """
        The exact value.
        """

@final
class Cost:
    """
    What a call cost: exact decimals, the lines that add up to them, and what was assumed.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
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
    def explain(self, /) -> str:
        """
        The lines, one sentence an assumption, and the price rows, for people.
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
class Decision(Result):
    """
    The answer to "may I?": `d.allowed`, `d["deny_messages"]`, `d.violations`, `d.code`, `d.to_json()`.

    True where the answer is yes; an approval that is missing is no yes.
    """
    def __bool__(self, /) -> bool: ...
    def _repr_html_(self, /) -> str: ...
    @property
    def allowed(self, /) -> bool:
        """
        Whether the answer is yes.
        """
    @property
    def code(self, /) -> str | None:
        """
        Why there is no complete evaluation, for example `policy.timeout`; `None` where there is one.
        """
    @property
    def decision(self, /) -> str:
        """
        `allow`, `require_approval` or `deny`.
        """
    @staticmethod
    def from_json(text: str) -> Decision:
        """
        Reads the wire form; such a decision has no input any more, so nothing can explain or log it.
        """

@final
class Extracted:
    """
    What a response body says of its call.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def assumptions(self, /) -> tuple[str, ...]:
        """
        Codes of whatever was assumed.
        """
    @property
    def complete(self, /) -> bool:
        """
        Whether the call ended; `False` for a stream that broke off.
        """
    @property
    def duration_ms(self, /) -> float | None:
        """
        How long the provider says it took.
        """
    @property
    def finish(self, /) -> str | None:
        """
        `stop`, `length`, `tool_calls`, `content_filter` or `error`.
        """
    @property
    def model(self, /) -> str | None:
        """
        The model that the body names.
        """
    @property
    def parts(self, /) -> list[Part]:
        """
        Parts to be priced one by one; empty when the whole is one part.
        """
    @property
    def provider(self, /) -> str | None:
        """
        The provider, given or recognised.
        """
    @property
    def region(self, /) -> str | None:
        """
        The serving region, when it is not the provider's default.
        """
    @property
    def reported_cost(self, /) -> decimal.Decimal | None:
        """
        What the provider says the call cost, in USD.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        The provider's id of the call.
        """
    @property
    def service_tier(self, /) -> str | None:
        """
        The served tier, normalised: `standard`, `batch`, `flex`, `priority`, `provisioned`.
        """
    @property
    def speed(self, /) -> str | None:
        """
        The provider's `speed` of the call, when it is not the standard one.
        """
    @property
    def usage(self, /) -> Usage:
        """
        All tokens of the call.
        """

@final
class Finding(Result):
    """
    A finding in canonical form: checked, redacted, with its identity. Frozen.
    """
    @staticmethod
    def from_json(text: str) -> Finding:
        """
        Reads the wire form.
        """

@final
class Findings:
    """
    A table of findings: `len(t)`, `t[0]`, `t[2:5]`, `for finding in t`. Frozen; a finding is made when it is asked for.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getitem__(self, index: Any, /) -> typing.Any: ...
    def __iter__(self, /) -> collections.abc.Iterator[Finding]: ...
    def __len__(self, /) -> int: ...
    def __new__(cls, /, findings: collections.abc.Iterable[Finding] | None = None) -> Findings:
        """
        A table of findings as they stand.
        """
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    def to_jsonl(self, /) -> str:
        """
        The table as JSON Lines, a line a finding.
        """

@final
class InferenceRecord:
    """
    What one inference cost, used and emitted. Frozen.

    A mapping of JSON-ready values (`record["unit_cost_usd"]`, `dict(record)`, `**record`), with the exact side as
    attributes: `record.cost.total` is a `Decimal`.
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> collections.abc.Iterator[str]: ...
    def __len__(self, /) -> int: ...
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    @staticmethod
    def _restore(text: str, metadata: typing.Any) -> InferenceRecord: ...
    @property
    def assumptions(self, /) -> tuple[str, ...]:
        """
        Codes of whatever was assumed: usage and price, then energy and carbon.
        """
    @property
    def at(self, /) -> datetime.datetime:
        """
        When the call ended, as an aware datetime.
        """
    @property
    def carbon(self, /) -> Result:
        """
        The operational carbon estimate, with embodied carbon and water where known.
        """
    @property
    def carbon_intensity_g_per_kwh(self, /) -> float:
        """
        Grams of CO2e per kilowatt-hour that the record was made with.
        """
    @property
    def carbon_intensity_g_per_kwh_exact(self, /) -> decimal.Decimal:
        """
        Grams of CO2e per kilowatt-hour, exactly.
        """
    @property
    def carbon_kg(self, /) -> float:
        """
        Operational carbon, as the nearest float.
        """
    @property
    def carbon_kg_exact(self, /) -> decimal.Decimal:
        """
        Operational carbon, exactly.
        """
    @property
    def complete(self, /) -> bool:
        """
        Whether the response was complete; `False` for a stream that broke off.
        """
    @property
    def compute_cost_usd(self, /) -> float | None:
        """
        The cost of the time it took as the nearest float; exactly: `record.cost.compute`.
        """
    @property
    def cost(self, /) -> Cost:
        """
        The cost: exact amounts, lines, and what was assumed.
        """
    @property
    def duration_ms(self, /) -> float | None:
        """
        How long the call took; `None` when not known.
        """
    @property
    def energy(self, /) -> Result:
        """
        The energy estimate: range, tier, method and data.
        """
    @property
    def energy_joules(self, /) -> float:
        """
        Energy at the facility, as the nearest float.
        """
    @property
    def energy_joules_exact(self, /) -> decimal.Decimal:
        """
        Energy at the facility, exactly.
        """
    @property
    def finish(self, /) -> str | None:
        """
        Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter` or `error`.
        """
    @staticmethod
    def from_json(text: str) -> InferenceRecord:
        """
        Reads the wire form.
        """
    def get(self, /, key: str, default: typing.Any = None) -> typing.Any:
        """
        The value of `key`, else `default`.
        """
    @property
    def input_cost_usd(self, /) -> float | None:
        """
        The prompt's cost as the nearest float; exactly: `record.cost.input`.
        """
    @property
    def input_tokens(self, /) -> int:
        """
        Uncached text of the prompt: the disjoint `input`.
        """
    def items(self, /) -> list[tuple[str, typing.Any]]:
        """
        Pairs of key and value.
        """
    def keys(self, /) -> list[str]:
        """
        The keys, in order.
        """
    @property
    def metadata(self, /) -> typing.Any:
        """
        The object that was given as `metadata`, itself.
        """
    @property
    def model(self, /) -> str:
        """
        The model, as the response named it.
        """
    @property
    def outcome(self, /) -> str:
        """
        How the call ended: `ok`, `error` or `cancelled`.
        """
    @property
    def output_cost_usd(self, /) -> float | None:
        """
        The completion's cost as the nearest float; exactly: `record.cost.output`.
        """
    @property
    def output_tokens(self, /) -> int:
        """
        Text produced, reasoning included.
        """
    @property
    def price_source(self, /) -> str | None:
        """
        Which price won: `custom`, `configured`, `provider`, `catalogue` or `default`.
        """
    @property
    def provider(self, /) -> str | None:
        """
        Who served it.
        """
    @property
    def region(self, /) -> str | None:
        """
        The serving region, when it was told.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        The id that the caller or the provider gave the call.
        """
    @property
    def requested_model(self, /) -> str | None:
        """
        The model that was asked for, when another.
        """
    @property
    def service_tier(self, /) -> str | None:
        """
        The served tier, when it was told.
        """
    @property
    def status(self, /) -> str:
        """
        How sure the price is: `priced`, `estimated`, `provider_reported` or `unpriced`.
        """
    @property
    def tags(self, /) -> dict[str, str]:
        """
        The tags that the call has.
        """
    @property
    def timestamp(self, /) -> str:
        """
        When the call ended, RFC 3339 in UTC with milliseconds.
        """
    def to_json(self, /) -> str:
        """
        The wire form, `finops.inference/1`: exact amounts as text.
        """
    @property
    def total_tokens(self, /) -> int:
        """
        All tokens of prompt and completion.
        """
    @property
    def unit_cost_usd(self, /) -> float | None:
        """
        The sum of all lines as the nearest float; exactly: `record.cost.total`.
        """
    @property
    def usage(self, /) -> Usage:
        """
        Every token and counter, in buckets that never overlap.
        """
    def values(self, /) -> list[typing.Any]:
        """
        The values, in order of the keys.
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
class Meter:
    """
    Counts the joules of this machine since it was opened. As a context manager it stops on exit.

    A thread samples the counters often enough that none wraps unnoticed; `stop` takes a last sample.
    """
    def __enter__(self, /) -> Meter: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None: ...
    def __repr__(self, /) -> str: ...
    @property
    def devices(self, /) -> tuple[str, ...]:
        """
        The counted domains or GPUs.
        """
    @property
    def meter(self, /) -> str:
        """
        `rapl` or `nvml`.
        """
    def read(self, /) -> Result:
        """
        Joules since the meter was opened: `measured_joules`, what had to be filled, what is unknown, and each device.

        Raises `MeterError` when the meter cannot be read.
        """
    def stop(self, /) -> Result:
        """
        Takes a last sample, stops the thread and returns the reading.
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
class Part:
    """
    One model or pass of a body that names several.
    """
    def __repr__(self, /) -> str: ...
    @property
    def model(self, /) -> str | None:
        """
        The model of this part; `None`: that of the body.
        """
    @property
    def usage(self, /) -> Usage:
        """
        Its usage.
        """

@final
class PolicyCheck(Result):
    """
    The answer of the guardrails: `c.action`, `c.policy_name`, `c.reason`, `c.failed`, `c.details`. True where it is yes.
    """
    def __bool__(self, /) -> bool: ...
    @property
    def action(self, /) -> PolicyAction:
        """
        What the deciding check demands, as a `PolicyAction`.
        """
    @property
    def details(self, /) -> dict[str, typing.Any]:
        """
        Everything about the deciding check: also `path` of a malformed value, `next_open` of the change window.
        """
    @staticmethod
    def from_json(text: str) -> PolicyCheck:
        """
        Reads the wire form.
        """
    @property
    def policy_name(self, /) -> str:
        """
        The check that decides; `all_checks` where none failed.
        """
    @property
    def reason(self, /) -> str:
        """
        The sentence of the deciding check.
        """

@final
class Report(Result):
    """
    A report: `r.totals.realized`, `r["kpis"]`, `r.to_json()`, `r.to_markdown()`, `r.to_html()`; `save` writes a file.

    The same events and inputs give the same bytes, in any order.
    """
    @property
    def issued(self, /) -> dict[str, typing.Any]:
        """
        The data of `report.issued`: kind, period, size of the log, and the SHA-256 of `to_json()`.
        """
    @property
    def label(self, /) -> str:
        """
        The week or month, for example `2026-W12`.
        """
    def save(self, /, path: str | os.PathLike[str]) -> None:
        """
        Writes the report in the form that the suffix of `path` names: `.json`, `.md` or `.html`.
        """
    def to_html(self, /) -> str:
        """
        One HTML file without script and network.
        """
    def to_json(self, /) -> str:
        """
        Canonical JSON: complete, money as text. Its SHA-256 is what `report.issued` records.
        """
    def to_markdown(self, /) -> str:
        """
        CommonMark with tables.
        """

@final
class Reservation:
    """
    A hold on every budget that covers a call.

    As a context manager it is released on exit unless it was settled.
    """
    def __enter__(self, /) -> Reservation: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None: ...
    def __repr__(self, /) -> str: ...
    @property
    def expires(self, /) -> datetime.datetime:
        """
        When the hold is freed unless settled.
        """
    @property
    def id(self, /) -> str:
        """
        The id to settle with.
        """
    @property
    def level(self, /) -> str:
        """
        `ok`, or `warn` once a budget reaches its lowest threshold.
        """
    def release(self, /, *, at: datetime.datetime | str | int | float | None = None) -> None:
        """
        Frees the hold and charges nothing; may be repeated.
        """
    def settle(self, /, usd: decimal.Decimal | int | str | None = None, *, tokens: typing.SupportsIndex | None = None, joules: decimal.Decimal | int | float | str | None = None, grams_co2e: decimal.Decimal | int | float | str | None = None, at: datetime.datetime | str | int | float | None = None) -> Settlement:
        """
        Frees the hold and charges what was spent.
        """

@final
class Resolved:
    """
    An offering that was found by name.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def assumptions(self, /) -> tuple[str, ...]:
        """
        Codes of whatever was assumed.
        """
    @property
    def match(self, /) -> str:
        """
        How it was matched: `exact`, `alias`, `case_insensitive`, `provider_prefix`, `fine_tuned` or `date_suffix`.
        """
    @property
    def model(self, /) -> str:
        """
        The provider's name for it.
        """
    @property
    def provider(self, /) -> str:
        """
        Who sells it.
        """
    @property
    def status(self, /) -> str:
        """
        `estimated` for an unlisted snapshot, else `priced`.
        """

@final
class ResourceMonitor:
    """
    Meters every inference and training run: exact cost, energy and carbon of each, exact totals of all.

    Safe to share between threads and tasks. Reads the environment once, here; a constructor argument wins over it.

    >>> monitor = finops.ResourceMonitor()
    >>> record = monitor.log_inference("gpt-4o-mini", 30, 0, 5)
    >>> record.cost.total
    Decimal('0.0000045')
    """
    def __new__(cls, /, *, cost_per_1k_input_tokens: decimal.Decimal | int | float | str | None = None, cost_per_1k_output_tokens: decimal.Decimal | int | float | str | None = None, compute_cost_per_hour: decimal.Decimal | int | float | str | None = None, energy_wh_per_1k_tokens: decimal.Decimal | int | float | str | None = None, carbon_intensity_g_per_kwh: decimal.Decimal | int | float | str | None = None, gpu_power_kw: decimal.Decimal | int | float | str | None = None, cost_per_1k_cached_input_tokens: decimal.Decimal | int | float | str | None = None, models: collections.abc.Iterable[ModelPrice] | None = None, prices: Catalogue | None = None, use_catalogue: bool | None = None, strict: bool | None = None, tags: collections.abc.Iterable[str] | None = None, tag_aliases: collections.abc.Mapping[str, str] | None = None, max_records: typing.SupportsIndex | None = None, max_groups: typing.SupportsIndex | None = None, max_unknown_models: typing.SupportsIndex | None = None, budgets: Budgets | None = None, energy_method: typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None = None, energy_boundary: typing.Literal['facility', 'it'] | None = None, wh_per_1k: collections.abc.Mapping[str, typing.Any] | str | None = None, region: str | None = None, pue: typing.Any = None, grid: typing.Any = None, model_params: collections.abc.Mapping[str, typing.Any] | None = None, batch: typing.Any = None, bits: typing.Any = None, wue_datacentre: typing.Any = None, wue_grid: typing.Any = None, on_unknown: typing.Literal['error', 'world'] | None = None, clock: collections.abc.Callable[[], datetime.datetime | str | int | float] | None = None, env: collections.abc.Mapping[str, str] | None = None) -> ResourceMonitor:
        """
        Every argument is optional; an environment variable of the same name in capitals stands behind the first five.
        """
    def __repr__(self, /) -> str: ...
    def _sink_step(self, /, write: collections.abc.Callable[[list[typing.Any]], object], batch: typing.SupportsIndex) -> bool: ...
    @property
    def carbon_intensity_g_per_kwh(self, /) -> float:
        """
        Grams of CO2e per kilowatt-hour; may follow the live grid.
        """
    @carbon_intensity_g_per_kwh.setter
    def carbon_intensity_g_per_kwh(self, /, value: Any) -> None: ...
    @property
    def compute_cost_per_hour(self, /) -> float:
        """
        USD per hour of compute. Assigning adds it to every model.
        """
    @compute_cost_per_hour.setter
    def compute_cost_per_hour(self, /, value: Any) -> None: ...
    @property
    def config(self, /) -> dict[str, typing.Any]:
        """
        The exact value of each number, and where it came from.
        """
    @property
    def cost_per_1k_input_tokens(self, /) -> float:
        """
        USD per 1,000 input tokens, for models without a price. Assigning makes it win over the catalogue.
        """
    @cost_per_1k_input_tokens.setter
    def cost_per_1k_input_tokens(self, /, value: Any) -> None: ...
    @property
    def cost_per_1k_output_tokens(self, /) -> float:
        """
        USD per 1,000 output tokens, for models without a price. Assigning makes it win over the catalogue.
        """
    @cost_per_1k_output_tokens.setter
    def cost_per_1k_output_tokens(self, /, value: Any) -> None: ...
    def drain(self, /, max: typing.SupportsIndex | None = None) -> list[InferenceRecord | TrainingRecord]:
        """
        Takes the records that were not taken yet, oldest first: each is handed out once.
        """
    @property
    def energy_wh_per_1k_tokens(self, /) -> float:
        """
        Watt-hours per 1,000 tokens.
        """
    @energy_wh_per_1k_tokens.setter
    def energy_wh_per_1k_tokens(self, /, value: Any) -> None: ...
    def estimate(self, /, model: str, input_tokens: typing.SupportsIndex, max_output_tokens: typing.SupportsIndex | None = None, *, provider: str | None = None, service_tier: str | None = None, at: datetime.datetime | str | int | float | None = None) -> Cost:
        """
        What a call would cost at most, before it is made; nothing is recorded.
        """
    def get_metrics(self, /, limit: typing.SupportsIndex | None = None, *, type: typing.Literal['inference', 'training'] | None = None, model: str | None = None, since: datetime.datetime | str | int | float | None = None) -> list[InferenceRecord | TrainingRecord]:
        """
        Records of the ring, oldest first; at most the newest `limit`. Reading does not drain.
        """
    @property
    def gpu_power_kw(self, /) -> float:
        """
        Kilowatts of one GPU in training.
        """
    @gpu_power_kw.setter
    def gpu_power_kw(self, /, value: Any) -> None: ...
    def log_batch(self, /, model: str | collections.abc.Iterable[str] | typing.Any, input_tokens: typing.Any, output_tokens: typing.Any, duration_ms: typing.Any = None, *, provider: str | None = None, at: datetime.datetime | str | int | float | None = None) -> BatchResult:
        """
        Logs many calls at once, in columns: buffers (NumPy, `array`), sequences or Arrow. A batch makes totals, no records.

        `model` is one name or a column of names. A bad row is reported in `errors`, and the others are logged.
        """
    def log_inference(self, /, model: str, input_tokens: typing.SupportsIndex, output_tokens: typing.SupportsIndex, duration_ms: float | int | decimal.Decimal | None, metadata: typing.Any = None, *, provider: str | None = None, usage: Usage | None = None, cache_read_tokens: typing.SupportsIndex | None = None, cache_write_tokens: typing.SupportsIndex | None = None, cache_write_1h_tokens: typing.SupportsIndex | None = None, reasoning_tokens: typing.SupportsIndex | None = None, service_tier: str | None = None, region: str | None = None, request_id: str | None = None, outcome: typing.Literal['ok', 'error', 'cancelled'] | None = None, finish: str | None = None, trace: collections.abc.Mapping[str, typing.Any] | None = None, at: datetime.datetime | str | int | float | None = None, reservation: Reservation | str | None = None) -> InferenceRecord:
        """
        Logs an inference and returns its record.

        Token counts are disjoint: `input_tokens` excludes cached tokens. `metadata` is kept by reference. A known
        `request_id` with the same usage returns the first record. Raises `UsageError` for counts, durations and names
        that are none; then nothing is recorded.
        """
    def log_response(self, /, response: typing.Any, *, provider: str | None = None, model: str | None = None, duration_ms: float | int | decimal.Decimal | None = None, metadata: typing.Any = None, service_tier: str | None = None, region: str | None = None, request_id: str | None = None, outcome: typing.Literal['ok', 'error', 'cancelled'] | None = None, trace: collections.abc.Mapping[str, typing.Any] | None = None, at: datetime.datetime | str | int | float | None = None, reservation: Reservation | str | None = None) -> InferenceRecord:
        """
        Logs what a response body says: a dict, an SDK object, or JSON as text or bytes.

        The body's model is recorded; `model` is the requested one, priced where the body names none. Raises `UsageError`
        for a body without usage, never records a silent zero.
        """
    def log_training(self, /, model: str, duration_hours: float | int | decimal.Decimal, gpu_count: typing.SupportsIndex | None = None, metadata: typing.Any = None, *, gpu_power_kw: decimal.Decimal | int | float | str | None = None, at: datetime.datetime | str | int | float | None = None) -> TrainingRecord:
        """
        Logs a training run: hours times GPUs times the hourly rate.
        """
    def merge(self, /, other: ResourceMonitor) -> None:
        """
        Adds the totals of another monitor; its records stay there.
        """
    def openmetrics(self, /) -> str:
        """
        The metrics as OpenMetrics 1.0 text.
        """
    def reserve(self, /, model: str, input_tokens: typing.SupportsIndex, max_output_tokens: typing.SupportsIndex, *, metadata: typing.Any = None, ttl_s: float = 600.0, provider: str | None = None) -> Reservation:
        """
        Holds the estimate of a call in every budget that covers its tags; log the call with `reservation=` to settle.

        Raises `BudgetExceeded` when a hard budget has too little left.
        """
    def reset_metrics(self, /) -> None:
        """
        Clears records, roll-ups, request ids and `dropped`; configuration, budgets and sinks stay.
        """
    def restore(self, /, text: str) -> None:
        """
        Takes totals and counters from a snapshot in place of its own.
        """
    def set_grid(self, /, grid: decimal.Decimal | int | float | str | collections.abc.Mapping[str, typing.Any] | Result) -> None:
        """
        Takes a grid intensity for later calls: g/kWh, a range, or what `carbon.intensity` and `feeds.parse` returned.
        """
    def set_price(self, /, price: ModelPrice) -> None:
        """
        Sets the user's price of a model for later calls.
        """
    def snapshot(self, /) -> str:
        """
        Totals and counters as text, for `restore`. Records are not in it: drain them.
        """
    def start_sink(self, /, write: collections.abc.Callable[[list[InferenceRecord | TrainingRecord]], object], *, every_s: float = 1.0, batch: typing.SupportsIndex = 1000) -> None:
        """
        Starts one daemon thread that drains records and calls `write(list)` every so many seconds.

        A failed batch is retried once before newer ones, then counted in `stats().sink_errors` and `.dropped`.
        """
    def stats(self, /) -> Stats:
        """
        Counters and table lengths.
        """
    def stop_sink(self, /) -> None:
        """
        Stops the sink thread after everything was written. Without a sink it does nothing.
        """
    def stream(self, /, provider: str | None = None, *, model: str | None = None, request_id: str | None = None, metadata: typing.Any = None) -> StreamMeter:
        """
        Meters a streamed response: `push` its events, or `wrap` its iterator; `finish` logs the call.
        """
    def summary(self, /, group_by: collections.abc.Iterable[str] | None = None, *, where: collections.abc.Mapping[str, str | None] | None = None) -> list[SummaryRow]:
        """
        Exact totals by any of `provider`, `model`, `status` and the tags; `where` keeps groups with these values.
        """
    def to_arrow(self, /) -> ArrowTable:
        """
        The records of the ring as an Arrow table: `pyarrow.table(monitor.to_arrow())`, polars, DuckDB.

        Money is exact: decimals with twelve digits behind the point.
        """

@disjoint_base
class Result:
    """
    A frozen result: `r.energy.central`, `r["energy_joules"]`, `dict(r)`, `r.to_json()`.

    Equal to any mapping with the same items, hashable, picklable, and a `collections.abc.Mapping`.
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __copy__(self, /) -> typing.Self:
        """
        Itself: it never changes.
        """
    def __deepcopy__(self, /, memo: object) -> typing.Self:
        """
        Itself: it never changes.
        """
    def __dir__(self, /) -> list[str]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getattr__(self, name: str, /) -> typing.Any: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> collections.abc.Iterator[str]: ...
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
class Settlement:
    """
    What settling changed.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def events(self, /) -> list[str]:
        """
        Thresholds that this crossed, `id:threshold`.
        """
    @property
    def late(self, /) -> bool:
        """
        Whether the hold had expired.
        """
    @property
    def overrun(self, /) -> decimal.Decimal:
        """
        What was spent beyond the hold.
        """
    @property
    def released(self, /) -> decimal.Decimal:
        """
        What the hold had too much; 0 when late.
        """
    @property
    def unit(self, /) -> str:
        """
        The unit of the two: `usd` when money was given.
        """

@final
class Sketch:
    """
    Quantiles of integers within 1/128, the same on every platform; mergeable.

    >>> sketch = finops.Sketch()
    >>> for ms in (12, 15, 900):
    ...     sketch.add(ms)
    >>> sketch.quantile(0.5)
    15
    """
    def __len__(self, /) -> int:
        """
        How many values were counted.
        """
    def __new__(cls, /) -> Sketch: ...
    def __repr__(self, /) -> str: ...
    def add(self, /, value: typing.SupportsIndex, count: typing.SupportsIndex | None = None) -> None:
        """
        Counts `value` as often as `count` says.
        """
    @staticmethod
    def bucket(value: typing.SupportsIndex) -> int:
        """
        The bucket of a value.
        """
    def merge(self, /, other: Sketch) -> None:
        """
        Adds everything that `other` counted.
        """
    def quantile(self, /, q: SupportsFloat | SupportsIndex) -> int | None:
        """
        The value at rank `ceil(q * n)`; `None` when nothing was counted.
        """
    @staticmethod
    def representative(bucket: typing.SupportsIndex) -> int:
        """
        The value that stands for a bucket.
        """

@final
class Stats:
    """
    Counters of a monitor and the lengths of its tables.
    """
    def __repr__(self, /) -> str: ...
    @property
    def dropped(self, /) -> int:
        """
        Records overwritten before a drain, or given up by a sink.
        """
    @property
    def errors(self, /) -> int:
        """
        Those that failed or were given up.
        """
    @property
    def groups(self, /) -> int:
        """
        Groups of the roll-up.
        """
    @property
    def names(self, /) -> int:
        """
        Model names shared by records.
        """
    @property
    def records(self, /) -> int:
        """
        Records in the ring.
        """
    @property
    def request_ids(self, /) -> int:
        """
        Request ids remembered.
        """
    @property
    def requests(self, /) -> int:
        """
        Runs metered since the last reset.
        """
    @property
    def sink_errors(self, /) -> int:
        """
        Batches that a sink could not write.
        """
    @property
    def undrained(self, /) -> int:
        """
        Records that wait for a drain.
        """
    @property
    def unknown_models(self, /) -> int:
        """
        Names of unresolved models with a group of their own.
        """

@final
class StreamMeter:
    """
    Meters one streamed response: `push` events or `wrap` their iterator, then `finish`.

    As a context manager it finishes on exit; when the body raised, what had been reported by then is logged.

    >>> with monitor.stream("openai") as meter:  # doctest: +SKIP
    ...     for chunk in meter.wrap(client.chat.completions.create(..., stream=True)):
    ...         print(chunk)
    >>> meter.record.cost.total  # doctest: +SKIP
    """
    def __enter__(self, /) -> StreamMeter: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None: ...
    def __repr__(self, /) -> str: ...
    def finish(self, /, *, duration_ms: float | int | decimal.Decimal | None = None, outcome: typing.Literal['ok', 'error', 'cancelled'] | None = None, at: datetime.datetime | str | int | float | None = None) -> InferenceRecord:
        """
        Logs the call and returns its record. Raises `StreamError` when the stream reported no usage.

        Without `duration_ms` the duration is not known, unless the stream tells it: the time until now would hold
        whatever the caller did with the events.
        """
    def push(self, /, event: typing.Any) -> None:
        """
        Takes one event: a dict, an SDK object, or text or bytes of the stream, cut anywhere.
        """
    @property
    def record(self, /) -> InferenceRecord | None:
        """
        The record, once the call was logged.
        """
    def wrap(self, /, stream: typing.Any) -> typing.Any:
        """
        Passes on what an iterator, or an asynchronous one, yields, and meters it.
        """

@final
class SummaryRow:
    """
    Totals of the calls that share a key. Frozen; a mapping of JSON-ready values.

    The key's fields come first (`row["team"]`, also `row.team`), then totals and quantiles.
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getattr__(self, name: str, /) -> typing.Any: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> collections.abc.Iterator[str]: ...
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def carbon_kg(self, /) -> float | None:
        """
        Operational carbon.
        """
    @property
    def cost_usd(self, /) -> decimal.Decimal | None:
        """
        Money of the priced calls, exactly; `None` when none is priced. `row["cost_usd"]` is the nearest float.
        """
    @property
    def energy_joules(self, /) -> float | None:
        """
        Energy.
        """
    @property
    def errors(self, /) -> int:
        """
        Calls that failed.
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
    @property
    def requests(self, /) -> int:
        """
        Calls.
        """
    def to_json(self, /) -> str:
        """
        The wire form: money as text.
        """
    @property
    def total_tokens(self, /) -> int:
        """
        Prompt and completion tokens.
        """
    @property
    def unpriced(self, /) -> int:
        """
        Calls without a price; `cost_usd` does not hold them.
        """
    def values(self, /) -> list[typing.Any]:
        """
        The values.
        """

@final
class TestReport(Result):
    """
    A run of unit tests: `r.passed`, `r.results`, `r.junit()`, `r.sarif()`.
    """
    def github(self, /) -> str:
        """
        Annotations of GitHub Actions, one a line.
        """
    def junit(self, /) -> str:
        """
        JUnit XML.
        """
    def sarif(self, /) -> str:
        """
        SARIF 2.1.0 as JSON text.
        """

@final
class TrainingRecord:
    """
    What one training run cost, used and emitted. Frozen; a mapping like [`InferenceRecord`].
    """
    def __contains__(self, key: Any, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __getitem__(self, key: str, /) -> typing.Any: ...
    def __hash__(self, /) -> int: ...
    def __iter__(self, /) -> collections.abc.Iterator[str]: ...
    def __len__(self, /) -> int: ...
    def __reduce__(self, /) -> tuple[typing.Any, ...]: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    @staticmethod
    def _restore(text: str, metadata: typing.Any) -> TrainingRecord: ...
    @property
    def assumptions(self, /) -> tuple[str, ...]:
        """
        Codes of whatever was assumed about energy and carbon.
        """
    @property
    def at(self, /) -> datetime.datetime:
        """
        When the run ended, as an aware datetime.
        """
    @property
    def carbon(self, /) -> Result:
        """
        The operational carbon estimate.
        """
    @property
    def carbon_intensity_g_per_kwh(self, /) -> float:
        """
        Grams of CO2e per kilowatt-hour that the record was made with.
        """
    @property
    def carbon_kg(self, /) -> float:
        """
        Operational carbon, as the nearest float.
        """
    @property
    def carbon_kg_exact(self, /) -> decimal.Decimal:
        """
        Operational carbon, exactly.
        """
    @property
    def compute_cost_usd(self, /) -> float:
        """
        Hours times GPUs times the hourly rate, as the nearest float.
        """
    @property
    def compute_cost_usd_exact(self, /) -> decimal.Decimal:
        """
        Hours times GPUs times the hourly rate, exactly.
        """
    @property
    def cost(self, /) -> Cost:
        """
        The cost as a statement of one line; `estimated` at the default rate of 1 USD an hour.
        """
    @property
    def duration_hours(self, /) -> float:
        """
        How long it took, in hours.
        """
    @property
    def energy(self, /) -> Result:
        """
        The energy estimate: range, tier, method and data.
        """
    @property
    def energy_joules(self, /) -> float:
        """
        Energy at the facility, as the nearest float.
        """
    @property
    def energy_joules_exact(self, /) -> decimal.Decimal:
        """
        Energy at the facility, exactly.
        """
    @staticmethod
    def from_json(text: str) -> TrainingRecord:
        """
        Reads the wire form.
        """
    def get(self, /, key: str, default: typing.Any = None) -> typing.Any:
        """
        The value of `key`, else `default`.
        """
    @property
    def gpu_count(self, /) -> int:
        """
        On how many GPUs.
        """
    def items(self, /) -> list[tuple[str, typing.Any]]:
        """
        Pairs of key and value.
        """
    def keys(self, /) -> list[str]:
        """
        The keys, in order.
        """
    @property
    def metadata(self, /) -> typing.Any:
        """
        The object that was given as `metadata`, itself.
        """
    @property
    def model(self, /) -> str:
        """
        The model that was trained.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        Training runs have no request id.
        """
    @property
    def tags(self, /) -> dict[str, str]:
        """
        The tags that the run has.
        """
    @property
    def timestamp(self, /) -> str:
        """
        When the run ended, RFC 3339 in UTC with milliseconds.
        """
    def to_json(self, /) -> str:
        """
        The wire form, `finops.training/1`: exact amounts as text.
        """
    def values(self, /) -> list[typing.Any]:
        """
        The values, in order of the keys.
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
    def __new__(cls, /, input: typing.SupportsIndex | None = None, output: typing.SupportsIndex | None = None, **buckets: typing.SupportsIndex) -> Usage:
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
    @staticmethod
    def from_response(body: typing.Any, provider: str | None = None) -> Usage:
        """
        The usage that a response body reports; see `finops.extract`.
        """
    @property
    def image(self, /) -> int:
        """
        Images.
        """
    @staticmethod
    def inclusive(prompt: typing.SupportsIndex, completion: typing.SupportsIndex, cached: typing.SupportsIndex | None = None, cache_written: typing.SupportsIndex | None = None) -> Usage:
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

@final
class Verification(Result):
    """
    What a verification says: `v.ok`, `v.error`, `v.seq`, `v.size`, `v.root`, `v.anchored_up_to`, `v.unanchored_tail`, `v.gaps`.

    A holder of the secret can rewrite what is not anchored, and a missing tail shows only against an anchor:
    `anchored_up_to` says how far that is. True where nothing is wrong.
    """
    def __bool__(self, /) -> bool: ...
    @staticmethod
    def from_json(text: str) -> Verification:
        """
        Reads the wire form.
        """
    def raise_for_error(self, /) -> None:
        """
        Raises `LedgerError` with the code `ledger.verify.<error>` where something is wrong.
        """

@final
class _AllocationReport:
    """
    Rows summed by keys; `finops.AllocationReport` is made of it.
    """
    def count(self, /) -> int:
        """
        How many rows there are.
        """
    def currency(self, /) -> str:
        """
        The currency of every amount.
        """
    def result(self, /) -> Result:
        """
        Everything, in its wire form.
        """
    def rows(self, /, start: int, stop: int) -> list[Result]:
        """
        The rows from `start` to before `stop`.
        """
    def to_arrow(self, /) -> ArrowTable:
        """
        The rows as columns.
        """
    def to_csv(self, /, places: int) -> str:
        """
        Comma-separated values.
        """
    def to_json(self, /) -> str:
        """
        The wire form as text.
        """
    def to_markdown(self, /, places: int) -> str:
        """
        A table in Markdown.
        """

@final
class _AllocationSet:
    """
    Rows and assets of an allocation; `finops.AllocationSet` is made of it.
    """
    @staticmethod
    def accumulate(sets: list[_AllocationSet]) -> _AllocationSet:
        """
        The sum of the sets of several windows.
        """
    def aggregate(self, /, input: dict[str, typing.Any]) -> _AllocationReport:
        """
        Rows summed by `{by, filter}`.
        """
    def count(self, /) -> int:
        """
        How many rows there are.
        """
    def currency(self, /) -> str:
        """
        The currency of every amount.
        """
    def reconcile(self, /, input: dict[str, typing.Any]) -> _AllocationSet:
        """
        The same by `{bill, external}`.
        """
    def result(self, /) -> Result:
        """
        Everything, in its wire form.
        """
    def rows(self, /, start: int, stop: int) -> list[Result]:
        """
        The rows from `start` to before `stop`.
        """
    def to_arrow(self, /) -> ArrowTable:
        """
        The rows as columns.
        """
    def to_json(self, /) -> str:
        """
        The wire form as text.
        """

@final
class _Cluster:
    """
    A cluster in memory; `finops.ClusterInventory` is made of it.

    The lock is held for moments: what is read is read before it, and whoever allocates does so on a clone, which shares
    what it holds.
    """
    def add_prometheus(self, /, metric: str, answer: bytes | str, step_seconds: int) -> None:
        """
        Adds the answer of a Prometheus query for `metric`, bytes or text.
        """
    def allocate(self, /, input: dict[str, typing.Any]) -> _AllocationSet:
        """
        Divides what the cluster costs by `{config, prices}`.
        """
    def copy(self, /) -> _Cluster:
        """
        Another one with what this holds now.
        """
    def diagnostics(self, /) -> list[Result]:
        """
        What was left out or is odd.
        """
    @staticmethod
    def json(value: typing.Any, as_of: datetime.datetime | datetime.date | str | float | None) -> _Cluster:
        """
        Reads the summary form or the wire form from a Python value.
        """
    @staticmethod
    def kubernetes(documents: list[bytes | str], cluster: str, as_of: datetime.datetime | datetime.date | str | float | None) -> _Cluster:
        """
        Reads what `kubectl get -o json` prints, bytes or text.
        """
    def name(self, /) -> str:
        """
        The name of the cluster.
        """
    @staticmethod
    def text(document: bytes | str, as_of: datetime.datetime | datetime.date | str | float | None) -> _Cluster:
        """
        Reads the summary form or the wire form from JSON text.
        """
    def to_json(self, /) -> str:
        """
        The wire form as text.
        """

@disjoint_base
class _Engine:
    """
    Detects, guards, proposes and records; `finops.FinOpsEngine` is made of it.
    """
    def __new__(cls, /, options: dict[str, typing.Any]) -> typing.Self: ...
    def _evidence(self, /, opportunity: dict[str, typing.Any], sources: dict[str, bytes | str] | None, root: os.PathLike[str] | str | None) -> str:
        """
        Everything known about an opportunity as JSON text.
        """
    def _propose(self, /, request: dict[str, typing.Any], sources: dict[str, bytes | str] | None, root: os.PathLike[str] | str | None) -> str:
        """
        The changes of opportunities as JSON text.
        """
    def _run(self, /, inventories: list[typing.Any], reported: list[dict[str, typing.Any]], guardrails: _Guardrails, actor: str, as_of: datetime.datetime | str | float | None, ledger: _SavingsLedger | None, clusters: list[_Cluster | None]) -> tuple[Result, list[_Found]]:
        """
        One detection cycle: the report, and the opportunities in it. A cluster in memory stands for the inventory at its
        place.
        """

@disjoint_base
class _EventLog:
    """
    A log that proves what was appended to it; `finops.ledger.EventLog` is made of it.
    """
    def __enter__(self, /) -> typing.Self: ...
    def __exit__(self, /, exc_type: object = None, exc: object = None, traceback: object = None) -> None: ...
    def __new__(cls, /, origin: str, secret: str | None = None, previous: list[str] | None = None, ed25519_seed: str | None = None, environment: dict[str, str] | None = None, store: str | None = None, heartbeat_s: int | None = None, read_only: bool = False, four_eyes_above: typing.Any = None) -> typing.Self: ...
    def __repr__(self, /) -> str: ...
    def _page(self, /, after: int | None, limit: int) -> list[tuple[int, str, str, dict[str, typing.Any]]]:
        """
        At most `limit` records after `after`: sequence number, key id, tag, event.
        """
    def anchor(self, /, to: str) -> Result:
        """
        Signs a checkpoint, keeps it at `to` and records `log.anchored`. `to` is a file (for git or CI), ``-`` for standard
        output, or an address that takes a POST. Answers note, size, root, to and seq.
        """
    def append(self, /, kind: str, data: collections.abc.Mapping[str, typing.Any] | None, actor: str, id: str | None = None, at: datetime.datetime | str | None = None) -> int:
        """
        Records an event and answers its sequence number. A retry with the same `id`, `at` and data answers the number that
        the event has already.

        Money is `Decimal` or decimal text; a float is recorded by its shortest digits.
        """
    def append_many(self, /, events: collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]]) -> list[int]:
        """
        Records a batch, all or nothing: dicts with the arguments of `append`.
        """
    def append_nowait(self, /, kind: str, data: collections.abc.Mapping[str, typing.Any] | None, actor: str, id: str | None = None, at: datetime.datetime | str | None = None) -> None:
        """
        Records an event without waiting until it is durable; `flush` waits.
        """
    def checkpoint(self, /) -> str:
        """
        A checkpoint of the log as it stands: a signed note. Keep it where a holder of the secret cannot change it.
        """
    def close(self, /) -> None:
        """
        Ends writing: everything is durable, and a store has its last checkpoint. What is recorded can be read on.
        """
    def commit(self, /, value: str) -> dict[str, str]:
        """
        What to put into an event in place of personal data: `{"$commit": …}`. `redact` deletes the value later.
        """
    def export(self, /, path: str | os.PathLike[str]) -> int:
        """
        Writes the log as a file that `verify_log` and `verify_ledger.py` read, whole or not at all; answers the records.
        """
    def flush(self, /) -> None:
        """
        Waits until everything is durable; raises what became of events that nobody waited for.
        """
    @property
    def origin(self, /) -> str:
        """
        The name of the log.
        """
    def prove(self, /, seq: int, size: int | None = None) -> Result:
        """
        The proof that a record is in the tree of `size` records (all, when none is given); `inclusion(**proof)` checks it.
        """
    def prove_consistency(self, /, old: int, new: int | None = None) -> Result:
        """
        The proof that the first `old` records begin the first `new` ones; `consistency(**proof)` checks it.
        """
    def ratchet(self, /) -> int:
        """
        Goes on under the next epoch of the key: what lies before cannot be forged by who has only the state of after.
        """
    def rebuild(self, /) -> list[str]:
        """
        Writes the tables that follow from the log anew, and answers which.
        """
    def receipt(self, /, seq: int) -> str:
        """
        The receipt of a record, checked offline with `vkey` alone; `finops.ledger.receipt` checks it.
        """
    def redact(self, /, event_id: str, field: str, reason: str) -> int:
        """
        Deletes what a member hides and records that; every tag and proof stays valid.
        """
    def reveal(self, /, event_id: str, field: str) -> str | None:
        """
        The value that a member of an event hides; `None` when nothing, or when it was redacted. `field` is a JSON pointer into
        the event, such as `/data/email`.
        """
    def roll_up(self, /, note: str, vkeys: collections.abc.Iterable[str] | None = None) -> int:
        """
        Records size and root of another log by its checkpoint, which a secret of this log or one of `vkeys` must have
        signed. Answers the position of `log.rolled_up`.
        """
    @property
    def root(self, /) -> str:
        """
        The root of the tree over all records, in hexadecimal digits.
        """
    def rotate(self, /, new_secret: str) -> int:
        """
        Goes on under a new secret. Keep the old one in `SAVE_HMAC_SECRET_PREVIOUS` to verify what it sealed.
        """
    @property
    def size(self, /) -> int:
        """
        The number of records; record 0 is `log.created`.
        """
    def verify(self, /, anchors: collections.abc.Iterable[str | bytes | collections.abc.Mapping[str, typing.Any]] | None = None, vkeys: collections.abc.Iterable[str] | None = None) -> Verification:
        """
        Verifies every record, and that the log extends `anchors`: texts of checkpoints, or `{"size", "root"}`.
        """
    @property
    def vkey(self, /) -> str | None:
        """
        The verifier key for auditors; `None` without an Ed25519 seed.
        """

@final
class _Found:
    """
    A finding of a run, written out when somebody reads it.
    """
    def to_json(self, /) -> str:
        """
        The opportunity as JSON text.
        """

@disjoint_base
class _Guardrails:
    """
    Guardrails with their limits.
    """
    def __new__(cls, /, config: dict[str, typing.Any] | None = None) -> typing.Self: ...
    def as_rego(self, /, opportunity: typing.Any, daily_changes: typing.Any = None, now: datetime.datetime | str | float | types.EllipsisType | None = None) -> Result:
        """
        The same check in Rego, to read, to extend or to give to OPA: `{modules, data, input}`, package `finops.guardrails`.
        """
    def check_opportunity(self, /, opportunity: typing.Any, daily_changes: typing.Any = None, now: datetime.datetime | str | float | types.EllipsisType | None = None) -> PolicyCheck:
        """
        Checks one change against every guardrail; `daily_changes` are the changes already made.
        """
    @property
    def config(self, /) -> Result:
        """
        The limits in effect.
        """
    def update_policy(self, /, name: str, value: typing.Any) -> None:
        """
        Sets one limit; a refused value leaves the old one in force.
        """

@final
class _Intake:
    """
    Takes records into a table.
    """
    def __new__(cls, /, options: dict[str, typing.Any], strict: bool) -> typing.Self: ...
    def finish(self, /) -> tuple[Findings, list[int], str]:
        """
        The table, the places of its records in the input, and what there is to say besides as JSON text.
        """
    def piece(self, /, bytes: bytes) -> None:
        """
        The next bytes of JSON Lines.
        """
    def records(self, /, values: list[typing.Any]) -> None:
        """
        The next records.
        """
    def rest(self, /) -> None:
        """
        Nothing is left to do before the table is made.
        """

@disjoint_base
class _PolicyGate:
    """
    Answers "may I?" in this process.

    >>> import finops
    >>> gate = finops.PolicyGate()
    >>> d = gate.decide({"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}})
    >>> d.allowed, d["deny_messages"]
    (False, ['Unit cost 0.6 USD exceeds budget cap of 0.5 USD'])
    """
    def __new__(cls, /, options: dict[str, typing.Any] | None = None, bundle: str | os.PathLike[str] | bytes | dict[str, str] | None = None, environment: dict[str, str] | None = None) -> typing.Self: ...
    def __repr__(self, /) -> str: ...
    def decide(self, /, input: typing.Any, *, approvals: collections.abc.Iterable[typing.Any] | None = None, requester: str | None = None, now: datetime.datetime | str | float | types.EllipsisType | None = None, decision_id: str | None = None) -> Decision:
        """
        Decides one input. Never raises on the input: what is wrong with it is a reason to deny.
        """
    def decide_json(self, /, text: bytes | str, *, approvals: collections.abc.Iterable[typing.Any] | None = None, requester: str | None = None, now: datetime.datetime | str | float | types.EllipsisType | None = None, decision_id: str | None = None) -> Decision:
        """
        Decides one input given as JSON text; its numbers keep every digit.
        """
    def decide_many(self, /, inputs: collections.abc.Iterable[typing.Any], *, now: datetime.datetime | str | float | types.EllipsisType | None = None) -> list[Decision]:
        """
        Decides many inputs at one instant.
        """
    def decide_table(self, /, table: typing.Any, *, now: datetime.datetime | str | float | types.EllipsisType | None = None) -> ArrowTable:
        """
        Decides every row of an Arrow table: decision, allowed, code, rules, deny_messages, approval_messages, warn_messages.

        A column is a field of the input, a null cell a null, which never passes: leave out what nothing is known about.
        """
    def explain(self, /, decision: Result) -> Result:
        """
        Why a decision came out as it did: each rule with its operands, its limit and its outcome.
        """
    def impact(self, /, events: collections.abc.Iterable[str | bytes]) -> Result:
        """
        What this gate would have made of the events of a log: `{events, evaluated, changed, flips, added, removed, skipped}`.
        """
    def lint(self, /) -> Result:
        """
        The lint of the policies that are loaded: `{loads, errors, warnings, engine, engine_reasons}`.
        """
    def log_event(self, /, decision: Decision, labels: dict[str, str] | None = None) -> str:
        """
        The event of a decision in the form of OPA's decision log, masked, as JSON text that `replay` reads.
        """
    @property
    def opa_url(self, /) -> str | None:
        """
        The address of the OPA that decides in place of this process, if one does.
        """
    @property
    def policy_digest(self, /) -> str:
        """
        `sha256:<hex>` over configuration, schema and policies.
        """
    def reload(self, /, bundle: str | os.PathLike[str] | bytes | dict[str, str], data: dict[str, typing.Any] | None = None) -> Result:
        """
        Loads other policies. If they are refused, the last good ones stay in force and `status()` says why.
        """
    def replay(self, /, event: str | bytes) -> Result:
        """
        Decides an event of the log again: `{same, event}`.
        """
    def status(self, /) -> Result:
        """
        `{revision, loaded_at, last_error}`.
        """
    def test(self, /, coverage: bool = False) -> TestReport:
        """
        Runs the unit tests of the policies that are loaded; without any, those of the default policy.
        """

@final
class _RecordStream:
    """
    Judges records one by one and holds none.
    """
    def __new__(cls, /, options: dict[str, typing.Any], any_mode: bool) -> typing.Self: ...
    def piece(self, /, bytes: bytes) -> list[tuple[int, Finding | None, str]]:
        """
        The next bytes of JSON Lines: place, finding or nothing, and warnings or errors as JSON text.
        """
    def records(self, /, values: list[typing.Any]) -> list[tuple[int, Finding | None, str]]:
        """
        The next records.
        """
    def rest(self, /) -> list[tuple[int, Finding | None, str]]:
        """
        The last line, where no line feed ends it.
        """

@disjoint_base
class _SavingsLedger:
    """
    What happened to every opportunity and what it saved; `finops.ledger.SavingsLedger` is made of it.
    """
    def __new__(cls, /, log: _EventLog | None = None, four_eyes_above: typing.Any = None) -> typing.Self: ...
    def __repr__(self, /) -> str: ...
    def _add(self, /, fields: collections.abc.Mapping[str, typing.Any], actor: str, at: datetime.datetime | str | None, again: bool) -> dict[str, typing.Any] | None:
        """
        Records an item and answers its fields; with `again`, fresh figures for the one that is open: then there may be
        nothing to record.
        """
    def _baseline(self, /, id: str) -> dict[str, typing.Any] | None:
        """
        The fields of a frozen baseline; `None` where there is none.
        """
    def _freeze(self, /, fields: collections.abc.Mapping[str, typing.Any], actor: str, at: datetime.datetime | str | None) -> Result:
        """
        Freezes a baseline.
        """
    def _issue(self, /, report: Report, actor: str, at: datetime.datetime | str | None) -> Result:
        """
        Records that a report was issued; a store with tables keeps its JSON.
        """
    def _item(self, /, id: str) -> dict[str, typing.Any] | None:
        """
        The fields of an item; `None` where there is none.
        """
    def _items(self, /, status: str | None) -> list[dict[str, typing.Any]]:
        """
        The fields of the items in a state, by detection; of all items by id, without one.
        """
    def _measure(self, /, id: str, measurement: collections.abc.Mapping[str, typing.Any], baseline_id: str | None, actor: str, at: datetime.datetime | str | None) -> Result:
        """
        Measures an item and records the row with its verdict; `status` is `unknown` with its `reason` where nothing can be
        said.
        """
    def _record(self, /, kind: str, data: dict[str, typing.Any], actor: str, at: datetime.datetime | str | None) -> Result:
        """
        Records an event of `kind`: sequence number, id, kind, data.
        """
    def _report(self, /, label: str, inputs: collections.abc.Mapping[str, typing.Any] | None) -> Report:
        """
        The report of a label.
        """
    def due(self, /, now: datetime.datetime | str | float | None = None) -> dict[str, str]:
        """
        What is due at `now`: `expire`, `verify` or `close`, by id.
        """
    def get_savings_by_cluster(self, /, currency: str | None = None) -> dict[str, decimal.Decimal]:
        """
        What verified items saved by cluster; items without one are `unallocated`.
        """
    def get_savings_by_team(self, /, currency: str | None = None) -> dict[str, decimal.Decimal]:
        """
        What verified items saved by team, keys sorted; items without one are `unallocated`.
        """
    def get_savings_by_type(self, /, currency: str | None = None) -> dict[str, decimal.Decimal]:
        """
        What verified items saved by type.
        """
    def get_total_estimated_savings(self, /, gross: bool = False, currency: str | None = None) -> decimal.Decimal:
        """
        Estimated savings per 730-hour month of open, implemented and verified items, netted so that nothing counts twice;
        `gross` is their plain sum. With `currency`, converted by the rates of the log.
        """
    def get_total_realized_savings(self, /, currency: str | None = None) -> decimal.Decimal:
        """
        What verified items saved.
        """
    def nets(self, /) -> Result:
        """
        What counts of each estimate, and why it is not all of it: `{id: {"net", "reason"}}`.
        """
    def refused(self, /) -> list[tuple[int, str, str]]:
        """
        Events of the log that changed nothing: sequence number, code, message.
        """

def apportion(rows: collections.abc.Mapping[str, decimal.Decimal | int | str], places: typing.SupportsIndex) -> Apportioned:
    """
    Rounds every row so that the rows add up to the rounded total; the order of the rows changes nothing.

    >>> finops.apportion({"a": "1.5", "b": "1.5"}, 0)
    {'rows': {'a': '2', 'b': '1'}, 'total': '3'}
    """

def call_facts(records: collections.abc.Iterable[InferenceRecord | TrainingRecord | collections.abc.Mapping[str, typing.Any]]) -> str:
    """
    What an inventory of AI workloads keeps of records, as JSON text; those of training runs are left out.
    """

def call_signals(records: collections.abc.Iterable[InferenceRecord | TrainingRecord | collections.abc.Mapping[str, typing.Any]], *, candidates: collections.abc.Mapping[str, collections.abc.Sequence[str]] | None = None, config: collections.abc.Mapping[str, int] | None = None) -> list[CallSignal]:
    """
    Signs of waste in calls: failures, retries, truncations, loops, repeats, uncached prefixes, dearer models.

    `records` are inference records or mappings; `candidates` names cheaper models to compare with, by model.
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

def change_commit(change: str, folder: os.PathLike[str] | str, base: str) -> Result:
    """
    Writes a change as a branch with one commit into the local repository that holds `folder`; nothing is pushed.
    """

def change_open(change: str, token: str, repository: str, base: str, api_url: str) -> tuple[int, str]:
    """
    Opens a pull request for a change whose branch is on the service already: its number and page.
    """

def change_write(change: str, folder: os.PathLike[str] | str) -> list[str]:
    """
    Writes a change below a folder and answers the files.
    """

def cluster_queries(window_seconds: int, step_seconds: int) -> list[Result]:
    """
    The query that each metric expects.
    """

def cost(model: str, usage: Usage | collections.abc.Mapping[str, typing.SupportsIndex], *, provider: str | None = None, at: datetime.datetime | str | int | float | None = None, service_tier: str | None = None, region: str | None = None, on_unknown: typing.Literal['raise', 'null'] = "raise") -> Cost:
    """
    The exact cost of a call at the catalogue's price; nothing is recorded.

    `usage` is a `Usage`, or a mapping of its buckets. An unknown model raises `PriceError`, or with
    `on_unknown="null"` gives a cost whose amounts are `None`.
    """

def estimate_inference(*, model: str, input_tokens: typing.SupportsIndex, output_tokens: typing.SupportsIndex, cache_read_tokens: typing.SupportsIndex | None = None, cache_write_tokens: typing.SupportsIndex | None = None, duration_ms: decimal.Decimal | int | float | str | None = None, tokens_per_s: decimal.Decimal | int | float | str | None = None, time_to_first_token_s: decimal.Decimal | int | float | str | None = None, region: str | None = None, energy_method: typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None = None, energy_wh_per_1k_tokens: typing.Any = None, wh_per_1k: typing.Any = None, energy_boundary: typing.Literal['facility', 'it'] | None = None, params: typing.Any = None, batch: typing.Any = None, bits: typing.Any = None, pue: typing.Any = None, grid: typing.Any = None, wue_datacentre: typing.Any = None, wue_grid: typing.Any = None, at: datetime.datetime | str | int | float | None = None, measured_joules: decimal.Decimal | int | float | str | None = None) -> Result:
    """
    Energy and carbon of one call, without a monitor.

    Without configuration these are the flat defaults, marked `assumed`. Token classes are disjoint, as in `Usage`.

    >>> impact = finops.carbon.estimate_inference(model="gpt-4o", input_tokens=1000, output_tokens=500)
    >>> impact["carbon_kg"], impact.energy.high
    (0.0003, 27000.0)
    """

def estimate_inference_batch(table: typing.Any, *, model: str | None = None, region: str | None = None, energy_method: typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None = None) -> ArrowTable:
    """
    Energy and carbon of many calls: an Arrow table in, an Arrow table out, row by row.

    Columns `input_tokens` and `output_tokens`, and where there are any `cache_read_tokens`, `cache_write_tokens`,
    `duration_ms` and `model`. A bad row is null in the result and says why in `error`; the others are kept.
    """

def extract(body: typing.Any, *, provider: str | None = None, model: str | None = None) -> Extracted:
    """
    Reads the usage of a response: a dict, an SDK object, or JSON as text or bytes.

    `model` stands where the body names none. Raises `UsageError`, never gives a silent zero.
    """

def extract_stream(events: typing.Any, *, provider: str | None = None, model: str | None = None, request_id: str | None = None) -> Extracted:
    """
    Reads a whole recorded stream: an iterable of events, or its text.

    To meter a live call use `ResourceMonitor.stream`.
    """

def findings_canonical(finding: Finding) -> bytes:
    """
    The canonical bytes of a finding.
    """

def findings_combine(table: Findings) -> str:
    """
    What the findings of a table are worth together as JSON text.
    """

def findings_content_hash(table: Findings) -> str:
    """
    The content hash of a table, whatever its order.
    """

def findings_totals(table: Findings) -> str:
    """
    The sums of a table by currency as JSON text.
    """

def ledger_baseline(fields: collections.abc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """
    Every field of a baseline, checked; `finops.ledger.CostBaseline` calls it.
    """

def ledger_call(group: str, members: dict[str, typing.Any]) -> typing.Any:
    """
    Computes `group` from its members; the functions of `finops.ledger` call it.

    Absent and `None` are the same at the top. Values are read as JSON, floats as floats.
    """

def ledger_groups() -> list[str]:
    """
    The names of every computation.
    """

def ledger_opportunity(fields: collections.abc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """
    Every field of an opportunity, checked; `finops.ledger.Opportunity` calls it.
    """

def nvml() -> Meter:
    """
    Opens the energy counters of NVIDIA's GPUs; their library is loaded now.

    Raises `MeterError`: `meter.unavailable` without the library, its driver or a GPU; `meter.permission`.
    """

def otel_attributes(record: InferenceRecord, *, aliases: bool = False) -> dict[str, typing.Any]:
    """
    The OpenTelemetry GenAI attributes of a record; with `aliases` also names that other tools read.

    `gen_ai.usage.input_tokens` is the inclusive prompt count, as the convention demands.
    """

def policy_builtin(config: dict[str, typing.Any] | None = None) -> dict[str, typing.Any]:
    """
    The default policy as Rego: `{"modules": {name: text}, "data": {...}}`, its thresholds being those of `config`.

    Its unit tests come along where the thresholds are the defaults: they are theirs.
    """

def policy_call(kind: str, members: dict[str, typing.Any]) -> Result:
    """
    Computes `kind` from its members; the functions of `finops.policy` call it.
    """

def policy_kinds() -> list[str]:
    """
    The names of every computation.
    """

def prices() -> Catalogue:
    """
    The compiled price catalogue.
    """

def rapl(root: str | os.PathLike[str] | None = None) -> Meter:
    """
    Opens the RAPL counters of processors and memory below `root`.

    Raises `MeterError`: `meter.unavailable` (most virtual machines and containers), `meter.permission`,
    `meter.bad_reading`.
    """

def round_amount(amount: decimal.Decimal | int | str, places: typing.SupportsIndex) -> str:
    """
    `amount` with exactly `places` decimals, rounded half to even. The only rounding in finops.

    >>> finops.round_amount("0.125", 2)
    '0.12'
    """

def sign_event(event: collections.abc.Mapping[str, typing.Any], secret: str) -> str:
    """
    The signature of an event that is kept outside a log, in 64 hexadecimal digits.

    >>> from finops import ledger
    >>> secret = "a-secret-of-at-least-32-characters!"
    >>> ledger.verify_event({"n": 1}, ledger.sign_event({"n": 1}, secret), secret)
    True
    """

def topic_call(topic: str, kind: str, text: str) -> str:
    """
    Computes a kind of `waste`, `allocation` or `findings` from JSON text to JSON text.
    """

def topic_kinds(topic: str) -> list[str]:
    """
    The names of every computation of a topic.
    """

def topic_value(topic: str, kind: str, input: typing.Any) -> str:
    """
    The same from a Python value: floats by their shortest digits.
    """

def verify_event(event: collections.abc.Mapping[str, typing.Any], signature: str, secret: str) -> bool:
    """
    Whether `signature` is the one of `event`; a signature of any other form is not.
    """

def verify_log(file: bytes, secrets: list[str], anchors: collections.abc.Iterable[str | bytes | collections.abc.Mapping[str, typing.Any]] | None = None, vkeys: list[str] | None = None, origin: str | None = None) -> Verification:
    """
    Verifies the bytes of a file; `finops.ledger.verify_log` calls it.
    """
