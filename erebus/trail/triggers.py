"""The triggers that make the log append-only: after every statement its numbers are the window (head - capacity, head].

A written event must lie in the window, and the one that it displaces outside of it; a moved head must have its events,
linked from the old head to the new. A capacity changes only together with the laying of its ring and the event that
tells of it: what is left half done cannot be committed. Migrations make the triggers, from texts of their own;
start-up and verification look whether they are there.
"""

from __future__ import annotations

from contextlib import closing
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
        "audit_events_laid",
        "audit_events_kept",
        "audit_logs_made",
        "audit_logs_moved",
        "audit_logs_laid",
        "audit_logs_kept",
    ),
    "postgresql": (
        "audit_events_guard",
        "audit_events_kept",
        "audit_events_laid",
        "audit_logs_guard",
        "audit_logs_kept",
        "audit_logs_laid",
        "audit_logs_not_emptied",
    ),
}
_FUNCTIONS = (
    "audit_events_check",
    "audit_events_laid_check",
    "audit_logs_check",
    "audit_logs_laid_check",
    "audit_refuse",
)
_PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_logs')",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal"
    " AND tgrelid IN (to_regclass('audit_events'), to_regclass('audit_logs'))",
}


def make_triggers(connection: Connection) -> None:
    """Make the triggers, and the one row of ``audit_zero``, on fresh tables."""
    connection.execute(insert(audit_zero).values(zero=0))
    run_script(connection, files("erebus.trail").joinpath(f"triggers_{connection.dialect.name}.sql").read_text())


def drop_triggers(connection: Connection) -> None:
    """Take away what `make_triggers` made but the tables themselves: as their owner could."""
    run_script(connection, "\n-- ;\n".join(_drops(connection.dialect.name)))


def run_script(connection: Connection, script: str) -> None:
    """Run DDL in parts separated by ``-- ;``, with the name of the current schema put in for ``{schema}``.

    On the driver's own cursor: SQLAlchemy would double a % and read a : as a parameter.
    """
    if connection.dialect.name == "postgresql":
        # A name without its schema would let a temporary table of the same name stand in for the log.
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
        script = script.replace("{schema}", schema)
    with closing(connection.connection.cursor()) as cursor:
        for part in script.split("-- ;"):
            cursor.execute(part.strip())


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of the triggers that are not there, or are switched off."""
    dialect = connection.dialect.name
    present = set(connection.exec_driver_sql(_PRESENT[dialect]).scalars())
    return [name for name in TRIGGERS[dialect] if name not in present]


def _drops(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [f"DROP TRIGGER {name}" for name in TRIGGERS[dialect]]
    triggers = [f"DROP TRIGGER {name} ON {'_'.join(name.split('_')[:2])}" for name in TRIGGERS[dialect]]
    return triggers + [f"DROP FUNCTION {name}()" for name in _FUNCTIONS]
