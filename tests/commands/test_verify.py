"""``flask erebus verify`` and ``flask erebus checkpoints export``: what they print, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from erebus import create_app, db
from tests.commands.conftest import House

if TYPE_CHECKING:
    from click.testing import Result
    from flask.testing import FlaskCliRunner

VERIFY = ["erebus", "verify"]
EXPORT = ["erebus", "checkpoints", "export"]


def objects(result: Result) -> dict[str, dict[str, Any]]:
    return {told["log"]: told for told in map(json.loads, result.stdout.splitlines())}


def test_all_logs_are_verified_the_platform_s_and_those_of_deleted_projects_too(
    house: House, runner: FlaskCliRunner
) -> None:
    result = runner.invoke(args=VERIFY)

    assert result.exit_code == 0
    assert result.stdout.startswith("3 of 3 logs sound: ")
    assert objects(runner.invoke(args=[*VERIFY, "--json"])).keys() == {"platform", house.kept, house.deleted}


@pytest.mark.parametrize("name", ["kept-one", "deleted-one", "platform", "id"])
def test_one_is_named_by_slug_or_id_or_as_the_platform(house: House, runner: FlaskCliRunner, name: str) -> None:
    expected = {"kept-one": house.kept, "deleted-one": house.deleted, "platform": "platform", "id": house.deleted}
    given = house.deleted if name == "id" else name

    result = runner.invoke(args=[*VERIFY, given, "--json"])

    assert result.exit_code == 0
    (told,) = objects(result).values()
    assert told["log"] == expected[name]
    assert (told["sound"], told["finding"], told["first"]) == (True, None, 1)


def test_a_project_that_there_never_was_is_an_error_of_its_own(house: House, runner: FlaskCliRunner) -> None:
    for command in (VERIFY, EXPORT):
        result = runner.invoke(args=[*command, "nowhere"])
        assert result.exit_code == 2
        assert "there is no log of 'nowhere'" in result.stderr


def test_what_is_wrong_is_named_and_the_exit_code_is_1(house: House, runner: FlaskCliRunner) -> None:
    house.run(f"UPDATE audit_events SET description = 'x' WHERE log_id = '{house.kept}' AND number = 1")

    result = runner.invoke(args=VERIFY)
    told = objects(runner.invoke(args=[*VERIFY, "--json"]))

    assert result.exit_code == 1
    assert f"{house.kept}: changed: event 1 is not what was written" in result.stdout
    assert (told[house.kept]["finding"], told[house.kept]["number"]) == ("changed", 1)
    assert told["platform"]["finding"] == "unprotected"
    assert runner.invoke(args=[*VERIFY, "kept-one"]).exit_code == 1


def test_another_key_is_told_as_that(house: House, runner: FlaskCliRunner, settings: dict[str, Any]) -> None:
    app = create_app({**settings, "CHAIN_KEY": "00" * 32})
    result = app.test_cli_runner().invoke(args=[*VERIFY, "kept-one"])
    with app.app_context():
        db.engine.dispose()

    assert result.exit_code == 1
    assert f"{house.kept}: other key: no event fits this installation's chain key: either that is not" in result.stdout


def test_a_log_without_its_row_and_one_without_anything_but_a_checkpoint_are_found(
    house: House, runner: FlaskCliRunner
) -> None:
    runner.invoke(args=VERIFY)
    house.run(f"DELETE FROM audit_logs WHERE id = '{house.kept}'")

    told = objects(runner.invoke(args=[*VERIFY, "--json"]))

    assert told[house.kept]["finding"] == "log gone"
    assert "it stood at #" in told[house.kept]["words"]


def test_an_end_cut_off_is_found_against_the_kept_checkpoint(house: House, runner: FlaskCliRunner) -> None:
    house.pretend(house.kept, 40)

    result = runner.invoke(args=[*VERIFY, "kept-one"])

    assert result.exit_code == 1
    assert "cut off: the end is cut off: the log went on to #40" in result.stdout


def test_exported_checkpoints_prove_that_nothing_before_them_was_rewritten(
    house: House, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    exported = runner.invoke(args=EXPORT)
    file = tmp_path / "elsewhere.jsonl"
    file.write_text(exported.stdout)

    assert exported.exit_code == 0
    assert {json.loads(line)["log"] for line in exported.stdout.splitlines()} == {
        "platform",
        house.kept,
        house.deleted,
    }
    result = runner.invoke(args=[*VERIFY, "kept-one", "--against", str(file)])
    assert result.exit_code == 0
    assert "Nothing up to #2 was rewritten since " in result.stdout


def test_exported_checkpoints_give_away_a_log_that_was_made_anew(
    house: House, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    file.write_text(runner.invoke(args=EXPORT).stdout)
    for kept in house.folder.path.glob("*.jsonl"):
        kept.unlink()
    house.run(
        f"DELETE FROM audit_events WHERE log_id = '{house.deleted}'",
        f"DELETE FROM audit_logs WHERE id = '{house.deleted}'",
    )

    told = objects(runner.invoke(args=[*VERIFY, "--against", str(file), "--json"]))

    assert told[house.deleted]["finding"] == "log gone"


@pytest.mark.parametrize("bad", ["{}", "\xff", "changed"])
def test_a_line_that_is_no_checkpoint_of_ours_is_named_and_the_others_are_compared(
    house: House, runner: FlaskCliRunner, tmp_path: Path, bad: str
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    line = runner.invoke(args=[*EXPORT, "kept-one"]).stdout.strip()
    changed = json.dumps({**json.loads(line), "number": 1})
    file.write_bytes(f"{line}\n\n{changed if bad == 'changed' else bad}\n".encode("latin-1"))

    result = runner.invoke(args=[*VERIFY, "kept-one", "--against", str(file)])

    assert result.exit_code == 1
    assert "line 3 was not made with this installation's key" in result.stderr
    assert "Nothing up to #2 was rewritten since " in result.stdout


@pytest.mark.parametrize("command", [VERIFY, EXPORT])
def test_without_tables_the_question_cannot_be_answered(tmp_path: Path, command: list[str]) -> None:
    app = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db", "INSTANCE_PATH": str(tmp_path)})
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 2
    assert "Run flask erebus doctor" in result.stderr
    with app.app_context():
        db.engine.dispose()


def test_a_file_without_the_project_s_checkpoints_proves_nothing_and_says_so(
    house: House, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    file.write_text(runner.invoke(args=[*EXPORT, "platform"]).stdout)

    result = runner.invoke(args=[*VERIFY, "kept-one", "--against", str(file)])

    assert result.exit_code == 2
    assert "no checkpoint of 'kept-one'" in result.stderr


def test_a_log_that_is_not_intact_gets_no_checkpoint(house: House, runner: FlaskCliRunner) -> None:
    house.run(f"UPDATE audit_events SET description = 'x' WHERE log_id = '{house.kept}' AND number = 1")

    result = runner.invoke(args=[*EXPORT, "kept-one"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "not intact" in result.stderr


def test_no_checkpoint_can_be_kept_and_the_logs_are_verified_all_the_same(house: House, runner: FlaskCliRunner) -> None:
    house.folder.path.touch()

    result = runner.invoke(args=VERIFY)

    assert result.exit_code == 0
    assert "platform: The checkpoints of this log cannot be read: Not a directory." in result.stderr
