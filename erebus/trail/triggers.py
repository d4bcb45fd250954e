"""The triggers that make the log append-only: after every statement its numbers are the window (head - capacity, head].

A written event must lie in the window, and the one that it displaces outside of it; a moved head must have its events,
linked from the old head to the new. Migrations make them; start-up and verification look whether they are there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from erebus.trail.tables import audit_zero

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

TRIGGERS = {
    "sqlite": (
        "audit_events_inserted",
        "audit_events_updated",
        "audit_events_kept",
        "audit_logs_made",
        "audit_logs_moved",
        "audit_logs_kept",
    ),
    "postgresql": (
        "audit_events_guard",
        "audit_events_kept",
        "audit_logs_guard",
        "audit_logs_kept",
        "audit_logs_not_emptied",
    ),
}
_PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_logs')",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal"
    " AND tgrelid IN (to_regclass('audit_events'), to_regclass('audit_logs'))",
}


def make_triggers(connection: Connection) -> None:
    """Make the triggers, and the one row of ``audit_zero``, on fresh tables."""
    connection.execute(insert(audit_zero).values(zero=0))
    for statement in _statements(connection):
        _execute(connection, statement)


def drop_triggers(connection: Connection) -> None:
    """Remove what `make_triggers` made but the tables themselves: for the way down of a migration only."""
    if connection.dialect.name == "sqlite":
        for name in TRIGGERS["sqlite"]:
            _execute(connection, f"DROP TRIGGER {name}")
        return
    for name in TRIGGERS["postgresql"]:
        table = "_".join(name.split("_")[:2])
        _execute(connection, f"DROP TRIGGER {name} ON {table}")
    for name in ("audit_events_check", "audit_logs_check", "audit_refuse"):
        _execute(connection, f"DROP FUNCTION {name}()")


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of the triggers that are not there, or are switched off."""
    dialect = connection.dialect.name
    present = set(connection.execute(text(_PRESENT[dialect])).scalars())
    return [name for name in TRIGGERS[dialect] if name not in present]


def _statements(connection: Connection) -> list[str]:
    source = files("erebus.trail").joinpath(f"triggers_{connection.dialect.name}.sql").read_text()
    if connection.dialect.name == "postgresql":
        # A name without its schema would let a temporary table of the same name stand in for the log.
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
        source = source.replace("{schema}", schema)
    return [part.strip() for part in source.split("-- ;") if part.strip()]


def _execute(connection: Connection, statement: str) -> None:
    """Run DDL on the driver's own cursor: SQLAlchemy would double a % and read a : as a parameter."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
