"""A command whose database does not answer says so in plain words: no traceback, and nothing of a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from sqlalchemy import make_url

from erebus import create_app, db
from tests.conftest import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

COMMANDS = {
    ("erebus", "upgrade"): 1,
    ("erebus", "roles"): 1,
    ("erebus", "demo"): 1,
    ("erebus", "capacity", "platform", "20"): 1,
    ("erebus", "settle"): 1,
    ("erebus", "verify"): 2,
    ("erebus", "verify", "engine"): 2,
    ("erebus", "checkpoints", "export"): 2,
    ("sign-up", "closed"): 1,
}
"""What asks the database, and its exit code where there is no answer: of a verification 1 is an answer."""

SECRET = "s3cret"
AWAY = f"postgresql://erebus:{SECRET}@127.0.0.1:1/erebus"
OWNER = f"postgresql://owner:{SECRET}@127.0.0.1:1/erebus"
commands = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def run(tmp_path: Path, command: tuple[str, ...], **settings: Any) -> Result:
    with click.Context(click.Command("flask")):  # made to be looked after: it starts whatever is wrong
        app = create_app({"INSTANCE_PATH": str(tmp_path), "TESTING": True, **settings})
    result = app.test_cli_runner().invoke(args=[*command])
    with app.app_context():
        db.engine.dispose()
    return result


def assert_told(result: Result, code: int, words: str) -> None:
    assert (result.exit_code, type(result.exception)) == (code, SystemExit), result.output
    told = result.stderr.splitlines()[-1]
    assert told.startswith(f"Error: the database does not answer: {words}"), told
    assert "See that it is there, and that EREBUS_DATABASE_URL" in told
    assert SECRET not in result.output


@commands
def test_where_no_server_listens(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(tmp_path, command, DATABASE_URL=AWAY, OWNER_DATABASE_URL=OWNER)

    assert_told(
        result, COMMANDS[command], 'connection failed: connection to server at "127.0.0.1", port 1 failed: Conn'
    )


@pytest.mark.skipif(DATABASE != "postgresql", reason="a file has no server")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "somebody"}, 'role "somebody" does not exist'),
    ],
    ids=["no database", "no role"],
)
@commands
def test_where_the_server_refuses(
    tmp_path: Path, blank_database_url: str, command: tuple[str, ...], changed: dict[str, str], words: str
) -> None:
    if command == ("erebus", "roles") and "username" in changed:
        pytest.skip("the app's role may be missing: it is made")
    right = make_url(blank_database_url).set(password=SECRET)
    wrong = right.set(**changed).render_as_string(hide_password=False)
    app = right.set(username="app").render_as_string(hide_password=False).replace(str(right.database), "nowhere")

    settings = {"DATABASE_URL": app, "OWNER_DATABASE_URL": wrong} if command[-1] == "roles" else {"DATABASE_URL": wrong}
    result = run(tmp_path, command, **settings)

    assert_told(result, COMMANDS[command], "connection failed: ")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/erebus.db", "unable to open database file"),
        ("text.db", "file is not a database"),
        ("", "unable to op"),
    ],
    ids=["no folder", "no database", "a folder"],
)
@commands
def test_where_the_file_cannot_be_one(tmp_path: Path, command: tuple[str, ...], name: str, words: str) -> None:
    if command == ("erebus", "roles"):
        pytest.skip("SQLite knows no roles")
    (tmp_path / "text.db").write_text("this is no database but a text of some length\n" * 20)

    assert_told(run(tmp_path, command, DATABASE_URL=f"sqlite:///{tmp_path / name}"), COMMANDS[command], words)


@commands
def test_where_the_tables_are_not_made_it_says_whom_to_ask(
    tmp_path: Path, blank_database_url: str, command: tuple[str, ...]
) -> None:
    if command[-1] in {"upgrade", "roles"}:
        pytest.skip("needs no tables")

    result = run(tmp_path, command, DATABASE_URL=blank_database_url)

    assert (result.exit_code, type(result.exception)) == (COMMANDS[command], SystemExit)
    assert result.stderr.splitlines()[-1].startswith("Error: the database does not answer (")
    assert result.stderr.endswith("Run flask erebus doctor.\n")
