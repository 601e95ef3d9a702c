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
    Decision,
    Extracted,
    InferenceRecord,
    LineItem,
    ModelPrice,
    Part,
    PolicyCheck,
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
    LedgerError,
    MeterError,
    MoneyError,
    PolicyError,
    PriceError,
    StoreError,
    StreamError,
    UsageError,
)

__version__ = _finops.__version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import carbon as carbon
    from . import ledger as ledger
    from . import policy as policy
    from .ledger import (
        CostBaseline,
        EventLog,
        Opportunity,
        OpportunityStatus,
        OpportunityType,
        ReportGenerator,
        SavingsLedger,
        Store,
        sign_event,
        verify_event,
        verify_log,
    )
    from .policy import GuardrailEngine, Guardrails, PolicyAction, PolicyGate

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
    "Decision",
    "Extracted",
    "FinopsError",
    "GuardrailEngine",
    "Guardrails",
    "InferenceRecord",
    "LedgerError",
    "LineItem",
    "MeterError",
    "ModelPrice",
    "MoneyError",
    "Opportunity",
    "OpportunityStatus",
    "OpportunityType",
    "Part",
    "PolicyAction",
    "PolicyCheck",
    "PolicyError",
    "PolicyGate",
    "PriceError",
    "ReportGenerator",
    "Reservation",
    "Resolved",
    "ResourceMonitor",
    "Result",
    "SavingsLedger",
    "Settlement",
    "Sketch",
    "Stats",
    "Store",
    "StoreError",
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
    "ledger",
    "otel_attributes",
    "policy",
    "prices",
    "round_amount",
    "sign_event",
    "verify_event",
    "verify_log",
]

_LEDGER = (
    "CostBaseline",
    "EventLog",
    "Opportunity",
    "OpportunityStatus",
    "OpportunityType",
    "ReportGenerator",
    "SavingsLedger",
    "Store",
    "sign_event",
    "verify_event",
    "verify_log",
)


def _register() -> None:
    """Make the records mappings without importing `collections.abc`: its source is loaded at start-up."""
    from _collections_abc import Mapping

    for record in (InferenceRecord, TrainingRecord, SummaryRow, CallSignal, Result):
        Mapping.register(record)


_register()


def __getattr__(name: str) -> object:
    """Import `finops.carbon`, `finops.ledger` and `finops.policy` when they are first used."""
    if name in ("carbon", "ledger", "policy"):
        from importlib import import_module

        return import_module(f"finops.{name}")
    if name in ("PolicyGate", "Guardrails", "GuardrailEngine", "PolicyAction"):
        from . import policy

        globals()[name] = found = getattr(policy, name)
        return found
    if name in _LEDGER:
        from . import ledger

        globals()[name] = found = getattr(ledger, name)
        return found
    raise AttributeError(f"module 'finops' has no attribute {name!r}")
