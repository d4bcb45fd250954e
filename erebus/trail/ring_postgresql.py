"""The append on PostgreSQL: one statement moves the head, makes the chain and writes the ring.

A few events are chained by the statement itself, under the lock that it takes on the log's row. A batch locks the row
first and is chained here. Inside the one statement only what it returns may be used: every subselect reads its
snapshot, which after waiting for the lock is one event old.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from erebus.trail.chain import digest, digests, link
from erebus.trail.driver import first
from erebus.trail.events import Written
from erebus.trail.tables import CONTENT, WRITE_RING, ZERO_HASH, audit_logs, empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from erebus.trail.events import Log

FEW = 5
_WORDS = {None: "NULL", True: "t", False: "f"}
_ZERO = f"'\\x{ZERO_HASH.hex()}'::bytea"
_TYPES = {"status": "boolean"}


def append(connection: Connection, log: Log, contents: Sequence[dict[str, Any]], key: bytes, now: int) -> Written:
    """Write the events; return how many rows were written and had to be, and when counted failures are due."""
    if len(contents) > FEW:
        return _append_batch(connection, log, contents, key, now)
    values: dict[str, Any] = {f"e_{i}": _array(content) for i, content in enumerate(contents, 1)}
    values |= {f"d_{i}": d for i, d in enumerate(digests(key, log.id, contents), 1)}
    place = {"log": log.id, "project": log.project_id, "capacity": log.capacity, "now": now}
    written, settle_at = first(connection, _few(len(contents)), values | place) or (0, None)
    return Written(written, len(contents), settle_at)


@lru_cache(maxsize=FEW)
def _few(count: int) -> str:
    """Return the statement for *count* events, as the driver takes it and keeps it prepared.

    A content is one parameter, and the spaces of the layout are left out: of a statement with more than 50 parameters
    or 4,096 characters psycopg keeps nothing, and looks for its parameters each time.
    """
    time = "GREATEST(l.head_time, CAST(%(now)s AS bigint))"
    begun = _chain(_ZERO, "CAST(0 AS bigint)", "CAST(%(now)s AS bigint)", count)
    further = _chain("l.head_hash", "l.head_number", time, count)
    links = "".join(
        f" CROSS JOIN LATERAL (SELECT {_link('h.h0' if i == 1 else f'c{i - 1}.h', 'h.base', 'h.t', i)} AS h) AS c{i}"
        for i in range(1, count + 1)
    )
    rows = ", ".join(
        f"({i}, CAST(%(e_{i})s AS text[]), {'h.h0' if i == 1 else f'c{i - 1}.h'}, c{i}.h)" for i in range(1, count + 1)
    )
    contents = ", ".join(_part(name, i) for i, name in enumerate(CONTENT, 1))
    source = (
        f"SELECT h.id, (h.base + e.n) %% h.capacity, h.base + e.n, h.t, {contents}, e.prev_hash, e.hash"
        f" FROM h{links} CROSS JOIN LATERAL (VALUES {rows}) AS e(n, c, prev_hash, hash)"
    )
    statement = f"""
        WITH h AS (
          INSERT INTO audit_logs AS l (id, project_id, capacity, head_number, head_time, prior_hash, head_hash,
                                       seam_number, seam_hash, pending)
          VALUES (%(log)s, %(project)s, %(capacity)s, {count}, %(now)s, {_ZERO}, {begun}, 0, {_ZERO}, 0)
          ON CONFLICT (id) DO UPDATE SET head_number = l.head_number + {count}, prior_hash = l.head_hash,
            head_time = {time}, head_hash = {further}
          RETURNING l.id, l.capacity, l.head_number - {count} AS base, l.prior_hash AS h0, l.head_time AS t,
            l.settle_at),
        e AS ({WRITE_RING.format(source=source)} RETURNING 1)
        SELECT (SELECT count(*) FROM e) AS written, h.settle_at FROM h"""
    return " ".join(statement.split())


def _part(name: str, i: int) -> str:
    return f"CAST(e.c[{i}] AS {_TYPES[name]})" if name in _TYPES else f"e.c[{i}]"


def _array(content: dict[str, Any]) -> str:
    """Return *content* as the literal of an array of texts (PostgreSQL's manual, 8.15.6)."""
    parts = [
        '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(part, str) else _WORDS[part]
        for part in map(content.__getitem__, CONTENT)
    ]
    return "{" + ",".join(parts) + "}"


def _chain(hash_before: str, base: str, time: str, count: int) -> str:
    for i in range(1, count + 1):
        hash_before = _link(hash_before, base, time, i)
    return hash_before


def _link(hash_before: str, base: str, time: str, i: int) -> str:
    return f"sha256({hash_before} || int8send({base} + {i}) || int8send({time}) || CAST(%(d_{i})s AS bytea))"


def _append_batch(
    connection: Connection, log: Log, contents: Sequence[dict[str, Any]], key: bytes, now: int
) -> Written:
    make(connection, log)
    head = connection.execute(select(audit_logs).where(audit_logs.c.id == log.id).with_for_update()).one()
    kept = min(len(contents), head.capacity)
    time = max(now, head.head_time)
    rows, previous = [], bytes(head.head_hash)
    skipped = len(contents) - kept
    for number, content in enumerate(contents[skipped:], head.head_number + skipped + 1):
        following = link(previous, number, time, digest(key, log.id, content))
        place = {"number": number, "slot": number % head.capacity, "prev_hash": previous.hex(), "hash": following.hex()}
        rows.append({**content, **place})
        previous = following
    values = {"log": log.id, "n": len(contents), "time": time, "head": previous, "rows": json.dumps(rows)}
    return Written(connection.execute(_BATCH, values).rowcount, kept, head.settle_at)


def make(connection: Connection, log: Log) -> None:
    """Make *log*, empty, unless somebody else has made it meanwhile."""
    connection.execute(insert(audit_logs).values(empty(log)).on_conflict_do_nothing())


_NAMED = ", ".join(f"{n} {_TYPES.get(n, 'text')}" for n in CONTENT)
_BATCH_SOURCE = (
    f"SELECT h.id, e.slot, e.number, h.head_time, {', '.join(f'e.{n}' for n in CONTENT)},"
    " decode(e.prev_hash, 'hex'), decode(e.hash, 'hex')"
    " FROM h CROSS JOIN json_to_recordset(CAST(:rows AS json))"
    f" AS e(number bigint, slot smallint, prev_hash text, hash text, {_NAMED})"
)
_BATCH = text(f"""
    WITH h AS (
      UPDATE audit_logs SET head_number = head_number + :n, prior_hash = head_hash, head_time = :time, head_hash = :head
      WHERE id = :log RETURNING id, head_time)
    {WRITE_RING.format(source=_BATCH_SOURCE)}""")
