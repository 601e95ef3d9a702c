"""The money loop: detect waste, guard the change, propose it, record what it should save."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, Self

from ._finops import Report, Result, _Engine, _Found, change_commit, change_open, change_write
from ._ai_inventory import AiInventory
from ._inventory import ClusterInventory
from .ledger import EventLog, Opportunity, ReportGenerator, SavingsLedger, Store
from .policy import Guardrails

Time = datetime | str | float | None
Sources = Mapping[str, bytes | str]
Path = str | os.PathLike[str]

#: Who records what a detection cycle found.
ACTOR = "svc:finops"
#: The API of GitHub; one's own server has its own.
GITHUB_API = "https://api.github.com"

_DEFAULTS = {field.name: field.default for field in fields(Opportunity)}
_LEDGER = frozenset(_DEFAULTS)
_NUMBERS = frozenset(("estimated_monthly_savings", "confidence", "risk_score"))
_set = object.__setattr__


class Detector(Protocol):
    """A detector of one's own: what it finds in a `cluster_data`, as dicts with the ledger's names."""

    def detect(self, cluster_data: Any) -> Iterable[Any]: ...


class DetectedOpportunity(Opportunity):
    """An opportunity that the engine detected: a finding with its guardrail verdict, its estimate and what to do.

    Beside the attributes of `Opportunity` it has ``recommendation``, ``tags``, ``guardrail``, ``guardrail_input``,
    ``estimate``, ``reason``, ``severity`` and ``priority``. Items are what JSON has: ``o["confidence"]`` is a float,
    ``o.confidence`` an exact `Decimal`. A saving that is not known is ``None``, never 0.
    """

    __slots__ = (
        "_found", "_wire", "estimate", "guardrail", "guardrail_input", "priority", "reason", "recommendation", "severity", "tags"
    )

    recommendation: str
    """What to do, in one sentence."""
    tags: tuple[str, ...]
    """Tags of the cluster and of the subject."""
    guardrail: Result
    """What the guardrails say: ``action``, ``policy_name``, ``reason``, ``failed``."""
    guardrail_input: Result
    """What they decided on."""
    estimate: Result | None
    """The saving: formula, price, claims, what the portfolio grants of it and what the bill will lack."""
    reason: str | None
    """A code for why it was found, where the type alone does not say it."""
    severity: Result
    priority: int
    _wire: dict[str, Any]
    _found: _Found | None

    def __init__(self) -> None:
        raise TypeError("the engine makes these; make an Opportunity of your own")

    @classmethod
    def _of(cls, wire: dict[str, Any]) -> Self:
        item = cls.__new__(cls)
        _set(item, "_found", None)
        item._take(wire)
        return item

    @classmethod
    def _lazy(cls, found: _Found) -> Self:
        item = cls.__new__(cls)
        _set(item, "_found", found)
        return item

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # What is not set was not looked at yet. Another thread sees a name unset or as it stays, never in between.
            if name not in _READ:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            found = self._found
            if found is not None:
                read = self._of(json.loads(found.to_json()))
                for each in _READ:
                    _set(self, each, object.__getattribute__(read, each))
                _set(self, "_found", None)
            return object.__getattribute__(self, name)

    def _take(self, wire: dict[str, Any]) -> None:
        for name, default in _DEFAULTS.items():
            _set(self, name, {} if name in ("evidence", "before_state", "after_state") else default)
        _set(self, "estimated_monthly_savings", None)
        self._fill({name: value for name, value in wire.items() if name in _LEDGER})
        frozen = {"guardrail": {}, "guardrail_input": {}, "severity": {}, **wire}
        for name in ("guardrail", "guardrail_input", "severity"):
            _set(self, name, Result.from_json(json.dumps(frozen[name])))
        estimate = wire.get("estimate")
        _set(self, "estimate", None if estimate is None else Result.from_json(json.dumps(estimate)))
        _set(self, "recommendation", wire.get("recommendation") or "")
        _set(self, "tags", tuple(wire.get("tags") or ()))
        _set(self, "reason", wire.get("reason"))
        _set(self, "priority", wire.get("priority") or 0)
        _set(self, "_wire", wire)

    def __getitem__(self, key: str) -> Any:
        value = self._wire[key]
        return float(value) if key in _NUMBERS and value is not None else value

    def keys(self) -> list[str]:
        """The names of the items."""
        return list(self._wire)

    def __iter__(self) -> Iterator[str]:
        return iter(self._wire)

    def __len__(self) -> int:
        return len(self._wire)

    def __contains__(self, key: object) -> bool:
        return key in self._wire

    def get(self, key: str, default: Any = None) -> Any:
        """The item of `key`, else `default`."""
        return self[key] if key in self._wire else default

    def to_dict(self) -> dict[str, Any]:
        """Everything, in its wire form: amounts as text."""
        return dict(self._wire)

    def to_json(self) -> str:
        """The wire form as text."""
        return json.dumps(self._wire, ensure_ascii=False, separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DetectedOpportunity) and self._wire == other._wire

    def __hash__(self) -> int:
        return hash((self.id, self.fingerprint))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._of, (self._wire,)

    def __repr__(self) -> str:
        saving = self.estimated_monthly_savings
        return f"DetectedOpportunity(type={self['type']!r}, workload={self.workload!r}, estimated_monthly_savings={saving})"


#: The names that are read from what the engine found, when one of them is asked for.
_READ = _LEDGER.union(DetectedOpportunity.__slots__) - {"_found"}


class PullRequest:
    """A proposed change: branch, title, description and files. Nothing is pushed or opened by itself.

    ``status`` is ``ready`` (edited and proved), ``draft`` (something is left to a person) or ``refused`` with its ``reason``.
    """

    __slots__ = ("_engine", "_result", "_text")

    def __init__(self, wire: Mapping[str, Any] | str, engine: FinOpsEngine | None = None) -> None:
        self._text = wire if isinstance(wire, str) else json.dumps(dict(wire), ensure_ascii=False)
        self._result = Result.from_json(self._text)
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    def __getitem__(self, key: str) -> Any:
        return self._result[key]

    @property
    def estimated_savings(self) -> Decimal | None:
        """What it saves a month at list price; ``None`` where that is not known."""
        value = self._result["estimated_savings"]
        return None if value is None else Decimal(value)

    @property
    def risk_score(self) -> Decimal | None:
        """The harm if it is wrong, 0 to 1."""
        value = self._result["risk_score"]
        return None if value is None else Decimal(value)

    def to_json(self) -> str:
        """The wire form as text."""
        return self._text

    def write(self, folder: Path) -> list[str]:
        """Write ``pull_request.md``, ``change.patch``, ``rollback.patch`` and the new files below `folder`; answers the files."""
        return change_write(self._text, folder)

    def commit(self, repository: Path | None = None, base: str = "") -> Result:
        """Write a branch with one commit on `base` into the local repository; the working tree stays as it is.

        Answers ``branch``, ``commit``, ``base``, ``created`` and ``publish``, the commands that push it and open it.
        """
        root = repository or (self._engine.repo_path if self._engine is not None else None)
        if root is None:
            raise TypeError("name the `repository`, or give the engine a `repo_path`")
        return change_commit(self._text, root, base)

    def open(
        self, repository: str, token: str | None = None, base: str = "main", api_url: str = GITHUB_API
    ) -> tuple[int, str]:
        """Open it on GitHub in `repository`, ``owner/name``, once its branch is there: its number and its page.

        The token is the one given here, that of the engine, or ``GITHUB_TOKEN``.
        """
        of_engine = self._engine._token if self._engine is not None else None
        return change_open(self._text, token or of_engine or os.environ.get("GITHUB_TOKEN") or "", repository, base, api_url)

    def __repr__(self) -> str:
        return f"PullRequest(status={self.status!r}, branch_name={self.branch_name!r}, title={self.title!r})"


def _plain(item: Any) -> Any:
    """An opportunity as the engine reads it."""
    if isinstance(item, DetectedOpportunity):
        return item._wire
    if isinstance(item, Opportunity):
        return {name: value for name, value in item.to_dict().items() if value is not None}
    return dict(item) if isinstance(item, Mapping) else item


def _inventory(value: Any) -> Any:
    """An inventory in its wire form; one that the engine holds in memory is not written."""
    if isinstance(value, ClusterInventory):
        return None
    return value._wire() if isinstance(value, AiInventory) else value


def _name(detector: Any) -> str:
    name = getattr(detector, "name", None)
    return name if isinstance(name, str) and name else type(detector).__name__


class FinOpsEngine:
    """Detects waste, has the guardrails judge every finding, proposes changes and records what they should save.

    >>> from finops import FinOpsEngine
    >>> engine = FinOpsEngine()
    >>> data = {"cluster": "finance-cluster", "workloads": {"finance": [
    ...     {"name": "payment-service", "cpu_request": 2.0, "cpu_usage": 0.5, "team": "payments"}]}}
    >>> [(o.type.value, o.estimated_monthly_savings) for o in engine.run_detection_cycle(data)]
    [('over_requested_cpu', Decimal('91.25'))]
    >>> f"{engine.ledger.get_total_estimated_savings():.2f}"
    '91.25'
    """

    def __init__(
        self,
        db_conn: SavingsLedger | EventLog | Store | Path | Any = None,
        github_token: str | None = None,
        repo_path: Path | None = None,
        region: str | None = None,
        *,
        guardrails: Guardrails | Mapping[str, Any] | None = None,
        detection: Mapping[str, Any] | None = None,
        change: Mapping[str, Any] | None = None,
        prices: Any = None,
        environment: str | None = None,
        actor: str = ACTOR,
    ) -> None:
        """`db_conn` is where savings are kept: a ledger, a log, or the path or URL of a store; in memory without one.

        Of a connection of sqlite3, psycopg or SQLAlchemy only the place is taken, to which the ledger opens one of its own.
        """
        self.ledger = _ledger(db_conn)
        self.repo_path = repo_path
        self.guardrails = guardrails if isinstance(guardrails, Guardrails) else Guardrails(**dict(guardrails or {}))
        self.reporter = ReportGenerator(self.ledger)
        self.actor = actor
        self.last_report: Result | None = None
        """The report of the last detection cycle: assessments, findings, portfolio, failures."""
        self._token = github_token
        self._detectors: list[Any] = []
        options = {
            "region": region, "detection": detection, "change": change, "prices": prices, "environment": environment
        }
        self._engine = _Engine({name: value for name, value in options.items() if value is not None})

    def register_detector(self, detector: Detector) -> None:
        """Add a detector of one's own; where it raises, the run says so and the others go on."""
        if not callable(getattr(detector, "detect", None)):
            raise TypeError("a detector has a method `detect(cluster_data)`")
        self._detectors.append(detector)

    def run_detection_cycle(
        self, cluster_data: Any, as_of: Time = None, *, record: bool = True
    ) -> list[DetectedOpportunity]:
        """Detect waste in a `cluster_data`, a `ClusterInventory`, an `AiInventory` or a list of them, and record it in the
        ledger.

        Answers all findings, the largest saving first, each with its guardrail verdict. `as_of` is the time of the run; that
        of the data, else now, without one.
        """
        inventories = list(cluster_data) if isinstance(cluster_data, (list, tuple)) else [cluster_data]
        reported = [self._ask(detector, inventory) for detector in self._detectors for inventory in inventories]
        held = [one._cluster if isinstance(one, ClusterInventory) else None for one in inventories]
        report, found = self._engine._run(
            [_inventory(one) for one in inventories], reported, self.guardrails, self.actor, as_of,
            self.ledger if record else None, held,
        )
        self.last_report = report
        return [DetectedOpportunity._lazy(one) for one in found]

    def _ask(self, detector: Any, inventory: Any) -> dict[str, Any]:
        """What one detector of one's own says."""
        try:
            found = detector.detect(inventory)
            items = [] if found is None else [_plain(item) for item in found]
        except Exception as error:  # noqa: BLE001 - a detector of one's own may raise anything; the run goes on
            return {"detector": _name(detector), "error": f"{type(error).__name__}: {error}"}
        return {"detector": _name(detector), "opportunities": items}

    def generate_prs(
        self, opportunities: Iterable[Any] | None = None, sources: Sources | None = None, as_of: Time = None
    ) -> list[PullRequest]:
        """Propose the changes of opportunities: those that the guardrails allow or that somebody must approve.

        `sources` are the files that may be edited, by path; those under `repo_path` without them. Where no file holds the
        object, a patch is drafted. Nothing is pushed or opened.
        """
        if opportunities is None:
            opportunities = json.loads(self.last_report.to_json())["opportunities"] if self.last_report is not None else []
        request: dict[str, Any] = {
            "opportunities": [_plain(item) for item in opportunities],
            "guardrails": json.loads(self.guardrails.config.to_json()),
        }
        if as_of is not None:
            request["as_of"] = as_of.isoformat() if isinstance(as_of, datetime) else as_of
        files = None if sources is None else dict(sources)
        changes = json.loads(self._engine._propose(request, files, self.repo_path))
        return [PullRequest(change, self) for change in changes]

    def generate_evidence_pack(self, opportunity: Any, sources: Sources | None = None) -> dict[str, Any]:
        """Everything known about one opportunity as one dict: evidence, estimate, inputs of confidence and risk, change."""
        files = None if sources is None else dict(sources)
        pack: dict[str, Any] = json.loads(self._engine._evidence(_plain(opportunity), files, self.repo_path))
        return pack

    def generate_weekly_report(self, week_start: date | datetime | str | None = None) -> Report:
        """The report of the week that a day lies in; of the present one without a day."""
        return self.reporter.generate_weekly_report(week_start)

    def generate_monthly_report(self, month_start: date | datetime | str | None = None) -> Report:
        """The report of the month that a day lies in; of the present one without a day."""
        return self.reporter.generate_monthly_report(month_start)


def _ledger(place: Any) -> SavingsLedger:
    if place is None:
        return SavingsLedger()
    if isinstance(place, SavingsLedger):
        return place
    if isinstance(place, EventLog):
        return SavingsLedger(place)
    if not isinstance(place, (Store, str, os.PathLike)):
        place = _url(place)
    return SavingsLedger(EventLog("finops/savings", store=place))


_IN_MEMORY = "db_conn: this connection is to a database in memory, which no ledger can share; leave db_conn out"


def _url(connection: Any) -> str:
    """The store that a connection of DB-API or of SQLAlchemy points to; the ledger opens its own connection to it."""
    from urllib.parse import quote

    url: Any = getattr(getattr(connection, "engine", None), "url", None)
    if url is not None and callable(getattr(url, "render_as_string", None)):
        drivers = {"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres"}
        name, rest = str(url.render_as_string(hide_password=False)).split(":", 1)
        if kind := drivers.get(name.split("+", 1)[0]):
            if kind == "sqlite" and (not rest.startswith("///") or rest == "///:memory:"):
                raise TypeError(_IN_MEMORY)
            return rest.removeprefix("///") if kind == "sqlite" else f"postgres:{rest}"
    module = type(connection).__module__.split(".", 1)[0]
    if module in ("sqlite3", "pysqlite3"):
        files = [row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"]
        if files and files[0]:
            return str(files[0])
        raise TypeError(_IN_MEMORY)
    if module in ("psycopg", "psycopg2"):
        info = connection.info
        parts = {name: getattr(info, name) for name in ("host", "port", "dbname", "user", "password")}
        host = str(parts["host"] or "localhost").split(",", 1)[0]
        user = quote(parts["user"] or "", safe="") + (f":{quote(parts['password'], safe='')}" if parts["password"] else "")
        # A folder is that of a Unix socket.
        place = f"{quote(host, safe='')}" if host.startswith("/") else host
        at = f"{user}@" if user else ""
        return f"postgres://{at}{place}:{parts['port'] or 5432}/{quote(parts['dbname'] or '', safe='')}"
    raise TypeError(
        f"db_conn: {type(connection).__name__} is no store; give a SavingsLedger, an EventLog, a path, a URL such as "
        "'postgres://user@host/db', or a connection of sqlite3, psycopg or SQLAlchemy"
    )


class WasteDetectionEngine:
    """The original's name for detecting alone: nothing is recorded.

    >>> [o.workload for o in finops.WasteDetectionEngine().detect_all(
    ...     {"workloads": {"a": [{"name": "web", "cpu_request": 4, "cpu_usage": 0.1}]}})]
    ['web']
    """

    def __init__(self, **options: Any) -> None:
        self._engine = FinOpsEngine(**options)

    def add_detector(self, detector: Detector) -> None:
        """Add a detector of one's own."""
        self._engine.register_detector(detector)

    def detect_all(self, cluster_data: Any, as_of: Time = None) -> list[DetectedOpportunity]:
        """All findings, the largest saving first."""
        return self._engine.run_detection_cycle(cluster_data, as_of, record=False)

    @property
    def last_report(self) -> Result | None:
        """The report of the last run."""
        return self._engine.last_report


class PRGenerator:
    """The original's name for proposing one change at a time."""

    def __init__(self, repo_path: Path | None = None, **options: Any) -> None:
        self._engine = FinOpsEngine(repo_path=repo_path, **options)

    def generate_pr(self, opportunity: Any, sources: Sources | None = None) -> PullRequest | None:
        """The change of one opportunity; ``None`` where a guardrail denies it or there is nothing to change."""
        changes = self._engine.generate_prs([opportunity], sources)
        return changes[0] if changes else None


def generate_evidence_pack(opportunity: Any, sources: Sources | None = None) -> dict[str, Any]:
    """Everything known about one opportunity as one dict: evidence, estimate, inputs of confidence and risk, change."""
    return FinOpsEngine().generate_evidence_pack(opportunity, sources)


__all__: Sequence[str] = [
    "DetectedOpportunity",
    "FinOpsEngine",
    "PRGenerator",
    "PullRequest",
    "WasteDetectionEngine",
    "generate_evidence_pack",
]
