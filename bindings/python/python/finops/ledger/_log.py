"""The event log, and the verification of a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from .._finops import Verification, _EventLog
from .._finops import verify_log as _verify_log

#: What `EventLog` reads when no secret is given.
VARIABLES = ("SAVE_HMAC_SECRET", "SAVE_HMAC_SECRET_FILE", "SAVE_HMAC_SECRET_PREVIOUS", "SAVE_ED25519_SEED_FILE")
#: Records that are read at once.
_PAGE = 1000


class EventRecord(NamedTuple):
    """A record of a log."""

    seq: int
    """Its position, from 0."""
    kid: str
    """The public name of the key that sealed it."""
    tag: str
    """Its tag, in hexadecimal digits."""
    event: dict[str, Any]
    """Its event: actor, at, data, id, kind, log, v."""


class Store:
    """Where a log is kept: ``sqlite:///path`` (absolute with a fourth slash), ``sqlite::memory:``, ``postgres://…``,
    ``file:///path``, or a plain path, which is SQLite.

    Opening verifies the whole log. A log that fails can be read; appends raise ``store.read_only`` with the reason. A
    secret that is not the log's opens it only with `read_only`.
    """

    __slots__ = ("read_only", "url")

    def __init__(self, url: str | os.PathLike[str], *, read_only: bool = False) -> None:
        self.url = os.fspath(url)
        self.read_only = read_only

    def __repr__(self) -> str:
        # The address may hold a password.
        return f"Store({self.url.split(':', 1)[0]!r})" if "://" in self.url else f"Store({self.url!r})"


class EventLog(_EventLog):
    """A log that many threads append to, in memory or in a `Store`; a context manager.

    Secrets are read from the environment when none is given: ``SAVE_HMAC_SECRET`` or the file ``SAVE_HMAC_SECRET_FILE``,
    older ones from ``SAVE_HMAC_SECRET_PREVIOUS``, and the seed of the Ed25519 key from ``SAVE_ED25519_SEED_FILE``. Without a
    secret of at least 32 characters nothing starts. No message and no ``repr`` shows one.
    """

    def __new__(
        cls,
        origin: str,
        secret: str | None = None,
        store: Store | str | os.PathLike[str] | None = None,
        *,
        previous: Iterable[str] = (),
        ed25519_seed: str | None = None,
        heartbeat_s: int | None = None,
        four_eyes_above: Decimal | int | float | str | None = None,
    ) -> Self:
        """Open the log `origin`, for example ``acme.example/prod``; make it if there is none.

        From an estimate of `four_eyes_above` a month on, a store refuses that one person proposes and approves a change, or
        approves and makes it.
        """
        place = Store(store) if store is not None and not isinstance(store, Store) else store
        environment = None
        if secret is None:
            environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        return super().__new__(
            cls,
            origin,
            secret,
            list(previous),
            ed25519_seed,
            environment,
            place.url if place is not None else None,
            heartbeat_s,
            place.read_only if place is not None else False,
            four_eyes_above,
        )

    def events(self, after: int | None = None) -> Iterator[EventRecord]:
        """Every record after the sequence number `after`, read page by page."""
        while page := self._page(after, _PAGE):
            for row in page:
                yield EventRecord(*row)
            after = page[-1][0]


def verify_log(
    path: str | os.PathLike[str],
    secret: str | None = None,
    secrets: Iterable[str] = (),
    anchors: Iterable[str | bytes | Mapping[str, Any]] = (),
    vkeys: Iterable[str] = (),
    origin: str | None = None,
) -> Verification:
    """Verify a file that `EventLog.export` or a file store wrote. The environment is not read.

    Without any secret the log is verified in public: tags are not checked, and a checkpoint by one of `vkeys` is needed
    among `anchors`.
    """
    given = [*([secret] if secret is not None else ()), *secrets]
    return _verify_log(Path(path).read_bytes(), given, list(anchors), list(vkeys), origin)
