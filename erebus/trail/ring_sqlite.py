"""The append on SQLite: read the head, write the ring; the row trigger checks each event and moves the head itself.

The caller has begun IMMEDIATE, or holds the write lock because its own changes have been flushed. The statements are
plain text with their values bound, which the driver keeps prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.trail.chain import digest, link
from erebus.trail.driver import first, write
from erebus.trail.events import Written
from erebus.trail.tables import CONTENT, WRITE_RING, ZERO_HASH, audit_events, audit_logs, empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from erebus.trail.events import Log

_COLUMNS = [c.name for c in audit_logs.c]
_HEAD = "SELECT capacity, head_number, head_hash, head_time, settle_at FROM audit_logs WHERE id = ?"
_MAKE = "INSERT INTO audit_logs ({}) VALUES ({})".format(", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS)))
_SKIP = "UPDATE audit_logs SET head_number = head_number + ?, pending = ? WHERE id = ?"
_WRITE = WRITE_RING.format(source=f"VALUES ({', '.join('?' * len(audit_events.c))})")


class Head(NamedTuple):
    """Where a log stands before an append."""

    capacity: int
    head_number: int
    head_hash: bytes
    head_time: int
    settle_at: int | None


def append(connection: Connection, log: Log, contents: Sequence[dict[str, Any]], key: bytes, now: int) -> Written:
    """Write the events; return how many rows were written and had to be, and when counted failures are due."""
    head = _head(connection, log)
    kept = min(len(contents), head.capacity)
    skipped = len(contents) - kept
    if skipped:  # what the batch's own last ones displace at once gets its numbers, and is not written
        write(connection, _SKIP, [(skipped, head.capacity, log.id)])
    time = max(now, head.head_time)
    rows, previous = [], bytes(head.head_hash)
    for number, content in enumerate(contents[skipped:], head.head_number + skipped + 1):
        following = link(previous, number, time, digest(key, log.id, content))
        told = (content[name] for name in CONTENT)
        rows.append((log.id, number % head.capacity, number, time, *told, previous, following))
        previous = following
    return Written(write(connection, _WRITE, rows), kept, head.settle_at)


def _head(connection: Connection, log: Log) -> Head:
    if row := first(connection, _HEAD, (log.id,)):
        return Head(*row)
    make(connection, log)
    return Head(log.capacity, 0, ZERO_HASH, 0, None)


def make(connection: Connection, log: Log) -> None:
    """Make *log*, empty."""
    row = empty(log)
    write(connection, _MAKE, [tuple(row.get(name) for name in _COLUMNS)])
