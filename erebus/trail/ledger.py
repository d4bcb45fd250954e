"""The ring: append to a log.

An append is one statement on PostgreSQL (it moves the head, makes the chain and writes the ring) and two on SQLite
(read the head, write the ring; a trigger moves the head). Either way the caller's transaction carries it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erebus.trail import ring_postgresql, ring_sqlite
from erebus.trail.chain import digest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from erebus.trail.events import Log

KEY = "erebus_chain_key"


def use_key(engine: Engine, key: bytes) -> None:
    """Let the logs behind *engine* be chained, and verified, with *key* (32 bytes)."""
    engine.update_execution_options(**{KEY: key})


def key_of(connection: Connection) -> bytes:
    """Return the key given to the engine of *connection*. Raises LookupError if there is none."""
    key = connection.get_execution_options().get(KEY)
    if not isinstance(key, bytes):
        message = "this engine has no chain key: call erebus.trail.use_key(engine, key) before anything is changed"
        raise LookupError(message)  # noqa: TRY004 - a key of another type is as good as none
    return key


def append(connection: Connection, log: Log, contents: list[dict[str, Any]], now: int) -> None:
    """Append an event for each of *contents*, in order, at *now* or at the log's last time if that is later.

    Raises RuntimeError when fewer rows were written than had to be: then the change must not be committed either.
    """
    key = key_of(connection)
    digests = [digest(key, log.id, content) for content in contents]
    ring = ring_postgresql if connection.dialect.name == "postgresql" else ring_sqlite
    written, expected = ring.append(connection, log, contents, digests, now)
    if written != expected:
        message = f"the log {log.id} took {written} of {expected} events: nothing is committed"
        raise RuntimeError(message)
