"""The append on SQLite: read the head, write the ring; the row trigger checks each event and moves the head itself.

The caller has begun IMMEDIATE, or holds the write lock because its own changes have been flushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from erebus.trail.chain import link
from erebus.trail.events import Written
from erebus.trail.tables import audit_events, audit_logs, empty

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from erebus.trail.events import Log

    Head = Row[int, int, bytes, int, int | None]

_HEAD = select(
    audit_logs.c.capacity,
    audit_logs.c.head_number,
    audit_logs.c.head_hash,
    audit_logs.c.head_time,
    audit_logs.c.settle_at,
)
_INSERT = upsert(audit_events)
_KEY = ("log_id", "slot")
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=_KEY, set_={c.name: _INSERT.excluded[c.name] for c in audit_events.c if c.name not in _KEY}
)


def append(connection: Connection, log: Log, contents: list[dict[str, Any]], digests: list[bytes], now: int) -> Written:
    """Write the events; return how many rows were written and had to be, and when counted failures are due."""
    head = _head(connection, log)
    kept = min(len(contents), head.capacity)
    skipped = len(contents) - kept
    if skipped:
        _skip(connection, log, skipped, head.capacity)
    time = max(now, head.head_time)
    rows, previous = [], bytes(head.head_hash)
    for index in range(skipped, len(contents)):
        number = head.head_number + index + 1
        following = link(previous, number, time, digests[index])
        place = {"log_id": log.id, "slot": number % head.capacity, "number": number, "created_at": time}
        rows.append({**contents[index], **place, "prev_hash": previous, "hash": following})
        previous = following
    return Written(connection.execute(_UPSERT, rows).rowcount, kept, head.settle_at)


def _head(connection: Connection, log: Log) -> Head:
    found = _HEAD.where(audit_logs.c.id == log.id)
    if (head := connection.execute(found).first()) is None:
        make(connection, log)
        head = connection.execute(found).one()
    return head


def make(connection: Connection, log: Log) -> None:
    """Make *log*, empty."""
    connection.execute(insert(audit_logs).values(empty(log)))


def _skip(connection: Connection, log: Log, count: int, capacity: int) -> None:
    """Give the events of a batch that its own last ones displace at once their numbers, without writing them."""
    moved = {"head_number": audit_logs.c.head_number + count, "pending": capacity}
    connection.execute(update(audit_logs).where(audit_logs.c.id == log.id).values(**moved))
