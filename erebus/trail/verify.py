"""Is this log what was written? Every kept event is hashed anew with the key, from the seam to the head.

It tells displacement, which is fine, from deletion, change and swap, which it names by number. What it cannot tell:
that the end was cut off, or an older whole state put back, by somebody who went past the triggers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import rfc8785

from erebus.trail.chain import digest, link
from erebus.trail.ledger import key_of
from erebus.trail.reading import read_log
from erebus.trail.tables import ZERO_HASH
from erebus.trail.triggers import missing_triggers

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from erebus.trail.events import AuditEvent, AuditLog


@dataclass(frozen=True)
class Verification:
    """The outcome: whether all is sound, which numbers were checked, and else what was found first, and where."""

    is_sound: bool
    first: int
    last: int
    checked: int
    head_number: int
    head_hash: bytes
    wrong: int | None = None
    finding: str = ""


def verify(connection: Connection, log: AuditLog | str) -> Verification:
    """Verify a *log*, as read or by its id. Raises LookupError for an id without a log."""
    found = read_log(connection, log) if isinstance(log, str) else log
    if found is None:
        message = f"there is no log {log}"
        raise LookupError(message)
    wrong, finding = (None, found.flaw) if found.flaw else _first_fault(found, key_of(connection))
    if not finding and (missing := missing_triggers(connection)):
        finding = f"the database does not protect the log: {', '.join(missing)} missing"
    numbers = [event.number for event in found.events]
    return Verification(
        is_sound=not finding,
        first=min(numbers, default=0),
        last=max(numbers, default=0),
        checked=len(numbers),
        head_number=found.head_number,
        head_hash=found.head_hash,
        wrong=wrong,
        finding=finding,
    )


def _first_fault(log: AuditLog, key: bytes) -> tuple[int | None, str]:
    """Return the number of the first event that is not what was written, and what is wrong with it."""
    if log.events and log.events[0].number > log.head_number:
        return log.head_number + 1, "the log goes on beyond its head"
    expected = max(log.seam_number, log.head_number - log.capacity) + 1
    previous = ZERO_HASH if expected == 1 else None
    for event in reversed(log.events):
        if event.number != expected:
            return expected, f"event {expected} is not there"
        if fault := _fault(event, log.id, key, previous):
            return event.number, fault
        expected, previous = expected + 1, event.hash
    return _fault_of_head(log, expected, previous)


def _fault_of_head(log: AuditLog, expected: int, previous: bytes | None) -> tuple[int | None, str]:
    """Return what is wrong with the head, after events up to *expected* with the hash *previous*."""
    if expected <= log.head_number:
        return expected, f"event {expected} is not there"
    if previous not in {None, log.head_hash}:
        return log.head_number, "the head is not the hash of the last event"
    if log.events and log.project_id != log.events[0].project_id:
        return log.head_number, "the log is not of the project that the last event is of"
    if log.head_time != (log.events[0].created_at if log.events else 0):
        return log.head_number, "the head's time is not that of the last event"
    return None, ""


def _fault(event: AuditEvent, log_id: str, key: bytes, previous: bytes | None) -> str:
    if previous is not None and event.previous_hash != previous:
        return f"event {event.number} does not follow the event before it"
    if event.log_id != log_id:
        return f"event {event.number} belongs to another log"
    try:
        made = link(event.previous_hash, event.number, event.created_at, digest(key, log_id, event.content()))
    except (rfc8785.CanonicalizationError, OverflowError):
        return f"event {event.number} holds what was never written"
    return "" if made == event.hash else f"event {event.number} is not what was written"
