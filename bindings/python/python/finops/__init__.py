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
    AllocationError,
    BudgetError,
    BudgetExceeded,
    CarbonError,
    ChangeError,
    ConfigError,
    FindingError,
    FinopsError,
    LedgerError,
    MeterError,
    MoneyError,
    PolicyError,
    PriceError,
    StoreError,
    StreamError,
    UsageError,
    WasteError,
)

__version__ = _finops.__version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import allocation as allocation
    from . import carbon as carbon
    from . import findings as findings
    from . import ledger as ledger
    from . import policy as policy
    from . import waste as waste
    from ._engine import (
        DetectedOpportunity,
        FinOpsEngine,
        PRGenerator,
        PullRequest,
        WasteDetectionEngine,
        generate_evidence_pack,
    )
    from ._ai_inventory import AiInventory
    from ._inventory import AllocationReport, AllocationRow, AllocationSet, ClusterInventory, allocate
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
    "AiInventory",
    "AllocationError",
    "AllocationReport",
    "AllocationRow",
    "AllocationSet",
    "ArrowTable",
    "BatchResult",
    "Budget",
    "BudgetError",
    "BudgetExceeded",
    "BudgetState",
    "Budgets",
    "CallSignal",
    "CarbonError",
    "Catalogue",
    "ChangeError",
    "ClusterInventory",
    "ConfigError",
    "ConfigValue",
    "Cost",
    "Decision",
    "DetectedOpportunity",
    "Extracted",
    "FinOpsEngine",
    "FindingError",
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
    "PRGenerator",
    "Part",
    "PolicyAction",
    "PolicyCheck",
    "PolicyError",
    "PolicyGate",
    "PriceError",
    "PullRequest",
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
    "WasteDetectionEngine",
    "WasteError",
    "allocate",
    "allocation",
    "apportion",
    "call_signals",
    "carbon",
    "cost",
    "extract",
    "extract_stream",
    "findings",
    "generate_evidence_pack",
    "ledger",
    "otel_attributes",
    "policy",
    "prices",
    "round_amount",
    "sign_event",
    "verify_event",
    "verify_log",
    "waste",
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

_ENGINE = (
    "DetectedOpportunity",
    "FinOpsEngine",
    "PRGenerator",
    "PullRequest",
    "WasteDetectionEngine",
    "generate_evidence_pack",
)
_INVENTORY = ("AllocationReport", "AllocationRow", "AllocationSet", "ClusterInventory", "allocate")


def _register() -> None:
    """Make the records mappings without importing `collections.abc`: its source is loaded at start-up."""
    from _collections_abc import Mapping

    for record in (InferenceRecord, TrainingRecord, SummaryRow, CallSignal, Result):
        Mapping.register(record)


_register()


def __getattr__(name: str) -> object:
    """Import modules such as `finops.carbon` when they are first used."""
    if name in ("allocation", "carbon", "findings", "ledger", "policy", "waste"):
        from importlib import import_module

        return import_module(f"finops.{name}")
    if name in ("PolicyGate", "Guardrails", "GuardrailEngine", "PolicyAction"):
        from . import policy

        globals()[name] = found = getattr(policy, name)
        return found
    if name in _ENGINE:
        from . import _engine

        globals()[name] = found = getattr(_engine, name)
        return found
    if name == "AiInventory":
        from . import _ai_inventory

        globals()[name] = found = _ai_inventory.AiInventory
        return found
    if name in _INVENTORY:
        from . import _inventory

        globals()[name] = found = getattr(_inventory, name)
        return found
    if name in _LEDGER:
        from . import ledger

        globals()[name] = found = getattr(ledger, name)
        return found
    raise AttributeError(f"module 'finops' has no attribute {name!r}")
