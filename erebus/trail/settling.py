"""Failures on their way into a log: through the counters of `erebus.trail.bursts`, which are kept here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from erebus.trail.bursts import Burst, Bursts
from erebus.trail.events import Log, OpenBurst
from erebus.trail.ledger import append, lock, make
from erebus.trail.tables import audit_bursts, audit_logs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection, Engine

_JSON = ("lines", "counts", "kinds", "subject")


def homes(connection: Connection, logs: Iterable[Log], main: Log, making: Collection[Log] = ()) -> dict[Log, Log]:
    """Return for each of *logs* the one that its failures are told in: *main*, where it was never made.

    A log is not made by a failure; *making* are those that the transaction is about to make. Asked before any log is
    locked, so that all can be locked in one order.
    """
    wanted = set(logs) - {main} - set(making)
    if not wanted:
        return {log: log for log in logs}
    made = audit_logs.c.id.in_(log.id for log in wanted)
    found = set(connection.execute(select(audit_logs.c.id).where(made)).scalars())
    return {log: log if log not in wanted or log.id in found else main for log in logs}


def append_failures(connection: Connection, log: Log, contents: list[dict[str, Any]], now: int) -> None:
    """Append to *log* those of the failures in *contents* that may be lines, count the others, write what is due.

    *now* is in milliseconds since 1970, UTC.
    """
    log = _lock(connection, log)
    bursts = Bursts(_load(connection, log.id), log.project_id)
    lines = bursts.settle(now)
    for content in contents:
        lines += bursts.admit({**content, "project_id": log.project_id}, now)
    _store(connection, log.id, bursts.open(now))
    if lines:
        append(connection, log, lines, now)


def settle_due(engine: Engine, now: int) -> int:
    """Write the summaries that are due at *now* (milliseconds since 1970); return how many logs had some.

    Each log is a transaction of its own.
    """
    with engine.connect() as connection:
        due = audit_logs.c.settle_at <= now
        logs = connection.execute(select(audit_logs.c.id).where(due).order_by(audit_logs.c.id)).scalars().all()
    for log_id in logs:
        with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
            append_failures(connection, Log(log_id, None, 0), [], now)
    return len(logs)


def open_bursts(connection: Connection, log_id: str) -> list[OpenBurst]:
    """Return what was counted in *log_id* and is no line yet."""
    bursts = _load(connection, log_id).values()
    return [
        OpenBurst(b.subject["actor_name"], sum(b.counts.values()), b.first_at, b.last_at, b.first_at + b.window)
        for b in sorted(bursts, key=lambda b: b.first_at)
        if b.counts
    ]


def _lock(connection: Connection, log: Log) -> Log:
    """Lock *log*, made if it was not, and return it as it is stored."""
    found = lock(connection, log.id)
    if found is None:
        make(connection, log)
        found = lock(connection, log.id)
    return found or log


def _load(connection: Connection, log_id: str) -> dict[str, Burst]:
    rows = connection.execute(select(audit_bursts).where(audit_bursts.c.log_id == log_id))
    return {row.actor_id: _burst(row) for row in rows}


def _burst(row: Row[Any]) -> Burst:
    held = {name: json.loads(getattr(row, name)) for name in _JSON}
    lines = [(time, kind) for time, kind in held.pop("lines")]
    return Burst(row.actor_id, lines, **held, first_at=row.first_at, last_at=row.last_at)


def _store(connection: Connection, log_id: str, bursts: list[Burst]) -> None:
    connection.execute(delete(audit_bursts).where(audit_bursts.c.log_id == log_id))
    if bursts:
        connection.execute(insert(audit_bursts), [_row(log_id, burst) for burst in bursts])
    due = min((burst.due_at for burst in bursts if burst.due_at), default=None)
    connection.execute(update(audit_logs).where(audit_logs.c.id == log_id).values(settle_at=due))


def _row(log_id: str, burst: Burst) -> dict[str, Any]:
    texts = {name: json.dumps(getattr(burst, name)) for name in _JSON}
    return {"log_id": log_id, "actor_id": burst.key, "first_at": burst.first_at, "last_at": burst.last_at, **texts}
