"""An event that was asked for and is not there: 410 if it is displaced, or may be; otherwise 404; each with its why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from ulid import ULID

from erebus.blueprints.audit.absence import explain_id
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.trail import AuditLog, drop_triggers
from erebus.upgrading import owner_connection
from tests.blueprints.audit.conftest import Place
from tests.blueprints.audit.test_ring import make_log

LONG_AGO = "01HQXYZ123ABC456DEF7890000"  # March 2024
NOT_YET = "03MD998G000000000000000000"  # October 2096
Log = Callable[[], AuditLog]


def ask(client: FlaskClient, project: Place, asked: object, query: str = "") -> tuple[int, str]:
    """Return status and text of the page; the same event as JSON has the same status, and the page's words."""
    address = f"/projects/{project.slug}/audit/{asked}"
    answer, told = client.get(address + query), client.get(f"{address}.json{query}")
    text = " ".join(unescape(answer.text).split())
    assert told.status_code == answer.status_code
    assert told.mimetype == "application/json"
    assert set(told.get_json()) == {"error", "hint", "number", "idMadeAt", "kept"}
    assert f"<h1>{told.get_json()['error']}</h1>" in text
    assert "Go to the newest events" in text
    assert '<nav aria-label="Project">' in text
    return answer.status_code, text


@pytest.fixture
def full(write: Callable) -> None:
    """#11 to #110 are kept, 10 are displaced."""
    write(107)


@pytest.mark.usefixtures("full")
def test_number_below_the_oldest_is_displaced_for_certain(reader: FlaskClient, project: Place, log: Log) -> None:
    status, text = ask(reader, project, 9)

    assert status == 410
    assert "<h1>Event #9 has been displaced</h1>" in text
    assert "This log keeps its newest 100 events, now #11 to #110." in text
    assert "at the latest when #109 was written" in text
    assert "That there was an event #9." in text
    assert log().events[-1].previous_hash.hex() not in text


@pytest.mark.usefixtures("full")
def test_of_the_last_displaced_one_the_hash_is_still_known(reader: FlaskClient, project: Place, log: Log) -> None:
    status, text = ask(reader, project, 10)

    assert status == 410
    assert f"<code>{log().events[-1].previous_hash.hex()}</code>" in text
    assert "Whether a copy bears the right hash." in text


@pytest.mark.usefixtures("full")
def test_id_no_newer_than_the_oldest_is_displaced_if_it_ever_was_here(reader: FlaskClient, project: Place) -> None:
    status, text = ask(reader, project, LONG_AGO)

    assert status == 410
    assert "This event has been displaced, if it ever was here" in text
    assert "2024-03-01 21:33:14 UTC" in text
    assert "Of this id, nothing:" in text


def test_ids_that_were_displaced_answer_so_without_exception(
    reader: FlaskClient, project: Place, write: Callable, change: Callable, log: Log
) -> None:
    write(97)
    ids = [event.id for event in log().events]
    change(
        lambda project: [
            keys.create_key(project, f"More {number:02}", Environment.DEVELOPMENT, by=project.owner)
            for number in range(30)
        ]
    )

    statuses = {ask(reader, project, found)[0] for found in ids[-30:]}

    assert statuses == {410}
    assert reader.get(f"/projects/{project.slug}/audit/{ids[-31]}").status_code == 200


@pytest.mark.usefixtures("full")
def test_id_after_the_oldest_is_unknown(reader: FlaskClient, project: Place, log: Log) -> None:
    status, text = ask(reader, project, NOT_YET)
    beside = log().events[0].id[:-4] + "0000"

    assert status == 404
    assert "Its id was made after #11, the oldest event that is kept." in text
    assert ask(reader, project, beside)[0] == 404


def test_where_nothing_was_displaced_an_old_id_is_unknown(reader: FlaskClient, project: Place) -> None:
    status, text = ask(reader, project, LONG_AGO)

    assert status == 404
    assert "Nothing has been displaced from this log: all of #1 to #3 are here" in text


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("number", "words", "link"),
    [
        (3, "Its address names #3, and that number has been displaced for certain.", "What is known of #3"),
        (20, "Its address names #20; the event that has this number has another id.", "Go to #20"),
        (111, "Its address names #111, and this log has not come so far.", None),
    ],
)
@pytest.mark.parametrize(("asked", "status"), [(LONG_AGO, 410), (NOT_YET, 404), ("mistyped", 404)])
def test_number_in_the_address_of_an_id_is_gone_into(
    reader: FlaskClient, project: Place, asked: str, status: int, number: int, words: str, link: str | None
) -> None:
    found, text = ask(reader, project, asked, f"?n={number}")

    assert found == status
    assert words in text
    if link:
        assert f'<a href="/projects/{project.slug}/audit/{number}">{link}</a>' in text
    else:
        assert f'/audit/{number}"' not in text


def test_number_that_is_not_there_yet_is_unknown(reader: FlaskClient, project: Place) -> None:
    status, text = ask(reader, project, 4)

    assert status == 404
    assert "its newest event is #3." in text


@pytest.mark.parametrize(
    "asked",
    [
        "0",
        "00",
        "03",
        "-1",
        "+3",
        "3.0",
        "9" * 40,
        "1e2",
        "٣",
        "³",
        "３",
        "%233",
        "x",
        "a%20b",
        "%22%3Cb%3E",
        "%F0%9F%A6",
        "é",
    ],
)
def test_what_is_neither_id_nor_number_is_unknown(reader: FlaskClient, project: Place, asked: str) -> None:
    status, text = ask(reader, project, asked)

    assert status == 404
    assert "is neither the id of an event, which has 26 letters and digits, nor a number." in text
    assert "<b>”" not in reader.get(f"/projects/{project.slug}/audit/{asked}").text


@pytest.mark.parametrize("query", ["?n=", "?n=0", "?n=oops", "?n=1&n=2", f"?n={'9' * 40}"])
def test_number_in_the_address_that_is_none_is_left_aside(reader: FlaskClient, project: Place, query: str) -> None:
    assert ask(reader, project, LONG_AGO, query)[0] == 404


@pytest.mark.parametrize("asked", ["a/b", "a%2Fb", "../audit/x", "1/", ""])
def test_what_is_no_address_of_an_event_is_no_page(reader: FlaskClient, project: Place, asked: str) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit/{asked}")

    assert answer.status_code == 404
    assert "There is no such page" in answer.text or "There is no such event" in answer.text


def test_after_a_smaller_capacity_what_it_displaced_is_gone(
    reader: FlaskClient, project: Place, write: Callable, runner: FlaskCliRunner
) -> None:
    write(47)
    runner.invoke(args=["erebus", "capacity", project.slug, "10", "--yes"])
    runner.invoke(args=["erebus", "capacity", project.slug, "100", "--yes"])

    assert [ask(reader, project, number)[0] for number in (1, 41)] == [410, 410]
    assert reader.get(f"/projects/{project.slug}/audit/42").status_code == 200
    assert ask(reader, project, 53)[0] == 404


@pytest.mark.parametrize("number", [1, 2])
def test_event_that_was_deleted_past_the_log_is_missing_and_not_displaced(
    app: Flask, reader: FlaskClient, project: Place, number: int
) -> None:
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        connection.exec_driver_sql(f"DELETE FROM audit_events WHERE log_id = '{project.id}' AND number = {number}")

    status, text = ask(reader, project, number)

    assert status == 404
    assert f"<h1>Event #{number} is missing</h1>" in text
    assert "This log is not what was written" in text


@pytest.mark.usefixtures("full")
def test_where_the_log_was_tampered_with_nothing_is_proved(
    reader: FlaskClient, project: Place, tamper: Callable
) -> None:
    tamper("description = 'x'", 50)

    status, text = ask(reader, project, 9)

    assert status == 410
    assert "Little, for this log is not what was written" in text
    assert "That there was an event #9." not in text


def test_without_any_event_nothing_is_displaced(app: Flask, reader: FlaskClient, project: Place) -> None:
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        connection.exec_driver_sql(f"DELETE FROM audit_events WHERE log_id = '{project.id}'")
        connection.exec_driver_sql(f"DELETE FROM audit_logs WHERE id = '{project.id}'")

    for asked in ("1", LONG_AGO, "x"):
        assert ask(reader, project, asked)[0] == 404


@pytest.mark.parametrize(("made_at", "is_displaced"), [(999, True), (1000, True), (1001, False)])
@pytest.mark.parametrize(("written_at", "id_made_at"), [(1000, 1000), (1000, 0), (0, 1000)])
def test_an_id_is_compared_with_the_later_of_the_oldest_events_time_and_its_ids(
    made_at: int, is_displaced: bool, written_at: int, id_made_at: int
) -> None:
    log = make_log(range(8, 18), capacity=10)
    oldest = log.events[-1]._replace(created_at=written_at, id=ulid(id_made_at))

    absence = explain_id(replace(log, events=(*log.events[:-1], oldest)), ulid(made_at), None)

    assert absence.is_displaced is is_displaced
    assert absence.made_at == made_at


def ulid(made_at: int) -> str:
    return str(ULID.from_timestamp(made_at))
