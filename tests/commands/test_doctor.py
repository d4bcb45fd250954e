"""``flask erebus doctor`` and the two probes: what is well, what is not, and what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from erebus import clock, create_app, db
from erebus.signing import rotate, signing_key
from tests.commands.conftest import House
from tests.conftest import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

DOCTOR = ["erebus", "doctor"]
NAMES = [
    "triggers",
    "keys",
    "journal",
    "records",
    "owner",
    "clock",
    "capacities",
    "descriptions",
    "checkpoints",
    "verification",
]


def answers(runner: FlaskCliRunner) -> dict[str, dict[str, Any]]:
    result = runner.invoke(args=[*DOCTOR, "--json"])
    told = {answer["name"]: answer for answer in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == (0 if all(answer["is_ok"] for answer in told.values()) else 1)
    assert all(answer["to_do"] for answer in told.values() if not answer["is_ok"])
    return told


def wrong(runner: FlaskCliRunner) -> list[str]:
    return [name for name, answer in answers(runner).items() if not answer["is_ok"]]


def test_asks_for_a_verification_and_is_content_after_it(house: House, runner: FlaskCliRunner) -> None:
    assert list(answers(runner)) == NAMES
    assert wrong(runner) == ["verification"]
    runner.invoke(args=["erebus", "verify"])
    result = runner.invoke(args=DOCTOR)
    assert result.exit_code == 0
    assert "3 logs on " in result.stdout
    assert "all sound" in result.stdout


def test_says_when_the_last_verification_is_old_or_found_something(house: House, runner: FlaskCliRunner) -> None:
    runner.invoke(args=["erebus", "verify"])
    with clock.at(datetime.now(UTC) + timedelta(days=8)):
        assert "more than a week ago" in answers(runner)["verification"]["text"]
    house.pretend(house.kept, 40)
    runner.invoke(args=["erebus", "verify"])
    assert f"not sound: {house.kept}" in answers(runner)["verification"]["text"]


def test_names_the_triggers_that_are_missing(house: House, runner: FlaskCliRunner, client: FlaskClient) -> None:
    house.run("SELECT 1")
    assert "audit_events_kept" in answers(runner)["triggers"]["text"]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "questions": {"triggers": False, "keys": True, "journal": True}}


def test_finds_a_key_that_is_not_the_logs_and_one_that_others_can_read(
    house: House, runner: FlaskCliRunner, settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "session.key").chmod(0o644)
    assert "others can read session.key" in answers(runner)["keys"]["text"]
    app = create_app({**settings, "CHAIN_KEY": "00" * 32})
    assert "not written with this chain key" in answers(app.test_cli_runner())["keys"]["text"]
    assert app.test_client().get("/readyz").status_code == 503
    with app.app_context():
        db.engine.dispose()


def test_finds_keys_of_records_that_are_gone_damaged_or_open_to_others(
    house: House, app: Flask, runner: FlaskCliRunner, settings: dict[str, Any], tmp_path: Path
) -> None:
    assert answers(runner)["records"]["text"].startswith("no record was made yet")
    assert not (tmp_path / "record.key").exists(), "it makes none"
    with app.app_context():
        rotate()
        current = signing_key().id
    assert answers(runner)["records"]["text"] == f"records are signed with the key {current}; older keys that verify: 1"
    key, old = (tmp_path / "record.key").read_text(), (tmp_path / "record-old.keys").read_text()
    (tmp_path / "record.key").chmod(0o640)
    assert "others can read record.key" in answers(runner)["keys"]["text"]
    for name, text in (("record.key", key[:-1]), ("record-old.keys", f"{old}zz")):
        (tmp_path / name).write_text(text)
        told = answers(runner)["records"]
        assert f"{name} in the instance folder is damaged" in told["text"]
        assert key[:-1] not in json.dumps(told)
        (tmp_path / name).write_text(key if name == "record.key" else old)
    given = create_app({**settings, "RECORD_KEY": "01" * 32})
    told = answers(given.test_cli_runner())["records"]
    assert told["is_warning"]
    assert "Add " in told["to_do"]
    (tmp_path / "record.key").unlink()
    assert not answers(given.test_cli_runner())["records"]["is_warning"]
    assert answers(runner)["records"]["text"] == "record.key is gone, and there are older keys"
    with given.app_context():
        db.engine.dispose()


def test_one_role_for_all_is_a_warning_and_a_file_has_none(house: House, runner: FlaskCliRunner) -> None:
    told = answers(runner)["owner"]
    result = runner.invoke(args=DOCTOR)
    assert told["is_ok"]
    if DATABASE == "sqlite":
        assert not told["is_warning"]
        return
    assert told["is_warning"]
    assert "warn  owner         the app's role postgres could get past the triggers: it is a superuser" in result.stdout
    assert '→ Let another role own the tables: README.md, "Who owns the tables", says how.' in result.stdout


def test_finds_a_clock_that_is_behind_the_log(house: House, runner: FlaskCliRunner, client: FlaskClient) -> None:
    with clock.at(datetime.now(UTC) - timedelta(hours=1)):
        assert "clock" in wrong(runner)
        assert client.get("/readyz").status_code == 200, "no reason not to serve"


def test_a_time_that_no_calendar_has_is_told_as_one(house: House, runner: FlaskCliRunner) -> None:
    house.run(f"UPDATE audit_logs SET head_time = {2**53} WHERE id = '{house.kept}'")
    assert "the newest event, no time that a calendar has:" in answers(runner)["clock"]["text"]


def test_finds_checkpoints_that_were_changed_and_a_folder_that_cannot_be_written(
    house: House, runner: FlaskCliRunner
) -> None:
    runner.invoke(args=["erebus", "verify"])
    (house.folder.path / "platform.jsonl").write_text("{}\n")
    assert "those of platform" in answers(runner)["checkpoints"]["text"]
    for file in [*house.folder.path.iterdir()]:
        file.unlink()
    house.folder.path.rmdir()
    house.folder.path.touch()
    assert answers(runner)["checkpoints"]["text"] == "no checkpoint can be kept: File exists"


def test_tells_a_log_that_keeps_more_than_it_should(house: House, runner: FlaskCliRunner) -> None:
    house.run(f"UPDATE audit_logs SET capacity = 10 WHERE id = '{house.kept}'")
    told = answers(runner)["capacities"]
    assert told["is_ok"]
    assert f"1 with a capacity of their own: {house.kept}" in told["text"]


def test_a_server_that_is_well_is_alive_and_ready(house: House, client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"alive": True}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"ready": True, "questions": {"triggers": True, "keys": True, "journal": True}}


@pytest.mark.parametrize("url", ["sqlite:////nowhere/erebus.db", "postgresql://erebus:s3cret@127.0.0.1:1/erebus"])
def test_without_its_database_it_is_alive_not_ready_and_tells_no_secret(tmp_path: Path, url: str) -> None:
    app = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(tmp_path), "TESTING": True})
    client = app.test_client()

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "questions": {"database": False}}
    result = app.test_cli_runner().invoke(args=DOCTOR)
    assert result.exit_code == 1
    assert "the database does not answer" in result.stdout
    assert "s3cret" not in result.output


def test_in_an_empty_database_nobody_took_the_triggers_away(tmp_path: Path, blank_database_url: str) -> None:
    app = create_app({"DATABASE_URL": blank_database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True})
    told = answers(app.test_cli_runner())["triggers"]
    with app.app_context():
        db.engine.dispose()
    assert told["text"] == "the tables of the log are not there"
    assert told["to_do"].startswith("Run flask erebus upgrade")
