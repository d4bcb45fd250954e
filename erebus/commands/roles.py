"""``flask erebus roles``: on PostgreSQL, let the app work as a role that owns nothing.

Whoever owns a table can switch its triggers off. So the owner's address is for migrations and for this command, the
app's for everything else; and the app's role gets rows to read and write, no table of its own, temporary or not.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from psycopg import errors, sql
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from erebus import config, trail
from erebus.answering import reaching
from erebus.plugins import installation
from erebus.protection import powers, what_is_left
from erebus.upgrading import OWN, owner_connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@click.command()
@with_appcontext
def roles() -> None:
    """Let the app work as a PostgreSQL role that owns nothing: make it, and grant what it needs.

    EREBUS_DATABASE_URL names the role, EREBUS_OWNER_DATABASE_URL the owner of the tables. Safe to run again.
    """
    settings = installation().settings
    app = _app_url(settings)
    role = str(app.username)
    try:
        with reaching(), owner_connection(settings) as connection:
            is_new = _make(connection, app)
            _refuse_powers(connection, role)
            grant(connection, role)
            left = what_is_left(connection, role)
    except errors.InsufficientPrivilege as error:
        message = f"the role in EREBUS_OWNER_DATABASE_URL may not do this: {error.diag.message_primary}"
        raise click.ClickException(message) from None
    click.echo(f"The role {role} was made." if is_new else f"The role {role} was there already.")
    click.echo("It may read and write rows, and owns nothing.")
    for power in left:
        click.echo(
            f"Warning: it {power}. Only the owner of the database can end that: let that one run this.", err=True
        )


def grant(connection: Connection, role: str) -> None:
    """Grant *role* the rows of all tables, of those of the log no more than it needs, and by default of later ones."""
    names = {"role": role, "schema": _one(connection, "SELECT current_schema()")}
    names["database"] = _one(connection, "SELECT current_database()")
    _run(connection, "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}", **names)
    _run(connection, "GRANT CONNECT ON DATABASE {database} TO {role}", **names)
    _run(connection, "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}", **names)
    _run(connection, "GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    _run(connection, "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}", **names)
    for table in inspect(connection).get_table_names():
        granted = f"GRANT {', '.join(_rights(table))} ON {{schema}}.{{table}} TO {{role}}"
        _run(connection, granted, **names, table=table)
    _run(connection, "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}", **names)
    later = "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT "
    _run(connection, f"{later}{', '.join(_ROWS)} ON TABLES TO {{role}}", **names)
    _run(connection, f"{later}USAGE, SELECT ON SEQUENCES TO {{role}}", **names)


def _app_url(settings: config.Settings) -> URL:
    """Return the app's address. Raises click.ClickException if it and the owner's are not those of two roles."""
    app, owner = make_url(config.database_url(settings)), make_url(config.owner_database_url(settings))
    if app.get_backend_name() == "sqlite":
        message = "SQLite knows no roles: there the app's connections refuse of themselves what only an owner may do"
        raise click.ClickException(message)
    if not settings.owner_database_url or not app.username or app.username == owner.username:
        message = (
            "EREBUS_DATABASE_URL must name the app's role, and EREBUS_OWNER_DATABASE_URL another, who owns the tables"
        )
        raise click.ClickException(message)
    if app.database != owner.database:
        message = "EREBUS_DATABASE_URL and EREBUS_OWNER_DATABASE_URL must lead to the same database"
        raise click.ClickException(message)
    return app


def _make(connection: Connection, app: URL) -> bool:
    """Make the role unless it is there; return whether it was made. Its password never reaches the server as such."""
    role = str(app.username)
    if connection.execute(text("SELECT FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is not None:
        return False
    password = app.password or click.prompt(
        f"Password for the new role {role} (none if it signs in without)",
        default="",
        hide_input=True,
        confirmation_prompt=True,
        show_default=False,
    )
    if not password:
        _run(connection, "CREATE ROLE {role} LOGIN", role=role)
        return True
    driver = connection.connection.dbapi_connection
    kept = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")  # type: ignore[union-attr]  # psycopg's
    _run(connection, f"CREATE ROLE {{role}} LOGIN PASSWORD '{kept.decode()}'", role=role)
    return True


def _refuse_powers(connection: Connection, role: str) -> None:
    if found := powers(connection, role):
        message = f"the role {role} could get past the log's triggers: {'; '.join(found)}. Nothing was changed."
        raise click.ClickException(message)


def _rights(table: str) -> Iterable[str]:
    return ("SELECT",) if table.startswith(OWN) else trail.RIGHTS.get(table, _ROWS)


def _one(connection: Connection, query: str) -> str:
    return str(connection.execute(text(query)).scalar_one())


def _run(connection: Connection, statement: str, **names: str) -> None:
    """Run *statement* with *names* put in as identifiers, which cannot be bound."""
    made = sql.SQL(statement).format(**{place: sql.Identifier(name) for place, name in names.items()})
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(made)
