"""``flask erebus verify-record``: what somebody without a browser, a network or a log learns of a record."""

from __future__ import annotations

import codecs
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from erebus import create_app
from erebus.records import Document, code_of, fit, grouped, link_to
from erebus.signing import public_keys, rotate, signing_key
from tests.blueprints.verify.conftest import picture
from tests.records.making import KEYS, plain_facts, plain_record

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskCliRunner

VERIFY = ["erebus", "verify-record"]


@pytest.fixture
def document(app: Flask) -> Document:
    with app.app_context():
        key = signing_key()
        return key.sign(fit(plain_facts(keyId=key.id)))


def files(document: Document) -> dict[str, bytes]:
    link = link_to(document.record, "https://erebus.example")
    text, typed = document.as_text().encode(), f"{link}\n".encode()
    saved = {"saved.json": codecs.BOM_UTF8 + text, "saved.txt": codecs.BOM_UTF8 + typed}
    return {"r.png": picture(document), "r.json": text, "r.txt": typed, **saved}


def screenshot() -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), 255).save(file, "PNG")
    return file.getvalue()


def test_a_picture_a_file_and_a_link_are_genuine(
    app: Flask, runner: FlaskCliRunner, document: Document, tmp_path: Path
) -> None:
    for name, data in files(document).items():
        (tmp_path / name).write_bytes(data)
        result = runner.invoke(args=[*VERIFY, str(tmp_path / name)])
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("GENUINE: ")
        assert "Leo Tann" in result.stdout
        assert re.search(r"createdAt +1795857175204 \(2026-11-28 09:12:55\.204 UTC\)", result.stdout)
        assert grouped(code_of(document.payload)) in result.stdout
        assert "Not checked: whether the event is still in the log" in result.stdout
        piped = runner.invoke(args=[*VERIFY, "-"], input=data)
        assert piped.stdout == result.stdout


@pytest.mark.parametrize("url", ["sqlite:////nowhere/erebus.db", "postgresql://erebus:s3cret@127.0.0.1:1/erebus"])
def test_neither_database_nor_log_is_asked(settings: dict[str, Any], document: Document, url: str) -> None:
    away = create_app({**settings, "DATABASE_URL": url})
    result = away.test_cli_runner().invoke(args=[*VERIFY, "-"], input=document.as_text())
    assert (result.exit_code, result.stdout[:8]) == (0, "GENUINE:")


def test_what_was_altered_is_not_genuine(runner: FlaskCliRunner, document: Document) -> None:
    text = document.as_text()
    for altered, why in (
        (text.replace("Leo Tann", "Leo Tahn"), "its signature does not fit"),
        (text.replace("revoked before", "revoked afore"), "not what was signed"),
        (text.replace('"number": 239', '"number": 239.0'), "no number that a record holds"),
        (plain_record().as_text(), "which is none of the known ones"),
    ):
        result = runner.invoke(args=[*VERIFY, "-"], input=altered)
        assert result.exit_code == 1, altered[:40]
        assert result.stdout.startswith("NOT GENUINE: ")
        assert why in result.stdout


def test_what_holds_no_record_is_no_answer(runner: FlaskCliRunner) -> None:
    for given, why in ((b"hello", "neither a picture"), (b"", "neither a picture"), (screenshot(), "a screenshot")):
        result = runner.invoke(args=[*VERIFY, "-"], input=given)
        assert result.exit_code == 2
        assert "GENUINE" not in result.output
        assert why in result.output


def test_keys_can_be_given_by_whoever_has_no_installation(
    app: Flask, runner: FlaskCliRunner, document: Document, tmp_path: Path
) -> None:
    keys, strange = tmp_path / "keys.json", tmp_path / "strange.json"
    with app.app_context():
        rotate()
        keys.write_text(json.dumps(public_keys().as_jwks()))
    strange.write_text(json.dumps(KEYS.as_jwks()))
    result = runner.invoke(args=[*VERIFY, "-", "--keys", str(keys)], input=document.as_text())
    assert result.exit_code == 0
    assert f"the keys in {keys}: see that they come from erebus.example" in result.stdout
    assert runner.invoke(args=[*VERIFY, "-", "--keys", str(strange)], input=document.as_text()).exit_code == 1
    ours = runner.invoke(args=[*VERIFY, "-", "--keys", str(strange)], input=plain_record().as_text())
    assert ours.exit_code == 0


@pytest.mark.parametrize("keys", ["", "{", "[]", "[" * 10_000, '{"keys": []}', "\xff"])
def test_keys_that_are_none_are_no_answer(
    runner: FlaskCliRunner, document: Document, tmp_path: Path, keys: str
) -> None:
    (tmp_path / "keys.json").write_bytes(keys.encode("latin-1"))
    result = runner.invoke(args=[*VERIFY, "-", "--keys", str(tmp_path / "keys.json")], input=document.as_text())
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert "Traceback" not in result.output


def test_keys_that_cannot_be_read_are_no_answer(runner: FlaskCliRunner, document: Document, tmp_path: Path) -> None:
    (tmp_path / "record.key").write_text("zz")
    result = runner.invoke(args=[*VERIFY, "-"], input=document.as_text())
    assert result.exit_code == 2
    assert "record.key in the instance folder is damaged" in result.output


def test_what_a_record_says_cannot_move_the_terminal(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        key = signing_key()
        document = key.sign(fit(plain_facts(keyId=key.id, actorName="\x1b[2J\u202eLeo", host="\x1b]0;x\x07")))
    result = runner.invoke(args=[*VERIFY, "-"], input=document.as_text())
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "\\u202eLeo" in result.stdout
