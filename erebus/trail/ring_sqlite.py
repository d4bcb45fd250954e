"""The append on SQLite: read the head, write the ring; the row trigger checks each event and moves the head itself.

The caller has begun IMMEDIATE, or holds the write lock because its own changes have been flushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from erebus.trail.chain import link
from erebus.trail.tables import ZERO_HASH, audit_events, audit_logs

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from erebus.trail.events import Log

    Head = Row[int, int, bytes, int]

_HEAD = select(audit_logs.c.capacity, audit_logs.c.head_number, audit_logs.c.head_hash, audit_logs.c.head_time)
_INSERT = upsert(audit_events)
_KEY = ("log_id", "slot")
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=_KEY, set_={c.name: _INSERT.excluded[c.name] for c in audit_events.c if c.name not in _KEY}
)


def append(
    connection: Connection, log: Log, contents: list[dict[str, Any]], digests: list[bytes], now: int
) -> tuple[int, int]:
    """Write the events; return how many rows were written and how many had to be."""
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
    return connection.execute(_UPSERT, rows).rowcount, kept


def _head(connection: Connection, log: Log) -> Head:
    found = _HEAD.where(audit_logs.c.id == log.id)
    return connection.execute(found).first() or _make(connection, log)


def _make(connection: Connection, log: Log) -> Head:
    new = {"id": log.id, "project_id": log.project_id, "capacity": log.capacity}
    zeros = {"head_number": 0, "head_time": 0, "seam_number": 0, "pending": 0}
    hashes = dict.fromkeys(("head_hash", "prior_hash", "seam_hash"), ZERO_HASH)
    connection.execute(insert(audit_logs).values(**new, **zeros, **hashes))
    return connection.execute(_HEAD.where(audit_logs.c.id == log.id)).one()


def _skip(connection: Connection, log: Log, count: int, capacity: int) -> None:
    """Give the events of a batch that its own last ones displace at once their numbers, without writing them."""
    moved = {"head_number": audit_logs.c.head_number + count, "pending": capacity}
    connection.execute(update(audit_logs).where(audit_logs.c.id == log.id).values(**moved))
