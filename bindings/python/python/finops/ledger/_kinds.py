"""Every computation of the ledger by name: the members of a case in, its answer out. Amounts are decimal text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._finops import ledger_call

Object = Mapping[str, Any]
Days = Sequence[Sequence[str | None]]


def append(*, steps: Sequence[Object]) -> Any:
    """Events offered in order to a log that holds only ``log.created``: what becomes of each."""
    return ledger_call("append", locals())


def apportion(*, weights: Sequence[str], total: str, places: int) -> Any:
    """A total split by weights so that the rows add up."""
    return ledger_call("apportion", locals())


def batch_digest(*, rows: Sequence[Object]) -> Any:
    """SHA-256 over the canonical rows of a batch, in the order of their keys."""
    return ledger_call("batch_digest", locals())


def bit_flip(*, origin: str, file: str, secrets: Sequence[str], byte: int, bit: int) -> Any:
    """The verification of a file with one bit inverted."""
    return ledger_call("bit_flip", locals())


def border_number(*, bits: str, text: str | None = None) -> Any:
    """What a binary double (hexadecimal bits) becomes before it is recorded."""
    return ledger_call("border_number", locals())


def canonical(*, input: str | None = None, input_hex: str | None = None) -> Any:
    """The canonical bytes of a JSON text."""
    return ledger_call("canonical", locals())


def canonical_check(*, input_hex: str) -> Any:
    """Whether bytes are exactly canonical."""
    return ledger_call("canonical_check", locals())


def chart(*, values: Sequence[str | None]) -> Any:
    """Lengths of the bars of a chart on a scale of 480 units."""
    return ledger_call("chart", locals())


def checkpoint(*, origin: str, size: int, root: str, secret: str, ed25519_seed: str | None = None) -> Any:
    """A checkpoint as a signed note."""
    return ledger_call("checkpoint", locals())


def consistency(*, old: int, new: int, old_root: str, new_root: str, proof: Sequence[str]) -> Any:
    """Whether a proof shows that one tree begins another; `EventLog.prove_consistency` makes one."""
    return ledger_call("consistency", locals())


def cut(*, origin: str, file: str, secrets: Sequence[str], bytes: int) -> Any:
    """The verification of a file that was cut after so many bytes."""
    return ledger_call("cut", locals())


def decimal_form(*, input: str) -> Any:
    """Whether a text is a decimal in normal form."""
    return ledger_call("decimal_form", locals())


def drift(*, first: str, later: Sequence[str]) -> Any:
    """Whether a saving has drifted away."""
    return ledger_call("drift", locals())


def envelope(*, event: Any) -> Any:
    """Whether a value is an event; refused with the place where it is not."""
    return ledger_call("envelope", locals())


def escape(*, text: str) -> Any:
    """A text as HTML and as a Markdown cell."""
    return ledger_call("escape", locals())


def field_form(*, field: Literal["at", "id", "actor", "kind", "origin"], input: str) -> Any:
    """Whether a text has the form of a field."""
    return ledger_call("field_form", locals())


def fold(*, events: Sequence[Object], config: Object | None = None) -> Any:
    """Events applied to an empty savings ledger: what it answers afterwards."""
    return ledger_call("fold", locals())


def half_width(*, baseline: Days, reporting: Days, fixed_share: str | None = None) -> Any:
    """Half of the 90 % interval of a saving; ``None`` with too few days."""
    return ledger_call("half_width", locals())


def inclusion(*, leaf: str, index: int, size: int, proof: Sequence[str], root: str) -> Any:
    """Whether a proof shows that a leaf is in a tree; `EventLog.prove` makes one."""
    return ledger_call("inclusion", locals())


def keys(*, secret: str, origin: str) -> Any:
    """The keys of a secret and a log. Never log what it answers."""
    return ledger_call("keys", locals())


def kpi(*, rows: Sequence[Object] | None = None, a: str | None = None, b: str | None = None) -> Any:
    """The effective savings rate of rows, or a ratio at 6 digits."""
    return ledger_call("kpi", locals())


def log(*, origin: str, secrets: Sequence[str], events: Sequence[str]) -> Any:
    """A whole log from canonical events: records, digest of the file, roots, verification."""
    return ledger_call("log", locals())


def measure(*, baseline: Object, measurement: Object, estimates: Sequence[str] = ()) -> Any:
    """A baseline and a measurement: rows of proof, one for each estimate, and their verdict."""
    return ledger_call("measure", locals())


def merkle_root(*, leaves: Sequence[str] | None = None, generate: int | None = None) -> Any:
    """The root of a tree."""
    return ledger_call("merkle_root", locals())


def note_parse(*, note: str) -> Any:
    """The parts of a checkpoint's note."""
    return ledger_call("note_parse", locals())


def opportunity_id(
    *, scope: Object | None = None, generation: int = 1, fingerprint: str | None = None
) -> Any:
    """Fingerprint and id of an opportunity."""
    return ledger_call("opportunity_id", locals())


def overlap(*, opportunities: Sequence[Object], baselines: Sequence[Object] = ()) -> Any:
    """Estimates netted so that nothing counts twice."""
    return ledger_call("overlap", locals())


def period(*, label: str) -> Any:
    """The days of a report's label."""
    return ledger_call("period", locals())


def ratchet(*, event_key: str, epochs: int) -> Any:
    """Event keys by epoch. Never log what it answers."""
    return ledger_call("ratchet", locals())


def receipt(*, origin: str, vkey: str, event: str, receipt: str) -> Any:
    """Whether a receipt shows that a log holds an event; `EventLog.receipt` makes one."""
    return ledger_call("receipt", locals())


def redaction(*, salt: str, value: str, commit: str | None = None) -> Any:
    """A commitment, and whether salt and value open a given one."""
    return ledger_call("redaction", locals())


def report(
    *, events: Sequence[Object], label: str, config: Object | None = None, inputs: Object | None = None
) -> Any:
    """The figures of a report over events."""
    return ledger_call("report", locals())


def report_render(
    *,
    events: Sequence[Object],
    label: str,
    format: Literal["json", "markdown", "html"] = "json",
    config: Object | None = None,
    inputs: Object | None = None,
) -> Any:
    """A report over events as text, and the event that records it."""
    return ledger_call("report_render", locals())


def saving(*, baseline: Object, reporting: Object, effect: str, non_routine: Sequence[str] = ()) -> Any:
    """The figures of a saving."""
    return ledger_call("saving", locals())


def signed_note_known_answer(*, note: str, vkey: str) -> Any:
    """Whether a note is signed by a verifier key."""
    return ledger_call("signed_note_known_answer", locals())


def transition(*, state: str, event: str) -> Any:
    """The state after an event of the lifecycle."""
    return ledger_call("transition", locals())


def verdict(
    *,
    method: str,
    effect: str,
    claimed: str,
    half_width: str | None = None,
    n_baseline: int | None = None,
    n_reporting: int | None = None,
    gone: bool | None = None,
    cv_rmse: str | None = None,
    r2: str | None = None,
) -> Any:
    """What the figures of a saving say, and its interval."""
    return ledger_call("verdict", locals())


def verify(
    *,
    origin: str | None = None,
    file: str | None = None,
    file_hex: str | None = None,
    secrets: Sequence[str] = (),
    anchors: Sequence[Any] = (),
    vkeys: Sequence[str] = (),
) -> Any:
    """The verification of the text of a log; `verify_log` reads a file."""
    return ledger_call("verify", locals())
