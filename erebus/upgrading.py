"""Bringing tables up to date: Erebus's own line of migrations, then each plugin's with a version table of its own.

A plugin with models needs a folder with ``versions/`` in it and nothing else: no ``env.py``, no configuration.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from erebus import config
from erebus.db import WRITES, prepare
from erebus.protection import UnprotectedLogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from erebus.plugins import Installation

OWN = "alembic_version"


def upgrade_all(installation: Installation) -> None:
    """Run what is missing of Erebus's migrations, then of each plugin's. Safe to run again."""
    with owner_connection(installation.settings) as connection:
        upgrade(connection, config.MIGRATIONS)
        for plugin in installation.plugins:
            if plugin.migrations:
                upgrade(connection, plugin.migrations, f"{OWN}_{plugin.name}")


def refuse_unprotected(engine: Engine, missing: list[str]) -> None:
    """Refuse to work on a log that lacks the triggers *missing*. Raises `UnprotectedLogError`.

    Tables that are not up to date may lack them: bringing them up to date must still be possible.
    """
    with engine.connect() as connection:
        is_up_to_date = _is_up_to_date(connection)
    engine.dispose()
    if is_up_to_date:
        raise UnprotectedLogError(_warning(missing, engine.dialect.name))


def _is_up_to_date(connection: Connection) -> bool:
    revisions = ScriptDirectory(str(config.MIGRATIONS)).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(revisions)


def _warning(missing: list[str], dialect: str) -> str:
    return (
        f"the log is not protected: {', '.join(missing)} missing. What is missing was removed from the database, or "
        f"switched off: find out by whom, then put it back as it stands in erebus/trail/triggers_{dialect}.sql"
    )


@contextmanager
def owner_connection(settings: config.Settings) -> Iterator[Connection]:
    """Yield a connection of those who own the tables, on an engine of its own, in one transaction."""
    engine = create_engine(config.owner_database_url(settings), poolclass=pool.NullPool, hide_parameters=True)
    prepare(engine)
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        yield connection


def upgrade(connection: Connection, folder: Path, version_table: str = OWN, to: str = "heads") -> None:
    """Run the revisions in *folder* up to the revision *to*."""
    _run(connection, folder, version_table, to, is_up=True)


def downgrade(connection: Connection, folder: Path, version_table: str = OWN, to: str = "base") -> None:
    """Take the revisions in *folder* back down to the revision *to*."""
    _run(connection, folder, version_table, to, is_up=False)


def _run(connection: Connection, folder: Path, version_table: str, to: str, *, is_up: bool) -> None:
    options = Config()
    options.set_main_option("script_location", str(folder))
    script = ScriptDirectory.from_config(options)
    # Alembic's own commands compute the steps in the same way, and offer no other name for it.
    steps = script._upgrade_revs if is_up else script._downgrade_revs  # noqa: SLF001 - see the line above
    with EnvironmentContext(options, script, fn=lambda revision, _context: steps(to, revision)) as environment:
        environment.configure(connection=connection, version_table=version_table, render_as_batch=True)
        environment.run_migrations()
