"""What is said of a record, by its code, its link and its files, whatever has become of its event since."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from erebus import clock
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project
from erebus.records import Document, Record, SigningKey, canonical, code_of, fit, grouped, link_to, read_payload
from erebus.signing import rotate, signing_key
from erebus.trail import AuditLog, drop_triggers
from erebus.upgrading import owner_connection
from tests.blueprints.audit.conftest import Place
from tests.blueprints.verify.conftest import keep, picture

Make = Callable[..., Document]
Upload = Callable[..., TestResponse]

KEPT, DISPLACED = "Genuine, and still in the log", "Genuine, displaced since"
LOST, UNSOUND = "Genuine; the log no longer holds it", "Genuine; its log is not sound"
BROKEN = "Known, but our copy cannot be trusted"
ALTERED, NOT_OURS, UNKNOWN = "Altered", "Altered, or not ours", "Not known here"


def title(answer: TestResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found, answer.text
    return found[1]


def names(answer: TestResponse) -> list[str]:
    listed = re.search(r'<ul class="verdict-names">(.*?)</ul>', answer.text, re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", listed[1]) if listed else []


def shown(text: str) -> str:
    """Return *text* as a page shows it; hashes stand in groups of four."""
    return " ".join(re.findall("....", text)) if re.fullmatch("[0-9a-f]{64}", text) else text.replace("'", "&#39;")


def ask_code(client: FlaskClient, document: Document) -> TestResponse:
    return client.post("/verify", data={"code": grouped(code_of(document.payload)).lower()})


def ask_link(client: FlaskClient, record: Record) -> TestResponse:
    return client.get(link_to(record, ""))


def altered(document: Document, **changes: Any) -> Record:
    return Record(canonical({**read_payload(document.payload), **changes}), document.signature)


def test_a_genuine_record_is_known_by_code_link_picture_and_file(
    client: FlaskClient, record: Make, upload: Upload
) -> None:
    document = record(2)
    link = link_to(document.record, "")
    for answer in (
        ask_code(client, document),
        client.get(link),
        client.get(link.lower()),
        client.post("/verify", data={"code": f" https://erebus.example{link}\n"}),
        upload(picture(document)),
        upload(document.as_text().encode(), "record.json"),
        upload(link.encode(), "link.txt"),
    ):
        assert (answer.status_code, title(answer)) == (200, KEPT)
        assert "Is this what your picture says?" in answer.text
        for said in document.facts().values():
            assert not isinstance(said, str) or shown(said) in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_it_is_still_known_when_it_was_displaced_and_the_one_that_displaced_it_is_told(
    client: FlaskClient, record: Make, go_on: Callable[[int], None], log: Callable[[], AuditLog]
) -> None:
    document = record(2)
    go_on(100)
    by = next(event for event in log().events if event.number == 102)
    answer = ask_link(client, document.record)
    assert title(answer) == DISPLACED
    assert "Displaced by #102, which was written on" in answer.text
    assert "Its place was taken by <b>#102</b>" in answer.text
    assert f"{datetime.fromtimestamp(by.created_at // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" in answer.text
    go_on(100)
    assert "By which one is not known any more." in ask_link(client, document.record).text


def test_after_a_change_of_capacity_it_is_not_guessed_what_displaced_it(
    app: Flask,
    client: FlaskClient,
    record: Make,
    go_on: Callable[[int], None],
    project: Place,
    log: Callable[[], AuditLog],
) -> None:
    go_on(30)
    old, late = record(3), record(25)
    assert app.test_cli_runner().invoke(args=["erebus", "capacity", project.id, "10", "--yes"]).exit_code == 0
    for document in (old, late):
        assert title(ask_link(client, document.record)) == DISPLACED
        assert "By which one is not known any more." in ask_link(client, document.record).text
    number = log().head_number
    kept = record(number)
    go_on(12)
    assert f"Displaced by #{number + 10}," in ask_link(client, kept.record).text


def test_a_record_without_its_row_proves_itself(client: FlaskClient, record: Make, upload: Upload) -> None:
    document = record(2, is_kept=False)
    for answer in (ask_link(client, document.record), upload(picture(document))):
        assert title(answer) == KEPT
        assert "None is kept here. It is not needed" in answer.text
    answer = ask_code(client, document)
    assert (answer.status_code, title(answer)) == (404, UNKNOWN)
    assert "QR code" in answer.text


def test_after_a_rotation_of_the_key_it_is_genuine_and_the_page_says_so(
    app: Flask, client: FlaskClient, record: Make
) -> None:
    document = record(2)
    assert "made with the key that signs now" in ask_code(client, document).text
    with app.app_context():
        rotate()
    answer = ask_code(client, document)
    assert title(answer) == KEPT
    assert "made with an earlier key of this installation" in answer.text
    assert title(ask_link(client, record(3).record)) == KEPT


def test_when_the_project_is_deleted_its_records_are_known_as_before(
    client: FlaskClient, record: Make, change: Callable[[Callable[[Project], object]], None]
) -> None:
    document = record(2)
    change(lambda project: projects.delete_project(project, project.title))
    assert title(ask_code(client, document)) == KEPT


# When the log was meddled with


@pytest.mark.tampers("the text of an event")
def test_a_log_that_was_changed_after_the_record_was_made_is_told(
    client: FlaskClient, record: Make, tamper: Callable[[str, int], None]
) -> None:
    document = record(2)
    tamper("description = 'Nothing happened.'", 2)
    answer = ask_code(client, document)
    assert title(answer) == LOST
    assert names(answer) == ["Description"]
    assert "Nothing happened." not in answer.text


@pytest.mark.tampers("another hash")
def test_another_hash_in_the_log_is_told(
    client: FlaskClient, record: Make, app: Flask, project: Place, go_on: Callable[[int], None]
) -> None:
    go_on(1)
    document = record(2)
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        zero = "zeroblob(32)" if connection.dialect.name == "sqlite" else "decode(repeat('00', 32), 'hex')"
        connection.exec_driver_sql(
            f"UPDATE audit_events SET hash = {zero} WHERE log_id = '{project.id}' AND number = 2"
        )
    answer = ask_code(client, document)
    assert (title(answer), names(answer)) == (LOST, ["Hash"])


@pytest.mark.tampers("changes that nobody can read")
@pytest.mark.parametrize("stored", ["[[[", "[{}]", "[1]", '[{"a": NaN}]', "[" * 5000])
def test_changes_that_cannot_be_read_are_told(
    client: FlaskClient, record: Make, tamper: Callable[[str, int], None], stored: str
) -> None:
    document = record(1)
    tamper(f"changes = '{stored}'", 1)
    assert title(ask_code(client, document)) == LOST


@pytest.mark.tampers("another event")
def test_a_fault_elsewhere_in_the_log_is_told(
    client: FlaskClient, record: Make, tamper: Callable[[str, int], None]
) -> None:
    document = record(2)
    tamper("description = 'x'", 1)
    answer = ask_code(client, document)
    assert title(answer) == UNSOUND
    assert names(answer) == []


@pytest.mark.tampers("another event")
def test_what_displaced_it_is_not_told_from_a_log_that_is_not_sound(
    client: FlaskClient, record: Make, go_on: Callable[[int], None], tamper: Callable[[str, int], None]
) -> None:
    document = record(2)
    go_on(100)
    tamper("description = 'x'", 50)
    answer = ask_code(client, document)
    assert title(answer) == DISPLACED
    assert "Displaced by" not in answer.text
    assert "Its place was taken by" not in answer.text
    assert "not all of what is left of the log is as it was written" in answer.text


@pytest.mark.tampers("the key that is gone")
def test_a_copy_whose_key_is_gone_is_not_called_false(
    app: Flask, client: FlaskClient, record: Make, tmp_path: Path
) -> None:
    document = record(2)
    (tmp_path / "record.key").unlink()
    assert title(ask_code(client, document)) == BROKEN


@pytest.mark.tampers("events taken away")
@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (["DELETE FROM audit_events WHERE log_id = '{id}' AND number = 2"], "somebody has taken it away"),
        (
            [
                "DELETE FROM audit_events WHERE log_id = '{id}' AND number >= 2",
                "UPDATE audit_logs SET head_number = 1 WHERE id = '{id}'",
            ],
            "The log ends before this event",
        ),
        (
            ["DELETE FROM audit_events WHERE log_id = '{id}'", "DELETE FROM audit_logs WHERE id = '{id}'"],
            "The log that it comes from is not kept here.",
        ),
    ],
)
def test_an_event_that_was_taken_away_is_told(
    app: Flask, client: FlaskClient, record: Make, project: Place, statements: list[str], why: str
) -> None:
    document = record(2)
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        for statement in statements:
            connection.exec_driver_sql(statement.format(id=project.id))
    answer = ask_link(client, document.record)
    assert title(answer) == LOST
    assert why in answer.text


@pytest.mark.tampers("the kept record")
@pytest.mark.parametrize(
    "assignment",
    [
        "more_changes = '[1]'",
        "more_changes = '{'",
        "\"values\" = '[]'",
        '"values" = \'{"x": "y"}\'',
        "payload = signature",
        "signature = payload",
    ],
)
def test_a_kept_copy_that_was_changed_is_not_trusted(
    app: Flask, client: FlaskClient, record: Make, assignment: str
) -> None:
    document = record(2)
    with owner_connection(app.extensions["erebus"].settings) as connection:
        connection.connection.cursor().execute(f"UPDATE audit_records SET {assignment}")
    answer = ask_code(client, document)
    assert (title(answer), answer.status_code) == (BROKEN, 200)
    assert "This says nothing about what you were given" in answer.text
    assert title(ask_link(client, document.record)) == KEPT, "it proves itself"
    assert title(ask_link(client, altered(document, description="x"))) in {ALTERED, NOT_OURS}


# Altered


@pytest.mark.parametrize("is_kept", [True, False])
def test_each_field_that_was_altered_is_named_and_nothing_of_ours_is_told(
    client: FlaskClient, app: Flask, record: Make, is_kept: bool
) -> None:
    app.view_functions["verify.show"] = app.view_functions["verify.show"].__wrapped__  # type: ignore[attr-defined]
    document = record(2, is_kept=is_kept)
    said = read_payload(document.payload)
    words = {"description": "Description", "actorName": "Actor", "status": "Status", "number": "Number"}
    for name, value in said.items():
        other = {
            bool: lambda v: not v,
            int: lambda v: v + 1,
            str: lambda v: v[:-1] + ("1" if v.endswith("0") else "0"),
            list: lambda _: [],
        }
        if name in {"format", "keyId"}:
            continue
        changed = other.get(type(value), lambda _: "x")(value)
        answer = ask_link(client, altered(document, **{name: changed}))
        of_making = name in {"host", "recordedAt", "recordedById", "recordedByName", "projectTitle"}
        if not is_kept and name in {"id", "hash", "logId"}:
            assert title(answer) == NOT_OURS, name
            continue
        assert title(answer) == ALTERED, name
        assert len(names(answer)) == 1, (name, names(answer))
        if name in words:
            assert names(answer) == [words[name]]
        if of_making and not is_kept:
            assert names(answer)[0].startswith("What the log cannot tell")
        assert "Is this what your picture says?" not in answer.text
        for own in (
            said["description"],
            said["actorName"],
            said["id"],
            said["hash"],
            grouped(code_of(document.payload)),
        ):
            assert shown(own) not in answer.text, name


def test_an_altered_signature_is_told(client: FlaskClient, record: Make) -> None:
    document = record(2)
    answer = ask_link(client, Record(document.payload, bytes(64)))
    assert (title(answer), names(answer)) == (ALTERED, ["The signature itself"])


def test_who_never_had_the_record_learns_nothing_by_guessing(client: FlaskClient, record: Make) -> None:
    document = record(2)
    guess = altered(document, hash="0" * 64, description="x")
    assert title(ask_link(client, Record(guess.payload, bytes(64)))) == NOT_OURS
    guess = altered(document, id="01HQXYZ123ABC456DEF7890000", description="x")
    assert title(ask_link(client, Record(guess.payload, bytes(64)))) == NOT_OURS


def test_where_somebody_was_is_not_confirmed_to_who_has_the_event_alone(
    client: FlaskClient, record: Make, change: Callable[[Callable[[Project], object]], None]
) -> None:
    document = record(2, is_kept=False)
    for address in ("192.0.2.1", None):
        answer = ask_link(client, altered(document, address=address, number=3))
        assert names(answer) == ["Number"]
    kept = record(2)
    for address in ("192.0.2.1", None):
        assert names(ask_link(client, altered(kept, address=address))) == ["Address"], "ours has none"


def test_a_change_that_was_altered_is_named_by_its_place(
    client: FlaskClient, record: Make, change: Callable[[Callable[[Project], object]], None]
) -> None:
    change(lambda project: projects.rename(project, "Another title"))
    document = record(4)
    changes = copy.deepcopy(read_payload(document.payload)["changes"])
    changes[0]["after"] = "A third title"
    assert names(ask_link(client, altered(document, changes=changes))) == ["Change 1"]


def test_a_long_text_beside_a_genuine_payload_is_named(
    client: FlaskClient, record: Make, upload: Upload, app: Flask
) -> None:
    facts = record(2).facts() | {"description": "Long. " * 200, "reason": "x" * 900}
    with app.app_context():
        document = signing_key().sign(fit(facts))
    whole = json.loads(document.as_text())
    sha256 = read_payload(document.payload)["reason"]["sha256"]
    whole["values"][sha256] = "y" * 900
    answer = upload(json.dumps(whole).encode(), "r.json")
    assert (title(answer), names(answer)) == (ALTERED, ["Reason"])
    assert title(upload(document.as_text().encode(), "r.json")) == LOST
    short = ask_link(client, document.record)
    assert "1,200 characters, SHA-256" in short.text
    keep(app, document)
    assert facts["description"].strip() in ask_link(client, document.record).text


def test_what_another_installation_signed_is_not_ours(client: FlaskClient, record: Make, upload: Upload) -> None:
    facts = record(2).facts()
    other = SigningKey(bytes(32))
    document = other.sign(fit(facts | {"keyId": other.id, "logId": "proj_x", "projectId": None, "hash": "0" * 64}))
    assert title(ask_link(client, document.record)) == NOT_OURS
    assert title(upload(picture(document))) == NOT_OURS


@pytest.mark.parametrize(
    "field", ["id", "logId", "projectId", "actorName", "description", "host", "keyId", "requestId"]
)
@pytest.mark.parametrize("text", ["\0", "\u202e", "é" * 30, "x' OR 1=1 --", "../../x", ""])
def test_whatever_a_stranger_writes_into_a_field_is_answered(
    client: FlaskClient, record: Make, field: str, text: str
) -> None:
    answer = ask_link(client, altered(record(2), **{field: text}))
    assert answer.status_code == 200
    assert title(answer) in {ALTERED, NOT_OURS}
    assert "\u202e" not in answer.text


def test_a_record_of_a_time_that_no_calendar_has_is_shown(client: FlaskClient, record: Make, app: Flask) -> None:
    facts = record(2).facts() | {"createdAt": 2**53 - 1, "recordedAt": 2**53 - 1}
    with app.app_context():
        document = signing_key().sign(fit(facts))
    assert "9007199254740991" in ask_link(client, document.record).text


def test_it_says_when_it_was_checked(client: FlaskClient, record: Make) -> None:
    document = record(2)
    then = datetime.now(UTC) + timedelta(days=365)
    with clock.at(then):
        assert f"{then:%Y-%m-%d %H:%M:%S} UTC" in ask_code(client, document).text


def test_a_creation_and_where_it_came_from_are_shown(
    client: FlaskClient, record: Make, go_on: Callable[[int], None]
) -> None:
    go_on(1)
    document = record(4, origin=True)
    answer = ask_code(client, document)
    assert title(answer) == KEPT
    for name in ("Address", "Browser", "What changed", "set, never shown"):
        assert name in answer.text
    assert "Address" not in ask_code(client, record(4)).text


def test_signed_in_or_not_the_answer_is_the_same(
    app: Flask, client: FlaskClient, record: Make, sign_in: Callable[[str], FlaskClient]
) -> None:
    document = record(2)
    assert title(ask_link(sign_in("support@example.com"), document.record)) == title(ask_link(client, document.record))
