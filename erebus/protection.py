"""Whether the database protects the log: asked at start, by whoever upgrades, and by those who look after it.

The triggers stop everybody but who owns the tables, or can become the owner: on PostgreSQL a role is asked for that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from erebus.trail import missing_triggers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

_log = logging.getLogger("erebus.protection")
_POWERS = {
    "it is a superuser": "SELECT rolsuper FROM pg_roles WHERE rolname = :role",
    "it may make roles": "SELECT rolcreaterole FROM pg_roles WHERE rolname = :role",
    "it owns tables of Erebus, or is a member of the role that does": (
        "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(current_schema())"
        " AND pg_has_role(:role, relowner, 'MEMBER'))"
    ),
    "it owns the schema or the database, or is a member of the role that does": (
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = current_schema()"
        " AND pg_has_role(:role, nspowner, 'MEMBER'))"
        " OR EXISTS (SELECT FROM pg_database WHERE datname = current_database()"
        " AND pg_has_role(:role, datdba, 'MEMBER'))"
    ),
}
_LEFT = {
    "may make temporary tables": "SELECT has_database_privilege(:role, current_database(), 'TEMP')",
    "may make schemas": "SELECT has_database_privilege(:role, current_database(), 'CREATE')",
    "may make tables": "SELECT has_schema_privilege(:role, current_schema(), 'CREATE')",
}


class UnprotectedLogError(Exception):
    """The database does not protect the log; the text names the triggers that are missing, and says what to do."""


def look_for_triggers(engine: Engine) -> list[str]:
    """Return the triggers that the log lacks, found by one query; none where the database cannot be reached.

    A database that is not there yet is no reason not to start: ``/readyz`` tells of it.
    """
    try:
        with engine.connect() as connection:
            return missing_triggers(connection)
    except OperationalError:
        _log.warning("the database cannot be reached: whether the log is protected was not looked at")
        return []
    finally:
        engine.dispose()  # or a server that forks after this would share the connection among its workers


def powers(connection: Connection, role: str) -> list[str]:
    """Return why *role* of PostgreSQL could get past the triggers, in words; nothing if it could not."""
    return list(_true(connection, role, _POWERS))


def what_is_left(connection: Connection, role: str) -> list[str]:
    """Return what *role* of PostgreSQL may still make that it does not need, in words."""
    return list(_true(connection, role, _LEFT))


def _true(connection: Connection, role: str, questions: dict[str, str]) -> Iterable[str]:
    return (words for words, query in questions.items() if connection.execute(text(query), {"role": role}).scalar())
