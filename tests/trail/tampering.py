"""What somebody who owns the tables can do: take the triggers away, change what they like, and put them back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from erebus.trail.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

_DEFINITIONS = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'",
    "postgresql": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'audit_%'",
}


@contextmanager
def past_the_triggers(connection: Connection) -> Iterator[Any]:
    """Give a cursor of the driver's own, on *connection*'s transaction, before which the triggers are gone."""
    dialect = connection.dialect.name
    connection.exec_driver_sql("SELECT 1")  # the transaction is begun
    cursor = connection.connection.cursor()
    cursor.execute(_DEFINITIONS[dialect])
    definitions = [row[0] for row in cursor.fetchall()]
    for name in TRIGGERS[dialect]:
        cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table_of(name)}" if dialect == "postgresql" else ""))
    yield cursor
    for definition in definitions:
        cursor.execute(definition)


def table_of(trigger: str) -> str:
    return "_".join(trigger.split("_")[:2])


def mark(connection: Connection) -> str:
    """The driver's sign for a bound value."""
    return "?" if connection.dialect.name == "sqlite" else "%s"
