"""Size on PostgreSQL of what each variant keeps after 20,000 events in ten projects, with no vacuum meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import psycopg.sql
from sqlalchemy import make_url

from benchmarks.workers import Worker

if TYPE_CHECKING:
    from benchmarks.rounds import Rounds
    from benchmarks.workers import Databases

EVENTS, PROJECTS = 20_000, 10
VARIANTS = ["erebus", "handwritten", "continuum", "history", "triggers"]
_NO_VACUUM = """SELECT format('ALTER TABLE %I.%I SET (autovacuum_enabled = false)', schemaname, relname)
  FROM pg_stat_user_tables"""
_SIZES = """SELECT sum(pg_relation_size(relid))::bigint AS heap, sum(pg_indexes_size(relid))::bigint AS indexes,
    sum(n_dead_tup)::bigint AS dead, sum(n_tup_upd)::bigint AS updated, sum(n_tup_hot_upd)::bigint AS hot,
    array_agg(relname::text) AS tables
  FROM pg_stat_user_tables WHERE relname NOT IN ('projects', 'api_keys')"""


def measure(rounds: Rounds, databases: dict[str, Databases]) -> None:
    """Take what is missing, a variant at a time."""
    for variant in VARIANTS:
        measure_name = f"size, {variant}"
        if not rounds.count(measure_name):
            found = _fill(variant, databases["PostgreSQL"])
            rounds.run(measure_name, 1, list(found), found.__getitem__)


def _fill(variant: str, databases: Databases) -> dict[str, float]:
    url = databases.make()
    worker = Worker(variant, url)
    try:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            for (statement,) in connection.execute(_NO_VACUUM).fetchall():
                connection.execute(statement)
        for _ in range(PROJECTS):
            worker.ask("updates", count=EVENTS // PROJECTS)
    finally:
        worker.end()
    return _look(url)


def _look(url: str) -> dict[str, float]:
    with psycopg.connect(_plain(url), autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        found: dict[str, Any] = connection.execute(_SIZES).fetchone() or {}
        found["live"] = sum(_live(connection, table) for table in found.pop("tables"))
    return {name: float(value) for name, value in found.items()}


def _live(connection: psycopg.Connection[Any], table: str) -> float:
    """Return the bytes of the live rows of *table*, with their headers."""
    bytes_of = psycopg.sql.SQL("SELECT sum(pg_column_size(t.*) + 4) AS bytes FROM {} t")
    row = connection.execute(bytes_of.format(psycopg.sql.Identifier(table))).fetchone()
    return float(row["bytes"] or 0) if row else 0.0


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
