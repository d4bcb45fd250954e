"""Does a log hold together? From the seam to the head every kept event is hashed anew, and the log's own row compared.

Pure: from a log as read to what is wrong with it. Displacement is told from deletion by the window: what has to be kept
are the numbers from the seam, or head minus capacity, up to the head.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING

from erebus.trail.chain import digest, link
from erebus.trail.findings import Fault, Finding
from erebus.trail.tables import MAX_CAPACITY, MIN_CAPACITY, ZERO_HASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erebus.trail.events import AuditEvent, AuditLog


def is_authentic(event: AuditEvent, key: bytes) -> bool:
    """Return whether *event* is what was written under its number in its log; its place in the chain aside."""
    return not event.flaw and _hash(event, key, event.number) == event.hash


def is_of_another_key(log: AuditLog, key: bytes) -> bool:
    """Return whether *key* fits none of the events of *log*, though these hold together from the oldest to the head."""
    events = log.events
    if not events or log.flaw or any(event.flaw or is_authentic(event, key) for event in events):
        return False
    follows = all(e.number == o.number + 1 and e.previous_hash == o.hash for e, o in pairwise(events))
    return follows and (events[0].number, events[0].hash) == (log.head_number, log.head_hash)


def faults_of(log: AuditLog, key: bytes, reached: int = 0) -> list[Fault]:
    """Return what is wrong with *log*: the first wrong event, events too many, and what its own row gets wrong.

    That it does not go on to the number *reached*, as it once did, is for others to say.
    """
    if flaw := log.flaw or _impossible(log):
        return [Fault(Finding.HEAD, None, f"the log's own row holds what was never written ({flaw})")]
    if (laid := _laid_for(log)) != log.capacity:
        words = f"the log's capacity is {log.capacity}, and its events lie as in a log of {laid}"
        return [*faults_of(replace(log, capacity=laid), key, reached), Fault(Finding.HEAD, log.head_number, words)]
    authentic = {id(event) for event in log.events if event.log_id == log.id and is_authentic(event, key)}
    head = _head(log, authentic)
    inside, strays = _sort(log, head, authentic)
    numbers = range(_oldest(log, head, inside, reached), head + 1)
    walked = _walk(log, numbers, inside, strays, authentic, key)
    return [*walked, *_too_many(strays), *_row_faults(log, head)]


def _laid_for(log: AuditLog) -> int:
    """Return the capacity for which the ring was laid, if all events agree on one; else that of the log's row."""
    whole_turns = gcd(*(event.number - event.slot for event in log.events))
    least = max((event.slot + 1 for event in log.events), default=0)
    if log.capacity >= least and whole_turns % log.capacity == 0:
        return log.capacity
    agreed = (n for n in range(max(least, MIN_CAPACITY), MAX_CAPACITY + 1) if whole_turns and whole_turns % n == 0)
    return next(agreed, log.capacity)


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


def _oldest(log: AuditLog, head: int, inside: dict[int, AuditEvent], reached: int) -> int:
    """Return from which number on none may be missing: what a cut end had displaced, nothing brings back."""
    return min(inside, default=head + 1) if reached > head else _first(log, head)


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
    numbers: range,
    inside: dict[int, AuditEvent],
    strays: list[AuditEvent],
    authentic: set[int],
    key: bytes,
) -> Iterable[Fault]:
    """Yield the first fault on the way from the seam to the head; a stray that explains it is none any more."""
    previous = log.seam_hash if numbers.start == log.seam_number + 1 else None  # of a log never cut, 32 zero bytes
    for number in numbers:
        event = inside.get(number)
        if event is None:
            yield _missing(log, numbers, number, inside, strays, key)
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


def _missing(  # noqa: PLR0913, PLR0917 - the same
    log: AuditLog,
    numbers: range,
    number: int,
    inside: dict[int, AuditEvent],
    strays: list[AuditEvent],
    key: bytes,
) -> Fault:
    for stray in strays:
        if _hash(stray, key, number) == stray.hash:
            strays.remove(stray)
            other = f"the number {stray.number}" if stray.number else "no number"
            return Fault(Finding.CHANGED, number, f"event {number} bears {other} now")
    head = numbers.stop - 1
    if max(inside, default=0) < number:
        words = f"the end is cut off: event {number} is not there, and the head is #{head}"
        return Fault(Finding.CUT_OFF, number, words)
    return Fault(Finding.DELETED, number, f"event {number} is not there{_or_cut_off(log, numbers, number, inside)}")


def _or_cut_off(log: AuditLog, numbers: range, number: int, inside: dict[int, AuditEvent]) -> str:
    """Say, where the oldest are missing, that a cut end may have displaced them, and the head been moved back."""
    oldest = min(inside)
    if number != numbers.start or len(inside) != numbers.stop - oldest:
        return ""
    return f"; or the log went on to #{oldest - 1 + log.capacity}, its end was cut off, and the head moved back"


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
