"""FinOps-as-code inside your process: the exact cost, energy and carbon of every inference.

>>> import finops
>>> usage = finops.Usage(input=1000, output=500)
>>> usage.total_tokens
1500
"""

from . import _finops
from ._finops import (
    ArrowTable,
    BatchResult,
    Budget,
    BudgetState,
    Budgets,
    CallSignal,
    Catalogue,
    ConfigValue,
    Cost,
    Extracted,
    InferenceRecord,
    LineItem,
    ModelPrice,
    Part,
    Reservation,
    Resolved,
    ResourceMonitor,
    Result,
    Settlement,
    Sketch,
    Stats,
    StreamMeter,
    SummaryRow,
    TrainingRecord,
    Usage,
    apportion,
    call_signals,
    cost,
    extract,
    extract_stream,
    otel_attributes,
    prices,
    round_amount,
)
from .errors import (
    BudgetError,
    BudgetExceeded,
    CarbonError,
    ConfigError,
    FinopsError,
    MeterError,
    MoneyError,
    PriceError,
    StreamError,
    UsageError,
)

__version__ = _finops.__version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import carbon as carbon

__all__ = [
    "ArrowTable",
    "BatchResult",
    "Budget",
    "BudgetError",
    "BudgetExceeded",
    "BudgetState",
    "Budgets",
    "CarbonError",
    "CallSignal",
    "Catalogue",
    "ConfigError",
    "ConfigValue",
    "Cost",
    "Extracted",
    "FinopsError",
    "InferenceRecord",
    "LineItem",
    "MeterError",
    "ModelPrice",
    "MoneyError",
    "Part",
    "PriceError",
    "Reservation",
    "Resolved",
    "ResourceMonitor",
    "Result",
    "Settlement",
    "Sketch",
    "Stats",
    "StreamError",
    "StreamMeter",
    "SummaryRow",
    "TrainingRecord",
    "Usage",
    "UsageError",
    "apportion",
    "call_signals",
    "carbon",
    "cost",
    "extract",
    "extract_stream",
    "otel_attributes",
    "prices",
    "round_amount",
]


def _register() -> None:
    """Make the records mappings without importing `collections.abc`: its source is loaded at start-up."""
    from _collections_abc import Mapping

    for record in (InferenceRecord, TrainingRecord, SummaryRow, CallSignal, Result):
        Mapping.register(record)


_register()


def __getattr__(name: str) -> object:
    """Import `finops.carbon` when it is first used."""
    if name == "carbon":
        from importlib import import_module

        return import_module("finops.carbon")
    raise AttributeError(f"module 'finops' has no attribute {name!r}")
