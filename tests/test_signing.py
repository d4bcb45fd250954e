"""The keys of records: made once, rotated without losing any, whoever is stopped in between."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from erebus import config, create_app, db
from erebus.config import KeyFileError, SettingError, Settings
from erebus.records import Document, PublicKeys, SigningKey
from erebus.signing import public_keys, signing_key
from tests.records.making import plain_facts

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskCliRunner

from erebus.records import fit

ROTATE = ["erebus", "rotate-record-key"]

# Ends itself at the *n*-th of the steps that change a file, as by a kill from outside.
KILLED = """
import os, signal, sys
n, instance = int(sys.argv[1]), sys.argv[2]
from erebus import create_app
from erebus.signing import rotate
app = create_app({"INSTANCE_PATH": instance, "TESTING": True})
seen = 0
def watch(event, arguments):
    global seen
    if event in {"open", "os.rename", "os.remove"} and instance in str(arguments[0]):
        seen += 1
        if seen == n:
            os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    sys.addaudithook(watch)
    rotate()
"""


def signed(app: Flask) -> Document:
    with app.app_context():
        key = signing_key()
        return key.sign(fit(plain_facts(keyId=key.id)))


def is_ours(app: Flask, document: Document) -> bool:
    with app.app_context():
        return public_keys().has_signed(document.record)


def test_a_rotated_key_still_verifies_and_the_new_one_signs(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    documents = [signed(app)]
    for _ in range(3):
        result = runner.invoke(args=ROTATE)
        assert result.exit_code == 0, result.output
        documents.append(signed(app))
        assert (tmp_path / config.RECORD_KEY).read_text() not in result.output
    assert all(is_ours(app, document) for document in documents)
    with app.app_context():
        assert len(public_keys().as_jwks()["keys"]) == 4
    for name in (config.RECORD_KEY, config.RECORD_OLD_KEYS):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.long
def test_whoever_is_killed_while_rotating_has_lost_nothing(app: Flask, tmp_path: Path) -> None:
    documents, kills = [signed(app)], 0
    for step in range(1, 40):
        command = [sys.executable, "-c", KILLED, str(step), str(tmp_path)]
        done = subprocess.run(command, cwd=Path(__file__).parent.parent, check=False, capture_output=True, text=True)
        documents.append(signed(app))
        assert all(is_ours(app, document) for document in documents), step
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        kills += 1
    assert kills >= 6, "to read the key, to lock, to write and to rename two files"
    assert step < 39


def is_waiting(process: subprocess.Popen[bytes]) -> bool:
    """Return whether *process* waits for a lock on a file (proc(5), /proc/locks)."""
    return any("->" in line and f" {process.pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_two_who_rotate_at_once_lose_nothing(app: Flask, tmp_path: Path) -> None:
    documents = [signed(app)]
    before = (tmp_path / config.RECORD_KEY).read_text()
    command = [sys.executable, "-c", KILLED, "0", str(tmp_path)]
    with (tmp_path / ".record.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        at_once = [subprocess.Popen(command, cwd=Path(__file__).parent.parent) for _ in range(2)]
        while not all(map(is_waiting, at_once)):
            assert {process.poll() for process in at_once} == {None}, "it did not wait"
        assert (tmp_path / config.RECORD_KEY).read_text() == before
    assert [process.wait(60) for process in at_once] == [0, 0]
    documents.append(signed(app))
    assert all(is_ours(app, document) for document in documents)
    with app.app_context():
        assert len(public_keys().as_jwks()["keys"]) == 3


def test_a_key_from_the_settings_is_not_replaced_but_told(settings: dict[str, Any], app: Flask) -> None:
    seed, old = "01" * 32, "02" * 32
    given = create_app({**settings, "RECORD_KEY": seed, "RECORD_OLD_KEYS": old})
    document = signed(given)
    result = given.test_cli_runner().invoke(args=ROTATE)
    assert result.exit_code == 0
    assert not (Path(settings["INSTANCE_PATH"]) / config.RECORD_KEY).exists()
    told = dict(line.split("=", 1) for line in result.output.splitlines() if line.startswith("EREBUS_"))
    assert seed not in result.output
    assert told["EREBUS_RECORD_OLD_KEYS"] == f"{old},{SigningKey(bytes.fromhex(seed)).public.hex()}"
    names = {name.removeprefix("EREBUS_"): value for name, value in told.items()}
    after = create_app({**settings, **names})
    assert is_ours(after, document)
    assert not is_ours(app, document)
    for each in (given, after):
        with each.app_context():
            db.engine.dispose()


def test_a_folder_that_cannot_be_written_is_told_in_words(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    (tmp_path / config.RECORD_OLD_KEYS).mkdir()
    result = runner.invoke(args=ROTATE)
    assert result.exit_code == 1
    assert "no key was changed: Is a directory" in result.output


@pytest.mark.parametrize("text", ["", "zzzz", "ab" * 31, "ab" * 33, "\ufffd"])
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    settings = Settings(instance_path=tmp_path)
    (tmp_path / config.RECORD_KEY).write_text(text)
    with pytest.raises(KeyFileError, match=r"record\.key in the instance folder is damaged") as told:
        config.record_key(settings)
    assert not text or text not in str(told.value)
    (tmp_path / config.RECORD_OLD_KEYS).write_text(f"{'ab' * 32}\nzz\n")
    with pytest.raises(KeyFileError, match=r"record-old\.keys"):
        config.record_old_keys(settings)


def test_old_keys_come_from_the_setting_and_the_file(tmp_path: Path) -> None:
    (tmp_path / config.RECORD_OLD_KEYS).write_text(f"{'ab' * 32}\n\n")
    settings = Settings(instance_path=tmp_path, record_old_keys=f"{'cd' * 32}, {'ef' * 32},")
    assert [key.hex()[:2] for key in config.record_old_keys(settings)] == ["cd", "ef", "ab"]
    with pytest.raises(SettingError, match="EREBUS_RECORD_OLD_KEYS"):
        Settings(record_old_keys="zz")
    assert PublicKeys(config.record_old_keys(settings))
