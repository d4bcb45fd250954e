"""Changing how many events a log keeps: its ring is laid anew in one transaction, with all triggers in place.

The log's row gets the new capacity and its new seam; what is displaced is deleted; each kept event is parked in a
negative slot and then moved to its new one; last comes the event that tells of it, which on a growing ring displaces
nothing. The triggers allow these steps in this order and nothing else, and refuse to commit half of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, select, update

from erebus.trail.changes import ChangeSet, FieldChange
from erebus.trail.events import Log
from erebus.trail.ledger import append
from erebus.trail.tables import MAX_CAPACITY, MIN_CAPACITY, audit_events, audit_logs
from erebus.trail.telling import content

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from erebus.trail.actor import Actor

ENTITY_TYPE = "audit_log"  # this, and the form of the change, is what the triggers look for
TITLE = "Changed log capacity"


class UnknownLogError(LookupError):
    """There is no log with this id."""


class CapacityError(ValueError):
    """A log cannot have this capacity."""


class CapacityChange(NamedTuple):
    """From how many events to how many, and how many that are kept now have to go for it."""

    before: int
    after: int
    displaced: int


def plan_capacity(connection: Connection, log_id: str, capacity: int) -> CapacityChange:
    """Return what changing the log *log_id* to *capacity* would do now.

    Raises `UnknownLogError`, and `CapacityError` for a capacity that no log can have.
    """
    return _plan(_read(connection, log_id), capacity)


def change_capacity(connection: Connection, log_id: str, capacity: int, actor: Actor, now: int) -> CapacityChange:
    """Let the log *log_id* keep *capacity* events from now on, and tell so in it; the newest stay.

    Changing it to what it is already does nothing, and is no event. Runs in the caller's transaction, which on SQLite
    has begun IMMEDIATE; *now* is in milliseconds since 1970, UTC. Raises `UnknownLogError`, and `CapacityError` for a
    capacity that no log can have.
    """
    log = _read(connection, log_id, is_locked=True)
    change = _plan(log, capacity)
    if change.before != change.after:
        _set_capacity(connection, log, capacity)
        _lay(connection, log, capacity)
        whose = Log(log.id, log.project_id, capacity)
        append(connection, whose, [_told(whose, change, actor)], now)
    return change


def _read(connection: Connection, log_id: str, *, is_locked: bool = False) -> Row[Any]:
    """Return the row of the log, on PostgreSQL locked if asked for: a writer waits until its ring lies right."""
    found = select(audit_logs).where(audit_logs.c.id == log_id)
    log = connection.execute(found.with_for_update() if is_locked else found).first()
    if log is None:
        message = f"there is no log {log_id}"
        raise UnknownLogError(message)
    return log


def _plan(log: Row[Any], capacity: int) -> CapacityChange:
    if not MIN_CAPACITY <= capacity <= MAX_CAPACITY:
        message = f"a log keeps from {MIN_CAPACITY} to {MAX_CAPACITY} events, not {capacity}"
        raise CapacityError(message)
    if capacity == log.capacity:
        return CapacityChange(capacity, capacity, 0)
    seam = _seam(log, capacity)
    displaced = max(seam, log.head_number + 1 - capacity) - max(log.seam_number, log.head_number - log.capacity)
    return CapacityChange(log.capacity, capacity, displaced)


def _seam(log: Row[Any], capacity: int) -> int:
    """Return the number below which nothing is kept, whatever the capacity would have room for."""
    seam: int = max(log.seam_number, log.head_number - min(log.capacity, capacity))
    return seam


def _set_capacity(connection: Connection, log: Row[Any], capacity: int) -> None:
    seam = _seam(log, capacity)
    first = select(audit_events.c.prev_hash).where(audit_events.c.log_id == log.id, audit_events.c.number == seam + 1)
    moved = {"seam_number": seam, "seam_hash": connection.execute(first).scalar()} if seam > log.seam_number else {}
    # SQLite has no triggers at commit: pending, which must be 0 there, is the old capacity until the ring lies right.
    held = {"pending": -log.capacity} if connection.dialect.name == "sqlite" else {}
    connection.execute(update(audit_logs).where(audit_logs.c.id == log.id).values(capacity=capacity, **moved, **held))


def _lay(connection: Connection, log: Row[Any], capacity: int) -> None:
    of_log, number = audit_events.c.log_id == log.id, audit_events.c.number
    connection.execute(delete(audit_events).where(of_log, number <= log.head_number - capacity))
    connection.execute(update(audit_events).where(of_log).values(slot=-1 - number % capacity))
    connection.execute(update(audit_events).where(of_log).values(slot=number % capacity))


def _told(log: Log, change: CapacityChange, actor: Actor) -> dict[str, Any]:
    field = FieldChange("capacity", "capacity", change.before, change.after)
    told = ChangeSet("update", ENTITY_TYPE, log.id, "", (field,))
    events = f"{change.before} to {change.after} events"
    sentence = f"Changed capacity of the log from {events}; {change.displaced} displaced"
    return content(told, log, actor, TITLE, sentence, None, status=True)
