"""The app starts on a database that protects the log, and on one that is still to be brought up to date."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event, text

from erebus import config, create_app, db
from erebus.db import prepare
from erebus.protection import UnprotectedLogError, look_for_triggers
from erebus.trail.triggers import TRIGGERS
from erebus.upgrading import owner_connection

if TYPE_CHECKING:
    from pathlib import Path


def drop_trigger(settings: dict[str, Any], name: str) -> None:
    """Do as somebody who owns the tables could."""
    with owner_connection(config.load(settings)) as connection:
        on = f" ON {'_'.join(name.split('_')[:2])}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER {name}{on}"))


def dialect(settings: dict[str, Any]) -> str:
    return str(settings["DATABASE_URL"]).partition(":")[0].partition("+")[0]


def test_does_not_start_where_a_trigger_of_the_log_is_missing(settings: dict[str, Any]) -> None:
    name = TRIGGERS[dialect(settings)][-1]
    drop_trigger(settings, name)

    with pytest.raises(UnprotectedLogError, match=f"not protected: {name} missing"):
        create_app(settings)


def test_starts_on_an_empty_database_so_that_it_can_be_brought_up_to_date(
    blank_database_url: str, tmp_path: Path
) -> None:
    app = create_app({"DATABASE_URL": blank_database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True})
    result = app.test_cli_runner().invoke(args=["erebus", "upgrade"])
    assert (result.exit_code, result.output) == (0, "The tables are up to date.\n")
    with app.app_context():
        db.engine.dispose()


def test_starts_on_tables_of_an_older_release_so_that_they_can_be_brought_up_to_date(settings: dict[str, Any]) -> None:
    drop_trigger(settings, TRIGGERS[dialect(settings)][0])
    with owner_connection(config.load(settings)) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    assert create_app(settings).extensions["erebus"]


def test_upgrading_another_database_than_the_apps_is_told(blank_database_url: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    settings = {"DATABASE_URL": blank_database_url, "OWNER_DATABASE_URL": other, "INSTANCE_PATH": str(tmp_path)}
    app = create_app({**settings, "TESTING": True})

    result = app.test_cli_runner().invoke(args=["erebus", "upgrade"])

    assert result.exit_code == 1
    assert "missing" in result.output
    with app.app_context():
        db.engine.dispose()


def test_upgrading_says_that_a_trigger_is_missing(settings: dict[str, Any]) -> None:
    app = create_app(settings)
    name = TRIGGERS[dialect(settings)][0]
    drop_trigger(settings, name)

    result = app.test_cli_runner().invoke(args=["erebus", "upgrade"])

    assert result.exit_code == 1
    assert f"Error: the log is not protected: {name} missing" in result.output
    with app.app_context():
        db.engine.dispose()


def test_looking_for_triggers_takes_one_statement(settings: dict[str, Any]) -> None:
    engine = create_engine(settings["DATABASE_URL"])
    prepare(engine)
    engine.connect().close()
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert look_for_triggers(engine) == []
    assert len([s for s in statements if not s.startswith("BEGIN")]) == 1


def test_what_only_the_command_line_needs_is_not_loaded_to_serve(settings: dict[str, Any]) -> None:
    environment = {f"EREBUS_{name}": str(value) for name, value in settings.items() if name != "TESTING"}
    program = "import sys; from erebus import create_app; create_app(); print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert {"flask", "sqlalchemy"} <= {*done.stdout.decode().split()}
    assert not {"alembic", "flask_migrate", "erebus.demo", "erebus.commands.doctor"} & {*done.stdout.decode().split()}
