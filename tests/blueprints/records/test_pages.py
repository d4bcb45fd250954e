"""The pages of records: the form, the sheet, what is downloaded, the list, and the ways that lead there."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event

from erebus.blueprints.projects import services as projects
from erebus.blueprints.records import queries
from erebus.blueprints.records.models import AuditRecord
from erebus.db import db
from erebus.records import grouped, read_document, read_link
from erebus.signing import public_keys
from tests.blueprints.audit.conftest import Place
from tests.blueprints.people import register
from tests.records.pictures import qr_codes

LONG_CODE = "7KMQ-2XW9-PD4R-HT6V-N3CE-X"


@pytest.fixture
def made(make: Callable, records: Callable) -> AuditRecord:
    """A record of event 2."""
    make(2)
    return records()[-1]


def sheet(reader: FlaskClient, project: Place, record: AuditRecord, ending: str = "", asked: object = None) -> tuple:
    address = f"/projects/{project.slug}/audit/{asked or record.event_id}/record{ending}?code={grouped(record.code)}"
    answer = reader.get(address)
    return answer.status_code, answer


def tamper_with_rows(app: Flask, assignment: str) -> None:
    with app.app_context(), closing(db.engine.raw_connection()) as connection:  # of which the log knows nothing
        connection.cursor().execute(f"UPDATE audit_records SET {assignment}")
        connection.commit()


def text(answer: object) -> str:
    """Return what can be read on a page, a space for each gap."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_the_form_says_what_will_be_on_it_and_what_it_displaces(
    reader: FlaskClient, project: Place, write: Callable, change: Callable
) -> None:
    address = f"/projects/{project.slug}/audit/3/record"
    assert "it becomes #4 if nothing else happens first, and displaces none. The record is kept for good" in text(
        reader.get(address)
    )
    write(97)
    shown = text(reader.get(address))
    assert "it becomes #101 if nothing else happens first, and displaces #1 ." in shown
    assert "My Chat App · event #3" in shown
    assert "Verification code" not in shown
    for name in ("One", "Two"):
        change(lambda place, name=name: projects.rename(place, name))
    assert "displaces #3 , this very event: its record is what stays of it." in text(reader.get(address))


def test_the_form_names_no_number_while_counted_failures_wait_for_theirs(
    reader: FlaskClient, project: Place, write: Callable, refuse: Callable
) -> None:
    address = f"/projects/{project.slug}/audit/3/record"
    for _ in range(4):
        refuse()
    told = "Its number is open: failed attempts that were counted wait for theirs. The record is kept for good"
    shown = text(reader.get(address))
    assert f"Making it is an event of this project. {told}" in shown
    assert "it becomes" not in shown
    write(94)
    assert f"Making it is an event of this project, and displaces the oldest one. {told}" in text(reader.get(address))


def test_only_admins_see_the_tick(reader: FlaskClient, project: Place, sign_in: Callable) -> None:
    address = f"/projects/{project.slug}/audit/3/record"
    assert 'name="origin"' not in reader.get(address).text
    assert 'name="origin"' in sign_in("owner@example.com").get(address).text


def test_the_form_lists_the_records_of_the_event(reader: FlaskClient, project: Place, made: AuditRecord) -> None:
    shown = text(reader.get(f"/projects/{project.slug}/audit/2/record"))
    assert f"The record of this event {grouped(made.code)} made by Support" in shown
    assert "The record of this event" not in text(reader.get(f"/projects/{project.slug}/audit/3/record"))


@pytest.mark.parametrize(("asked", "status"), [("99", 404), ("x", 404), ("0", 404)])
def test_of_what_is_not_there_no_record_can_be_made(
    reader: FlaskClient, project: Place, make: Callable, asked: str, status: int
) -> None:
    assert reader.get(f"/projects/{project.slug}/audit/{asked}/record").status_code == status
    assert make(asked).status_code == status


def test_the_sheet_shows_all_of_the_event(
    reader: FlaskClient, project: Place, made: AuditRecord, log: Callable
) -> None:
    told = log().events[-2]
    status, answer = sheet(reader, project, made)
    shown = text(answer)

    assert status == 200
    for part in (
        "Erebus · record of an audit event My Chat App · event #2 Succeeded",
        told.description,
        f"{told.actor_name} · {told.actor_id}",
        f"{told.action} · {told.action_description}",
        f"{told.entity_type} · {told.entity_label} · {told.entity_id}",
        told.id,
        grouped(made.code),
        "Check at localhost/verify",
        f"Record made by Support ({made.made_by_id}) on ",
        "In the log",
    ):
        assert part in re.sub(r" ?· ?", " · ", shown), part
    assert told.hash.hex() in shown.replace(" ", "")
    assert told.previous_hash.hex() in shown.replace(" ", "")
    for change in told.changes:
        assert change["name"] in shown


def test_a_failed_event_is_shown_with_why_not(
    reader: FlaskClient, project: Place, refuse: Callable, make: Callable, records: Callable, log: Callable
) -> None:
    refuse()
    make(4)
    shown = text(sheet(reader, project, records()[0])[1])
    assert "event #4 Failed" in shown
    assert f"Not done: {log().events[1].reason}" in shown


@pytest.mark.parametrize("ending", ["", ".png", ".json"])
def test_it_is_shown_from_its_own_row_whatever_happened_since(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord, write: Callable, change: Callable, ending: str
) -> None:
    before = sheet(reader, project, made, ending)[1]
    change(lambda place: projects.rename(place, "Another Name"))
    write(100)

    status, after = sheet(reader, project, made, ending)

    assert status == 200
    if ending:
        assert after.data == before.data
    else:
        assert "Displaced from the log" in after.text
        assert "My Chat App · event #2" in after.text
    assert sheet(reader, project, made, ending, asked=2)[0] == 200


def test_an_event_that_is_neither_kept_nor_displaced_is_called_missing(
    reader: FlaskClient, project: Place, made: AuditRecord, tamper: Callable
) -> None:
    tamper("id = '01HQXYZ123ABC456DEF7890000'", 2)

    for shown in (sheet(reader, project, made)[1], reader.get(f"/projects/{project.slug}/records")):
        assert "Missing from the log" in shown.text


@pytest.mark.parametrize("ending", ["", ".png", ".json"])
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        (f"?code={LONG_CODE}", 404, "A character of this code is mistyped"),
        ("?code=x", 404, "A verification code has 20 letters and digits"),
        ("?code=", 404, "A verification code has 20 letters and digits"),
        ("?code=CODE&code=CODE", 404, "None of this event's records has this code"),
    ],
)
def test_a_code_that_is_none_of_the_events_is_not_found(
    reader: FlaskClient, project: Place, made: AuditRecord, ending: str, query: str, status: int, words: str
) -> None:
    query = query.replace("CODE", grouped(made.code))
    answer = reader.get(f"/projects/{project.slug}/audit/2/record{ending}{query}")
    assert answer.status_code == status
    assert words in html.unescape(answer.text)


@pytest.mark.parametrize("ending", ["", ".png", ".json"])
def test_a_record_of_another_event_or_project_is_not_found(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord, sign_in: Callable, ending: str
) -> None:
    owner = sign_in("owner@example.com")
    owner.post("/projects/new", data={"title": "Another", "region": "eu"})

    assert sheet(reader, project, made, ending, asked=3)[0] == 404
    assert sheet(owner, Place("", "another", ""), made, ending)[0] == 404
    assert sheet(owner, project, made, ending)[0] == 200


def test_without_a_code_there_is_no_picture_and_no_file(reader: FlaskClient, project: Place, made: AuditRecord) -> None:
    for ending in (".png", ".json"):
        answer = reader.get(f"/projects/{project.slug}/audit/2/record{ending}")
        assert answer.status_code == 400
        assert "?code=" in answer.text


def test_a_code_can_be_typed_as_one_likes(reader: FlaskClient, project: Place, made: AuditRecord) -> None:
    address = f"/projects/{project.slug}/audit/{made.event_id.lower()}/record?code={made.code.lower()}"
    assert reader.get(address).status_code == 200


def test_the_file_is_the_whole_record(app: Flask, reader: FlaskClient, project: Place, made: AuditRecord) -> None:
    answer = sheet(reader, project, made, ".json")[1]

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={_name(made)}.json"
    assert read_document(answer.text) == made.document


def test_the_picture_holds_the_whole_record_twice(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord
) -> None:
    answer = sheet(reader, project, made, ".png")[1]

    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={_name(made)}.png"
    picture = Image.open(io.BytesIO(answer.data))
    picture.load()
    assert read_document(picture.text["erebus-record"]) == made.document
    (link,) = qr_codes(picture)
    assert link.startswith("HTTP://LOCALHOST/VERIFY/")
    with app.app_context():
        assert public_keys().has_signed(read_link(link))
    assert read_link(link).payload == made.payload


@pytest.mark.parametrize(
    "assignment",
    [
        "payload = signature",
        "signature = payload",
        "\"values\" = '{}x'",
        "more_changes = '[1]'",
        "more_changes = '5'",
        f"more_changes = '{'[' * 100_000}'",
    ],
)
def test_a_row_that_was_tampered_with_is_shown_as_no_record(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord, assignment: str
) -> None:
    tamper_with_rows(app, assignment)

    for ending in ("", ".png", ".json"):
        status, answer = sheet(reader, project, made, ending)
        assert status == 409
        assert "This record is not what was signed" in answer.text
    for address in ("records", "audit/2/record", "audit/2"):
        assert reader.get(f"/projects/{project.slug}/{address}").status_code == 200


def test_without_its_keys_it_says_that_nothing_can_be_said(
    reader: FlaskClient, project: Place, made: AuditRecord, make: Callable, tmp_path: Path
) -> None:
    (tmp_path / "record.key").write_text("zz")

    for answer in (make(2), *(sheet(reader, project, made, ending)[1] for ending in ("", ".png", ".json"))):
        assert answer.status_code == 503
        assert "This says nothing about the record." in answer.text


def test_the_event_leads_to_its_record(reader: FlaskClient, project: Place, make: Callable) -> None:
    address = f"/projects/{project.slug}/audit/2"
    for words in ("Make a record", "Record", "2 records"):
        assert re.search(
            rf'href="/projects/{project.slug}/audit/\w{{26}}/record">{words}</a>', reader.get(address).text
        )
        make(2)


def test_the_event_counts_its_records_without_reading_them(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord
) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    reader.get(f"/projects/{project.slug}/audit/2")

    (counted,) = [statement for statement in asked if "audit_records" in statement]
    assert "payload" not in counted


@pytest.mark.parametrize("by", ["id", "number", "id with its number"])
def test_a_displaced_event_leads_to_its_record(
    reader: FlaskClient, project: Place, made: AuditRecord, write: Callable, by: str
) -> None:
    write(100)
    asked = {"id": made.event_id, "number": "2", "id with its number": "01HQXYZ123ABC456DEF7890000?n=2"}[by]
    for page in ("", "/record"):
        answer = reader.get(
            f"/projects/{project.slug}/audit/{asked.replace('?', f'{page}?') if '?' in asked else asked + page}"
        )
        assert answer.status_code == 410
        assert f"Record {grouped(made.code)}</a>" in answer.text
        assert "Not any more what it said" not in answer.text
    assert "Not any more what it said" in reader.get(f"/projects/{project.slug}/audit/1").text


def test_the_list_has_all_records_of_the_project_in_pages(
    app: Flask, reader: FlaskClient, project: Place, make: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    address = f"/projects/{project.slug}/records"
    assert "No records yet" in reader.get(address).text
    for number in (1, 2, 3):
        make(number)

    first = reader.get(address).text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = reader.get(older[1]).text

    assert re.findall(r'"num">(#\d)</b>', first) == ["#3", "#2"]
    assert re.findall(r'"num">(#\d)</b>', second) == ["#1"]
    assert "Older" not in second
    assert "3 records, the newest first" in first
    assert reader.get(f"{address}?before=nothing").text.count('class="record-code"') == 2


def test_the_list_asks_no_more_for_many_records_than_for_one(
    app: Flask, reader: FlaskClient, project: Place, make: Callable
) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    make(1)
    asked.clear()
    reader.get(f"/projects/{project.slug}/records")
    with_one = len(asked)
    for _ in range(4):
        make(2)
    asked.clear()

    reader.get(f"/projects/{project.slug}/records")

    assert len(asked) == with_one


def test_members_of_nothing_see_nothing(app: Flask, project: Place, made: AuditRecord, sign_in: Callable) -> None:
    with app.app_context():
        register("stranger")
    stranger = sign_in("stranger@example.com")
    for ending in ("", ".png", ".json"):
        assert sheet(stranger, project, made, ending)[0] == 404
    assert stranger.get(f"/projects/{project.slug}/records").status_code == 404


def test_the_guide_explains_records(client: FlaskClient) -> None:
    assert '<section id="records">' in client.get("/docs/audit-logs").text


def _name(record: AuditRecord) -> str:
    return f"my-chat-app-event-2-{grouped(record.code)[:9]}"


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd", "Europe", ""])
def test_a_zone_that_was_tampered_with_is_told_as_utc(
    app: Flask, reader: FlaskClient, project: Place, made: AuditRecord, zone: str
) -> None:
    tamper_with_rows(app, f"time_zone = '{zone}'")

    status, answer = sheet(reader, project, made)

    assert status == 200
    assert not re.search(r"\(UTC[+-]", text(answer))
