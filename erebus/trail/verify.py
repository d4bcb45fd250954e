"""Is this log what was written? The chain, the log's own row, the checkpoints and the triggers are asked.

What verification cannot tell: what was displaced, and what somebody did who has the key as well as the database and
all checkpoints. Without checkpoints: that the end was cut off, or an older whole state put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erebus.trail.checkpoints import contradictions, is_genuine, newest_of
from erebus.trail.findings import Fault, Finding
from erebus.trail.ledger import key_of
from erebus.trail.reading import newest_events, read_events, read_log
from erebus.trail.soundness import faults_of, is_authentic, is_of_another_key
from erebus.trail.tables import ZERO_HASH
from erebus.trail.triggers import missing_triggers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

    from erebus.trail.checkpoints import Checkpoint
    from erebus.trail.events import AuditLog

_TRIED = 5  # events that a key is tried on: one of them may have been changed

_OTHER_KEY = (
    "no event fits this installation's chain key: either that is not the key that the log was written with, or every"
    " event was changed; without the right key nothing can be verified"
)


@dataclass(frozen=True)
class Verification:
    """The outcome: which numbers were checked, where the log stands, and what was found first, if anything.

    *compared* is how many checkpoints were looked at, *anchor* the newest of them whose hash could be compared and was
    the same: nothing up to its number was rewritten since its time.
    """

    log_id: str
    first: int
    last: int
    checked: int
    head_number: int
    head_hash: bytes
    fault: Fault | None = None
    compared: int = 0
    anchor: Checkpoint | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None

    @property
    def is_intact(self) -> bool:
        """Whether what is kept is what was written, be it protected from now on or not."""
        return self.fault is None or self.fault.finding is Finding.UNPROTECTED

    @property
    def wrong(self) -> int | None:
        """The first number that is wrong; None where all are right, or no event is concerned."""
        return self.fault.number if self.fault else None

    @property
    def finding(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        return self.fault.words if self.fault else ""


def verify(connection: Connection, log: AuditLog | str, checkpoints: Iterable[Checkpoint] = ()) -> Verification:
    """Verify a *log*, as read or by its id, against what *checkpoints* of it there are.

    The checkpoints must be older than what is read of the log, or another's append between the two looks like a cut.
    Raises LookupError for an id of which there is nothing at all: no log, no event, no genuine checkpoint.
    """
    against, key = list(checkpoints), key_of(connection)
    found = read_log(connection, log) if isinstance(log, str) else log
    if found is None:
        return _gone(connection, str(log), against, key)
    faults = [*_other_key(connection, found, against, key)] or faults_of(found, key, _reached(found.id, against, key))
    before = min((fault.number for fault in faults if fault.number is not None), default=None)
    further, anchor = contradictions(found, against, key, before)
    numbers = [event.number for event in found.events]
    return Verification(
        log_id=found.id,
        first=min(numbers, default=0),
        last=max(numbers, default=0),
        checked=len(numbers),
        head_number=found.head_number,
        head_hash=found.head_hash,
        fault=_first([*faults, *further, *_unprotected(connection)]),
        compared=len(against),
        anchor=anchor,
    )


def key_fits(connection: Connection) -> bool | None:
    """Return whether the engine's key is the one that the newest events were written with; None if there are none."""
    events, key = newest_events(connection, _TRIED), key_of(connection)
    return any(is_authentic(event, key) for event in events) if events else None


def _other_key(connection: Connection, log: AuditLog, against: Sequence[Checkpoint], key: bytes) -> Iterable[Fault]:
    """Yield that *key* is not the one of *log*, unless a checkpoint or the newest event of another log bears it out."""
    if is_of_another_key(log, key) and not _reached(log.id, against, key) and not key_fits(connection):
        yield Fault(Finding.KEY, None, _OTHER_KEY)


def _reached(log_id: str, against: Iterable[Checkpoint], key: bytes) -> int:
    """Return how far the log has gone on, as far as genuine checkpoints tell; 0 if there is none."""
    return max((c.number for c in against if c.log_id == log_id and is_genuine(c, key)), default=0)


def _first(faults: list[Fault]) -> Fault | None:
    """Return the fault with the lowest number; what concerns no event comes after all that do."""
    return min(faults, key=lambda fault: (fault.number is None, fault.number or 0), default=None)


def _unprotected(connection: Connection) -> Iterable[Fault]:
    if missing := missing_triggers(connection):
        words = f"the database does not protect the log: {', '.join(missing)} missing"
        yield Fault(Finding.UNPROTECTED, None, words)


def _gone(connection: Connection, log_id: str, against: Sequence[Checkpoint], key: bytes) -> Verification:
    """Tell a log that was taken away from one that never was."""
    events = read_events(connection, log_id)
    newest = newest_of([c for c in against if c.log_id == log_id and is_genuine(c, key)])
    if not events and newest is None:
        message = f"there is no log {log_id}"
        raise LookupError(message)
    stood = f"; it stood at #{newest.number} on {newest.moment}" if newest else ""
    left = f"; {len(events)} of its events are left" if events else ""
    fault = Fault(Finding.GONE, None, f"the log itself is gone{stood}{left}")
    return Verification(log_id, 0, 0, 0, 0, ZERO_HASH, fault, len(against))
