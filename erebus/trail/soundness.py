"""Does a log hold together? From the seam to the head every kept event is hashed anew, and the log's own row compared.

Pure: from a log as read to what is wrong with it. Displacement is told from deletion by the window: what has to be kept
are the numbers from the seam, or head minus capacity, up to the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.trail.chain import digest, link
from erebus.trail.findings import Fault, Finding
from erebus.trail.tables import MAX_CAPACITY, ZERO_HASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erebus.trail.events import AuditEvent, AuditLog


def is_authentic(event: AuditEvent, key: bytes) -> bool:
    """Return whether *event* is what was written under its number in its log; its place in the chain aside."""
    return not event.flaw and _hash(event, key, event.number) == event.hash


def faults_of(log: AuditLog, key: bytes) -> list[Fault]:
    """Return what is wrong with *log*: the first wrong event, events too many, and what its own row gets wrong."""
    if flaw := log.flaw or _impossible(log):
        return [Fault(Finding.HEAD, None, f"the log's own row holds what was never written ({flaw})")]
    authentic = {id(event) for event in log.events if event.log_id == log.id and is_authentic(event, key)}
    head = _head(log, authentic)
    inside, strays = _sort(log, head, authentic)
    walked = _walk(log, head, inside, strays, authentic, key)
    return [*walked, *_too_many(strays), *_row_faults(log, head)]


def _head(log: AuditLog, authentic: set[int]) -> int:
    """Return where the log ends: its row may be what is wrong, and the hash of an authentic event covers its number."""
    newest = next((event for event in log.events if id(event) in authentic), None)
    if newest and (newest.hash == log.head_hash or newest.number > log.head_number):
        return newest.number
    return log.head_number


def _impossible(log: AuditLog) -> str:
    """Return the column of the log's row in which no log could ever stand."""
    if not 0 < log.capacity <= MAX_CAPACITY:
        return "capacity"
    if log.head_number < 0:
        return "head_number"
    if not 0 <= log.seam_number <= log.head_number:
        return "seam_number"
    if (log.seam_number == 0) != (log.seam_hash == ZERO_HASH):
        return "seam_hash"
    return "pending" if log.pending else ""


def _first(log: AuditLog, head: int) -> int:
    return max(log.seam_number, head - log.capacity) + 1


def _sort(log: AuditLog, head: int, authentic: set[int]) -> tuple[dict[int, AuditEvent], list[AuditEvent]]:
    """Return the events by number, and those that have no place: beyond the window, or a number's second."""
    inside: dict[int, AuditEvent] = {}
    strays = []
    for event in sorted(log.events, key=lambda e: id(e) not in authentic):
        if _first(log, head) <= event.number <= head and event.number not in inside:
            inside[event.number] = event
        else:
            strays.append(event)
    return inside, strays


def _walk(  # noqa: PLR0913, PLR0917 - what a walk along the chain looks at
    log: AuditLog,
    head: int,
    inside: dict[int, AuditEvent],
    strays: list[AuditEvent],
    authentic: set[int],
    key: bytes,
) -> Iterable[Fault]:
    """Yield the first fault on the way from the seam to the head; a stray that explains it is none any more."""
    first = _first(log, head)
    previous = log.seam_hash if first == log.seam_number + 1 else None  # of a log never cut, 32 zero bytes
    for number in range(first, head + 1):
        event = inside.get(number)
        if event is None:
            yield _missing(number, head, inside, strays, key)
            return
        if id(event) not in authentic:
            yield _altered(event, log.events, key)
            return
        if previous is not None and event.previous_hash != previous:
            yield Fault(Finding.REWRITTEN, number, f"event {number} does not follow the event before it")
            return
        if event.slot != number % log.capacity:
            yield Fault(Finding.CHANGED, number, f"event {number} does not lie in its slot")
            return
        previous = event.hash


def _missing(number: int, head: int, inside: dict[int, AuditEvent], strays: list[AuditEvent], key: bytes) -> Fault:
    for stray in strays:
        if _hash(stray, key, number) == stray.hash:
            strays.remove(stray)
            other = f"the number {stray.number}" if stray.number else "no number"
            return Fault(Finding.CHANGED, number, f"event {number} bears {other} now")
    if max(inside, default=0) > number:
        return Fault(Finding.DELETED, number, f"event {number} is not there")
    return Fault(Finding.CUT_OFF, number, f"the end is cut off: event {number} is not there, and the head is #{head}")


def _altered(event: AuditEvent, events: Iterable[AuditEvent], key: bytes) -> Fault:
    number = event.number
    if event.flaw:
        return Fault(Finding.CHANGED, number, f"event {number} holds what was never written ({event.flaw})")
    twin = next((e.number for e in events if e is not event and not e.flaw and _is_twin(event, e, key)), None)
    if twin is not None:
        return Fault(Finding.SWAPPED, number, f"event {twin} stands in the place of event {number}")
    return Fault(Finding.CHANGED, number, f"event {number} is not what was written")


def _is_twin(event: AuditEvent, other: AuditEvent, key: bytes) -> bool:
    """Return whether *event* holds what was written under the number of *other*, all of it or its content alone."""
    hashes = {event.hash, other.hash}
    return any(
        _hash(event, key, other.number, previous, time) in hashes
        for previous in (event.previous_hash, other.previous_hash)
        for time in (event.created_at, other.created_at)
    )


def _too_many(strays: list[AuditEvent]) -> Iterable[Fault]:
    for event in strays:
        named = f"event {event.number}" if event.number else "an event without a number"
        yield Fault(Finding.INSERTED, event.number or None, f"{named} has no place in this log")


def _row_faults(log: AuditLog, head: int) -> Iterable[Fault]:
    """Yield what the log's own row gets wrong of its newest event."""
    newest = log.events[0] if log.events and log.events[0].number == head else None
    latest = [e for e in log.events if newest and e.created_at == newest.created_at]  # a batch has one time
    is_told = {
        "number": head == log.head_number,
        "hash": log.head_hash == (newest.hash if newest else ZERO_HASH),
        "time": log.head_time == (newest.created_at if newest else 0),
        "hash before": log.prior_hash in ({e.previous_hash for e in latest} if newest else {ZERO_HASH}),
        "project": all(e.project_id == log.project_id for e in log.events),
    }
    wrong = next((what for what, is_right in is_told.items() if not is_right), None)
    if wrong is not None and (newest or not head):
        number = min(head, log.head_number) + (wrong == "number")
        yield Fault(Finding.HEAD, number or None, f"the head's {wrong} is not that of the last event")


def _hash(
    event: AuditEvent, key: bytes, number: int, previous: bytes | None = None, time: int | None = None
) -> bytes | None:
    """Return the hash that *event* would have under *number*; None where it holds what cannot be hashed."""
    previous = event.previous_hash if previous is None else previous
    try:
        made = digest(key, event.log_id, event.content())
        return link(previous, number, event.created_at if time is None else time, made)
    except (LookupError, ValueError, OverflowError):
        return None
