"""Migrations go up, down and up again, and end where the models are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, create_engine, inspect

from erebus import config, create_app, db, trail
from erebus.db import WRITES, Base, prepare
from erebus.upgrading import downgrade, upgrade
from tests.trail.conftest import definitions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def connection(blank_database_url: str, tmp_path: Path) -> Iterator[Connection]:
    create_app({"INSTANCE_PATH": str(tmp_path), "TESTING": True})  # maps all models
    engine = create_engine(blank_database_url)
    prepare(engine)
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        yield connection
    engine.dispose()


def test_up_down_and_up_again_ends_where_the_models_are(connection: Connection) -> None:
    upgrade(connection, config.MIGRATIONS)
    downgrade(connection, config.MIGRATIONS)
    assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    upgrade(connection, config.MIGRATIONS)

    own = {m.local_table.name for m in Base.registry.mappers if m.class_.__module__.startswith("erebus.")}
    own |= set(trail.metadata.tables)
    options = {
        "compare_type": True,
        "include_object": lambda thing, name, kind, _reflected, _other: (
            name in own if kind == "table" else thing.table.name in own
        ),
    }
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, [db.metadata, trail.metadata]) == []
    assert trail.missing_triggers(connection) == []


def test_migrations_make_the_triggers_that_the_trail_makes_on_fresh_tables(connection: Connection) -> None:
    trail.metadata.create_all(connection)
    trail.make_triggers(connection)
    wanted = definitions(connection)
    trail.drop_triggers(connection)
    trail.metadata.drop_all(connection)

    upgrade(connection, config.MIGRATIONS)
    assert definitions(connection) == wanted


def test_a_step_back_and_forth_leaves_the_same_triggers(connection: Connection) -> None:
    upgrade(connection, config.MIGRATIONS)
    newest = definitions(connection)
    downgrade(connection, config.MIGRATIONS, to="0002")
    assert definitions(connection) != newest
    upgrade(connection, config.MIGRATIONS)
    assert definitions(connection) == newest


def test_constraints_are_named_alike_in_migrations_and_models(connection: Connection) -> None:
    """Autogeneration does not compare CHECK constraints: a name that differs could never be dropped again."""
    upgrade(connection, config.MIGRATIONS)
    for mapper in Base.registry.mappers:
        if not mapper.class_.__module__.startswith("erebus."):
            continue
        found = {check["name"] for check in inspect(connection).get_check_constraints(mapper.local_table.name)}
        checks = [c for c in mapper.local_table.constraints if isinstance(c, CheckConstraint)]
        assert found == {connection.dialect.identifier_preparer.format_constraint(c) for c in checks}
