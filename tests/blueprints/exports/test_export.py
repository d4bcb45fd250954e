"""Exporting what the filter shows: the page, the file in each format, and the event that an export is."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool
from werkzeug.test import TestResponse

from erebus import clock, forms, pace
from erebus.blueprints.auth.models import User
from erebus.blueprints.exports import services
from erebus.blueprints.exports.models import AuditExport
from erebus.blueprints.keys import secret as secrets
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, ProjectStatus
from erebus.db import db, prepare, transaction
from erebus.permissions import Role
from erebus.trail import AuditEvent, AuditLog, read_log
from tests.blueprints.audit.conftest import Place, acting, register
from tests.conftest import DATABASE

KINDS = ("csv", "json", "ndjson")
Log = Callable[[], AuditLog]


@pytest.fixture
def owner(project: Place, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser of somebody who may export."""
    return sign_in("owner@example.com")


def page(client: FlaskClient, project: Place, rest: str, status: int = 200) -> str:
    answer = client.get(f"/projects/{project.slug}/audit.{rest}")
    assert answer.status_code == status, answer.text
    return " ".join(unescape(answer.text).split())


def export(client: FlaskClient, project: Place, rest: str, status: int = 200) -> TestResponse:
    answer = client.post(f"/projects/{project.slug}/audit.{rest}")
    assert answer.status_code == status, answer.text
    return answer


def numbers(answer: TestResponse) -> list[int]:
    """Return the numbers of the events in a file of any format, in their order."""
    if answer.mimetype == "text/csv":
        return [int(row["number"]) for row in rows(answer)]
    if answer.mimetype == "application/json":
        return [event["number"] for event in json.loads(answer.data)["events"]]
    return [json.loads(line)["number"] for line in answer.data.decode().splitlines()]


def rows(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def newest(log: Log) -> AuditEvent:
    return log().events[0]


@pytest.mark.parametrize("kind", KINDS)
def test_file_holds_all_that_the_filter_shows_and_its_event_says_so(
    owner: FlaskClient, project: Place, write: Callable, refuse: Callable, log: Log, kind: str
) -> None:
    write(40)
    refuse()

    answer = export(owner, project, f"{kind}?type=api_key&q=key")

    assert numbers(answer) == list(range(43, 3, -1))
    event = newest(log)
    assert (event.entity_type, event.action, event.action_description) == ("export", "create", "Exported audit log")
    assert event.description == f"Exported 40 events (#4 to #43, filter type:api_key key) as {kind.upper()}"
    assert {change["field"]: change["after"] for change in event.changes} == {
        "format": kind,
        "filter": "type:api_key key",
        "zone": "UTC",
        "events": 40,
        "hidden": 4,
        "first_number": 4,
        "last_number": 43,
        "sha256": hashlib.sha256(answer.data).hexdigest(),
    }
    assert event.entity_id == answer.headers["X-Erebus-Export"]
    assert answer.headers["X-Erebus-Hidden"] == "4"
    assert answer.headers["X-Erebus-Filter"] == "type:api_key key"
    assert answer.headers["X-Erebus-Verification"] == "sound"


def test_without_a_filter_one_event_is_told_as_one(owner: FlaskClient, project: Place, log: Log) -> None:
    export(owner, project, "csv")
    assert newest(log).description == "Exported 3 events (#1 to #3, no filter) as CSV"
    export(owner, project, "csv?type=export")
    assert newest(log).description == "Exported 1 event (#4, filter type:export) as CSV"


@pytest.mark.parametrize("kind", KINDS)
def test_name_of_the_file_says_what_is_in_it(owner: FlaskClient, project: Place, kind: str) -> None:
    with clock.at(datetime(2026, 11, 28, 23, 30, tzinfo=UTC)):
        answer = export(owner, project, kind)

    named = f"attachment; filename=my-chat-app-audit-1-3-2026-11-28.{kind}"
    assert answer.headers["Content-Disposition"] == named
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == {"csv": "text/csv", "json": "application/json", "ndjson": "application/x-ndjson"}[kind]


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_events_are_those_of_the_log_as_json(owner: FlaskClient, project: Place, write: Callable, kind: str) -> None:
    write(2)
    shown = owner.get(f"/projects/{project.slug}/audit.json").get_json()["events"]

    answer = export(owner, project, kind)

    lines = answer.data.decode().splitlines()
    found = json.loads(answer.data)["events"] if kind == "json" else [json.loads(line) for line in lines]
    assert found == shown
    assert [list(event) for event in found] == [list(event) for event in shown]


def test_json_says_what_it_is_of(owner: FlaskClient, project: Place, log: Log) -> None:
    moment = datetime(2026, 11, 28, 12, tzinfo=UTC)
    with clock.at(moment):
        told = json.loads(export(owner, project, "json?action=create&type=project").data)

    events = told.pop("events")
    assert [event["number"] for event in events] == [1]
    assert told == {
        "exportedAt": int(moment.timestamp() * 1000),
        "exportId": newest(log).entity_id,
        "project": {"id": project.id, "slug": project.slug, "title": "My Chat App"},
        "filter": "action:create type:project",
        "zone": "UTC",
        "kept": 3,
        "hidden": 2,
        "verification": {"isSound": True, "checked": 3, "firstWrong": None, "finding": None},
    }


def test_csv_has_the_fields_both_times_and_what_is_to_be_said_of_the_whole(owner: FlaskClient, project: Place) -> None:
    owner.post("/account", data={"name": "Owner", "time_zone": "Asia/Kolkata"})
    shown = owner.get(f"/projects/{project.slug}/audit/1.json").get_json()

    with clock.at(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)):
        answer = export(owner, project, "csv?type=project")

    assert answer.data.startswith(b"\xef\xbb\xbfid,actorId,")
    assert answer.data.endswith(b"\r\n")
    row = rows(answer)[0]
    fields = list(shown)
    times = ["createdAt (UTC)", "createdAt (Asia/Kolkata)"]
    assert list(row)[:-1] == [*fields[:10], *times, *fields[10:]]
    assert list(row)[-1] == (
        "note: 1 of 3 kept events, 2 hidden by the filter type:project; exported 2030-01-02 03:04:05 UTC; "
        "chain verified"
    )
    assert row["id"] == shown["id"]
    assert row["status"] == "true"
    assert row["createdAt"] == str(shown["createdAt"])
    assert json.loads(row["changes"]) == shown["changes"]
    moment = datetime.fromisoformat(row[times[0]] + "Z")
    assert moment == datetime.fromisoformat(row[times[1]])
    assert moment == datetime.fromtimestamp(shown["createdAt"] / 1000, UTC)
    assert row[times[1]].endswith("+05:30")


def test_cell_that_could_be_a_formula_is_guarded(owner: FlaskClient, project: Place, tamper: Callable) -> None:
    tamper("description = '=HYPERLINK(\"http://evil\")', actor_name = '@x, \"y\"'", 2)

    row = rows(export(owner, project, "csv"))[1]

    assert row["description"] == '\'=HYPERLINK("http://evil")'
    assert row["actorName"] == '\'@x, "y"'


def test_nobody_pushes_out_a_log_with_exports(
    owner: FlaskClient, project: Place, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST", 2)
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    for minute in (0, 30):
        with clock.at(noon + timedelta(minutes=minute)):
            export(owner, project, "json")
    head = newest(log).number
    with clock.at(noon + timedelta(minutes=59, seconds=30)):
        for kind in KINDS:
            answer = export(owner, project, kind, 429)
            assert answer.mimetype == "text/html", "the page of a form is read, whatever the file would have been"
            assert "You have exported the log of this project as often." in answer.text
            assert "Again from 2026-11-28 13:00:00 UTC, in 1 minute." in answer.text
        assert newest(log).number == head
    with clock.at(noon + timedelta(hours=1)):
        export(owner, project, "json")


def test_of_exports_at_the_same_time_no_more_are_made_than_one_after_the_other(
    project: Place, sign_in: Callable[[str], FlaskClient], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST", 1)
    clients, start = [sign_in("owner@example.com") for _ in range(4)], Barrier(4)

    def go(client: FlaskClient) -> int:
        start.wait(10)
        return client.post(f"/projects/{project.slug}/audit.json").status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, clients)) == [200, 429, 429, 429]
    assert [event.entity_type for event in log().events].count("export") == 1


def test_page_names_no_number_while_counted_failures_wait_for_theirs(
    owner: FlaskClient, project: Place, write: Callable[[int], None], refuse: Callable[[], None]
) -> None:
    for _ in range(4):
        refuse()
    told = "its number is open, for failed attempts that were counted wait for theirs. The file holds"
    assert f"The export is an event itself; {told}" in page(owner, project, "csv")
    write(94)
    assert f"The export is an event itself, and displaces the oldest one; {told}" in page(owner, project, "csv")


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_page_says_what_would_be_exported_and_changes_nothing(
    owner: FlaskClient, project: Place, write: Callable, log: Log, kind: str
) -> None:
    write(98)
    head = newest(log).number

    text = page(owner, project, f"{kind}?type=api_key&status=succeeded")

    assert "<b>97</b> of 100 kept" not in text
    assert "<b>98</b> of 100 kept; <b>2 hidden by the filter</b>" in text
    assert "#4 to #101, newest first" in text
    assert (
        "The export is an event itself: #102 if nothing else happens first, and it displaces #2 from the log." in text
    )
    for format_ in KINDS:
        action = f'action="/projects/{project.slug}/audit.{format_}?type=api_key&status=succeeded"'
        button = "btn primary" if format_ == kind else "btn "
        found = re.search(rf'{re.escape(action)}>.*?<button class="([^"]*)"[^>]*>(.*?)</button>', text)
        assert found
        assert found.groups() == (button, f"Export as {format_.upper()}")
    assert newest(log).number == head


def test_json_by_get_is_still_the_page_of_the_log(owner: FlaskClient, project: Place, log: Log) -> None:
    told = owner.get(f"/projects/{project.slug}/audit.json").get_json()

    assert list(told) == ["events", "next"]
    assert newest(log).number == 3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_exported_of_nothing(owner: FlaskClient, project: Place, log: Log, kind: str) -> None:
    answer = export(owner, project, f"{kind}?q=nothing-is-called-so", 422)

    assert "Nothing to export" in answer.text
    assert "The filter hides all 3 kept events." in answer.text
    assert newest(log).number == 3


@pytest.mark.parametrize("query", ["action=explode", "from=someday", "colour=red", "type=a&type=b", "q=from:x"])
def test_filter_that_makes_no_sense_exports_nothing(owner: FlaskClient, project: Place, log: Log, query: str) -> None:
    for answer in (export(owner, project, f"csv?{query}", 400), export(owner, project, f"json?{query}", 400)):
        assert "part of this filter cannot be understood" in answer.text
    assert '<form class="post"' not in page(owner, project, f"csv?{query}", 400)
    assert newest(log).number == 3


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_role_it_is_403_and_a_failure_in_the_log(
    reader: FlaskClient, project: Place, log: Log, kind: str
) -> None:
    export(reader, project, f"{kind}?q=webhook", 403)

    event = newest(log)
    assert (event.entity_type, event.action, event.status) == ("export", "create", False)
    assert event.description == (
        f"Tried to export the audit log as {kind.upper()}. Not done: This takes the role admin or owner. "
        "Ask an owner or an admin of the project."
    )
    assert "Export</a>" not in reader.get(f"/projects/{project.slug}/audit").text


def test_log_leads_to_it_with_its_filter(owner: FlaskClient, project: Place) -> None:
    text = unescape(owner.get(f"/projects/{project.slug}/audit?type=project").text)

    assert f'href="/projects/{project.slug}/audit.csv?type=project">Export</a>' in text


def test_secret_in_the_filter_is_not_kept(
    owner: FlaskClient, project: Place, tamper: Callable, log: Log, app: Flask
) -> None:
    secret = "sk-er-" + "a" * 42
    secret += secrets.checksum(secret)
    tamper(f"description = 'found {secret}'", 2)

    answer = export(owner, project, f"json?q={secret}")

    assert numbers(answer) == [2]
    assert secret not in repr(newest(log))
    with app.app_context():
        assert db.session.scalars(select(AuditExport.filter)).all() == ["sk-er-…" + secret[-4:]]


@pytest.mark.parametrize("kind", KINDS)
def test_log_that_is_not_what_was_written_says_so_in_the_file(
    owner: FlaskClient, project: Place, tamper: Callable, kind: str
) -> None:
    tamper("description = 'All is well', changes = '[{\"after\": \"\\ud800\"', created_at = 9000000000000000", 2)

    assert "This log is not what was written" in page(owner, project, "csv")
    answer = export(owner, project, kind)

    assert f"-not-sound.{kind}" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Erebus-Verification"].startswith("not sound: this log is not what was written from #2 on")
    assert numbers(answer) == [3, 2, 1]
    if kind == "json":
        told = json.loads(answer.data)["verification"]
        assert (told["isSound"], told["firstWrong"]) == (False, 2)
    if kind == "csv":
        assert "; this log is not what was written from #2 on: " in list(rows(answer)[0])[-1]
        assert rows(answer)[1]["createdAt (UTC)"] == ""


def test_half_a_surrogate_pair_breaks_no_file(owner: FlaskClient, project: Place, tamper: Callable) -> None:
    tamper("""changes = '[{"name": "notes", "before": null, "after": "\\ud800"}]'""", 2)

    for kind in KINDS:
        assert numbers(export(owner, project, kind))[-3:] == [3, 2, 1]


def test_archived_project_can_still_be_exported(owner: FlaskClient, project: Place, change: Callable) -> None:
    change(lambda project: projects.change_status(project, ProjectStatus.ARCHIVED))

    assert numbers(export(owner, project, "ndjson")) == [4, 3, 2, 1]


def test_exports_outlive_their_project_and_do_not_crowd_its_log(
    app: Flask, owner: FlaskClient, project: Place, change: Callable, log: Log
) -> None:
    for kind in KINDS:
        export(owner, project, kind)

    change(lambda project: projects.delete_project(project, project.title))

    told = [(event.entity_type, event.action) for event in log().events[:4]]
    assert told == [("project", "delete"), ("member", "delete"), ("member", "delete"), ("export", "create")]
    with app.app_context():
        platform = read_log(db.session.connection(), "platform")
        assert platform
        assert "export" not in {event.entity_type for event in platform.events}
        kept = db.session.scalars(select(AuditExport).order_by(AuditExport.id)).all()
        assert [(row.format, row.last_number, row.project_id) for row in kept] == [
            ("csv", 3, project.id),
            ("json", 4, project.id),
            ("ndjson", 5, project.id),
        ]


def test_events_in_the_file_are_those_that_its_event_tells_whoever_writes_meanwhile(
    app: Flask, project: Place, sign_in: Callable[[str], FlaskClient], log: Log
) -> None:
    def rename(number: int) -> None:
        with app.app_context():
            found = db.session.get_one(Project, project.id)
            with acting(found.owner), transaction():
                projects.rename(found, f"Name {number}")

    clients = [sign_in("owner@example.com") for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        jobs = []
        for number, client in enumerate(clients):
            jobs.append(pool.submit(export, client, project, "ndjson"))
            pool.map(rename, range(3 * number, 3 * number + 3))
        answers = [job.result() for job in jobs]
    files = {answer.headers["X-Erebus-Export"]: numbers(answer) for answer in answers}

    events = {event.entity_id: event for event in log().events if event.entity_type == "export"}
    assert events.keys() == files.keys()
    for id_, found in files.items():
        told = {change["field"]: change["after"] for change in events[id_].changes}
        assert found == list(range(told["last_number"], told["first_number"] - 1, -1))
        assert told["events"] == len(found)
        assert told["last_number"] < events[id_].number


def test_admin_may_export_and_developer_may_not(
    app: Flask, project: Place, sign_in: Callable[[str], FlaskClient]
) -> None:
    for name, role in (("admin", Role.ADMIN), ("developer", Role.DEVELOPER)):
        with app.app_context():
            user = register(name)
            with transaction():
                projects.add_member(db.session.get_one(Project, project.id), db.session.get_one(User, user.id), role)

    statuses: dict[str, Any] = {
        name: sign_in(f"{name}@example.com").get(f"/projects/{project.slug}/audit.csv").status_code
        for name in ("admin", "developer")
    }
    assert statuses == {"admin": 200, "developer": 403}


def test_project_that_somebody_deletes_meanwhile_is_404(
    owner: FlaskClient, project: Place, change: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def late_transaction() -> Iterator[Session]:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(change, lambda project: projects.delete_project(project, project.title)).result()
        with transaction() as session:
            yield session

    monkeypatch.setattr(forms, "transaction", late_transaction)

    export(owner, project, "csv", 404)


def test_who_has_sent_the_form_reads_a_page_also_when_the_database_is_busy(
    app: Flask, owner: FlaskClient, project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        narrow = create_engine(db.engine.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0)
        prepare(narrow)
        monkeypatch.setitem(db.engines, None, narrow)
    with narrow.connect():
        answer = export(owner, project, "json", 503)
    narrow.dispose()
    assert answer.mimetype == "text/html"
    assert "The database is busy" in answer.text


@pytest.mark.skipif(DATABASE == "sqlite", reason="there one transaction writes at a time")
def test_project_cannot_be_deleted_while_it_is_exported(
    app: Flask, owner: FlaskClient, project: Place, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete() -> None:
        with app.app_context(), transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            found = session.get_one(Project, project.id)
            projects.delete_project(found, found.title)

    def late_choice(*asked: Any) -> services.Selection | None:
        with ThreadPoolExecutor(1) as pool, pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(delete).result()
        return choose(*asked)

    choose = services.choose
    monkeypatch.setattr(services, "choose", late_choice)

    assert numbers(export(owner, project, "csv")) == [3, 2, 1]
    assert newest(log).entity_type == "export"
