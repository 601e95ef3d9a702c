"""Every exception of finops: one base, a stable dotted ``code``, and the ``path`` of what is at fault.

The code is the contract; the message is for people. ``except finops.FinopsError`` catches everything that this package
raises on purpose; ``LookupError`` and ``ValueError`` work where a Python user expects them.

>>> try:
...     raise UsageError("`input_tokens` is -1", code="usage.not_a_count", path="input_tokens")
... except FinopsError as error:
...     print(error.code, error.path)
usage.not_a_count input_tokens
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

__all__ = [
    "BudgetError",
    "BudgetExceeded",
    "CarbonError",
    "ConfigError",
    "FinopsError",
    "LedgerError",
    "MeterError",
    "MoneyError",
    "PolicyError",
    "PriceError",
    "StoreError",
    "StreamError",
    "UsageError",
]


class FinopsError(Exception):
    """Base of every error of finops."""

    code: str
    """Stable dotted code, for example ``price.unknown_model``."""
    path: str
    """The argument or the path into the input that is at fault; empty for the input as a whole."""

    def __init__(self, message: str = "", *, code: str = "", path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path


class MoneyError(FinopsError, ValueError):
    """``money.*``: no amount, no currency, two currencies, or too large to be exact."""


class UsageError(FinopsError, ValueError):
    """``usage.*``: counts, durations, times and response bodies."""


class ConfigError(FinopsError, ValueError):
    """``config.invalid``: an argument or environment variable that cannot be used."""


class PriceError(FinopsError, LookupError):
    """``price.*``: names and conditions without a price, and catalogues that are none."""


class StreamError(FinopsError, ValueError):
    """``stream.*``: a stream without usage, of several requests, or used after its end."""


class CarbonError(FinopsError, ValueError):
    """``carbon.*``: energy, grid intensity, feeds."""


class MeterError(FinopsError, OSError):
    """``meter.*``: an energy counter of this machine cannot be read."""


class PolicyError(FinopsError, ValueError):
    """``policy.*``, ``lint.*``, ``bundle.*``, ``guardrail.*``: a configuration or a set of policies that cannot be used.

    A decision never raises: what is wrong with an input is a reason to deny.
    """

    findings: list[dict[str, object]]
    """What the lint found: code, file, line, column, message; empty where the fault is elsewhere."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        path: str = "",
        findings: "list[dict[str, object]] | None" = None,
    ) -> None:
        super().__init__(message, code=code, path=path)
        self.findings = findings or []


class LedgerError(FinopsError, ValueError):
    """``ledger.*``: an event, a key or a transition that the ledger refuses, or a log that does not verify.

    Nothing was recorded. No message holds a secret.
    """


class StoreError(FinopsError, OSError):
    """``store.*``: the store of a log fails or refuses. Acknowledged events stay; others can be retried by their ids."""


class AllocationError(FinopsError, ValueError):
    """``allocation.*``, ``inventory.*``, ``prometheus.*``, ``quantity.*``: a cluster that cannot be read or divided."""


class WasteError(FinopsError, ValueError):
    """``waste.*``, ``rightsizing.*``: an input or a configuration of the detectors that cannot be read."""


class ChangeError(FinopsError):
    """``change.*``, ``engine.*``: a change that cannot be written, committed or opened."""


class FindingError(FinopsError, ValueError):
    """``finding.*``: a finding that is refused."""


class BudgetError(FinopsError):
    """``budget.*``: a budget or reservation that cannot be used."""

    budget: str | None
    """The budget, when one is at fault."""

    def __init__(
        self, message: str = "", *, code: str = "", path: str = "", budget: str | None = None
    ) -> None:
        super().__init__(message, code=code, path=path)
        self.budget = budget


class BudgetExceeded(BudgetError):
    """``budget.exceeded``: the hold does not fit below a hard limit."""

    remaining: "Decimal | None"
    """What the budget has left, in its unit: limit less spent less reserved."""
    requested: "Decimal | None"
    """What was asked for, in the same unit."""
    retry_at: "datetime | None"
    """When the next window begins; ``None`` when there is none."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        path: str = "",
        budget: str | None = None,
        remaining: "Decimal | None" = None,
        requested: "Decimal | None" = None,
        retry_at: "datetime | None" = None,
    ) -> None:
        super().__init__(message, code=code, path=path, budget=budget)
        self.remaining = remaining
        self.requested = requested
        self.retry_at = retry_at
