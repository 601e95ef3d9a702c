"""What happened, and what it saved: an event log that proves itself, a savings ledger on it, and reports.

Without the secret nobody can edit, insert, drop, reorder, replay or splice a record unseen. A holder of the secret can
rewrite what is not anchored, and a missing tail shows only against an anchor: every verification says how far the log is
anchored.

>>> from finops import ledger
>>> log = ledger.EventLog("acme.example/prod", secret="a-secret-of-at-least-32-characters!")
>>> log.append("acme.deploy", {"service": "api", "cost": 12.5}, "svc:ci")
1
>>> anchor = log.checkpoint()                  # keep it where a holder of the secret cannot change it
>>> log.verify(anchors=[anchor]).anchored_up_to
2
>>> savings = ledger.SavingsLedger()           # in memory, without a log and a secret
>>> found = ledger.Opportunity(type="idle_nodes", resource="i-1", team="core", estimated_monthly_savings="120.50")
>>> savings.add_opportunity(found).status.value
'detected'
>>> savings.get_total_estimated_savings()
Decimal('120.5')

Every computation below the ledger is a function of its name: `canonical`, `inclusion`, `saving`, `fold` and so on.
"""

from .._finops import Report, Result, Verification, sign_event, verify_event
from ..errors import LedgerError, StoreError
from ._items import CostBaseline, Opportunity, OpportunityStatus, OpportunityType
from ._kinds import (
    append,
    apportion,
    batch_digest,
    bit_flip,
    border_number,
    canonical,
    canonical_check,
    chart,
    checkpoint,
    consistency,
    cut,
    decimal_form,
    drift,
    envelope,
    escape,
    field_form,
    fold,
    half_width,
    inclusion,
    keys,
    kpi,
    log,
    measure,
    merkle_root,
    note_parse,
    opportunity_id,
    overlap,
    period,
    ratchet,
    receipt,
    redaction,
    report,
    report_render,
    saving,
    signed_note_known_answer,
    transition,
    verdict,
    verify,
)
from ._log import EventLog, EventRecord, Store, verify_log
from ._report import ReportGenerator
from ._savings import SavingsLedger

__all__ = [
    "CostBaseline",
    "EventLog",
    "EventRecord",
    "LedgerError",
    "Opportunity",
    "OpportunityStatus",
    "OpportunityType",
    "Report",
    "ReportGenerator",
    "Result",
    "SavingsLedger",
    "Store",
    "StoreError",
    "Verification",
    "append",
    "apportion",
    "batch_digest",
    "bit_flip",
    "border_number",
    "canonical",
    "canonical_check",
    "chart",
    "checkpoint",
    "consistency",
    "cut",
    "decimal_form",
    "drift",
    "envelope",
    "escape",
    "field_form",
    "fold",
    "half_width",
    "inclusion",
    "keys",
    "kpi",
    "log",
    "measure",
    "merkle_root",
    "note_parse",
    "opportunity_id",
    "overlap",
    "period",
    "ratchet",
    "receipt",
    "redaction",
    "report",
    "report_render",
    "saving",
    "sign_event",
    "signed_note_known_answer",
    "transition",
    "verdict",
    "verify",
    "verify_event",
    "verify_log",
]
