"""The ring: append to a log.

An append is one statement on PostgreSQL (it moves the head, makes the chain and writes the ring) and two on SQLite
(read the head, write the ring; a trigger moves the head). Either way the caller's transaction carries it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from erebus.trail import ring_postgresql, ring_sqlite
from erebus.trail.events import Log
from erebus.trail.tables import audit_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine

KEY = "erebus_chain_key"


def use_key(engine: Engine, key: bytes) -> None:
    """Let the logs behind *engine* be chained, and verified, with *key* (32 bytes)."""
    engine.update_execution_options(**{KEY: key})


def has_key(connection: Connection | Engine) -> bool:
    """Return whether the engine of *connection* was given a key: its database has the log."""
    return KEY in connection.get_execution_options()


def key_of(connection: Connection) -> bytes:
    """Return the key given to the engine of *connection*. Raises LookupError if there is none."""
    key = connection.get_execution_options().get(KEY)
    if not isinstance(key, bytes):
        message = "this engine has no chain key: call erebus.trail.use_key(engine, key) before anything is changed"
        raise LookupError(message)  # noqa: TRY004 - a key of another type is as good as none
    return key


def append(connection: Connection, log: Log, contents: Sequence[dict[str, Any]], now: int) -> bool:
    """Append an event for each of *contents*, in order, at *now* or at the log's last time if that is later.

    Of more than the log keeps only the last ones are looked at.
    Return whether failures that were only counted are due to be told in the log (`erebus.trail.settling`).
    Raises RuntimeError when fewer rows were written than had to be: then the change must not be committed either.
    """
    written = _ring(connection).append(connection, log, contents, key_of(connection), now)
    if written.rows != written.expected:
        message = f"the log {log.id} took {written.rows} of {written.expected} events: nothing is committed"
        raise RuntimeError(message)
    return written.settle_at is not None and written.settle_at <= now


def lock(connection: Connection, log_id: str) -> Log | None:
    """Lock the log *log_id* until the transaction ends, and return it; None if there is none."""
    columns = (audit_logs.c.id, audit_logs.c.project_id, audit_logs.c.capacity)
    row = connection.execute(select(*columns).where(audit_logs.c.id == log_id).with_for_update()).first()
    return Log(*row) if row else None


def make(connection: Connection, log: Log) -> None:
    """Make *log*, empty, unless somebody else has made it meanwhile."""
    _ring(connection).make(connection, log)


def _ring(connection: Connection) -> Any:  # noqa: ANN401 - one of two modules
    return ring_postgresql if connection.dialect.name == "postgresql" else ring_sqlite
