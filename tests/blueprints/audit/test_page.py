"""What readers see of a log on its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import event

from erebus.blueprints.projects.services import rename
from erebus.db import db
from erebus.trail import AuditLog, CheckpointFolder, drop_triggers, seal
from erebus.upgrading import owner_connection
from tests.blueprints.audit.conftest import Place
from tests.conftest import chain_key


def page(client: FlaskClient, project: Place, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/projects/{project.slug}/audit{query}")
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="event-(\d+)"', text)]


def test_newest_events_come_first_with_who_did_what(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(1)

    text = page(reader, project)

    assert numbers(text) == [4, 3, 2, 1]
    assert '<b>Owner</b> <span class="did">Generated new API key</span>' in text
    assert "Created development API key &#39;Key 000&#39; for project &#39;My Chat App&#39;" in text
    assert "Succeeded" in text
    assert "UTC" in text
    assert "data-copy" in text


def test_ring_has_a_tick_for_every_slot_and_tells_itself_in_words(
    reader: FlaskClient, project: Place, refuse: Callable
) -> None:
    refuse()

    text = page(reader, project)
    fine = re.search(r'<svg class="ring-strip ring-fine".*?</svg>', text)

    assert fine
    groups = re.findall(r'<g class="tick ([a-z ]+)">(.*?)</g>', fine[0])
    drawn = {look: ticks.count("<rect") for look, ticks in groups}
    assert drawn == {"create": 3, "delete fail": 1, "empty": 96}
    assert 'role="img"' in fine[0]
    assert "#1 to #4, 3 created, 1 failed. Failed: #4." in fine[0]
    assert " style=" not in text


def test_line_that_counts_failures_tells_them_once_in_its_sentence(
    reader: FlaskClient, project: Place, refuse: Callable
) -> None:
    now = datetime.now(UTC)
    for minute, times in ((1, 5), (3, 1)):
        with time_machine.travel(now + timedelta(minutes=minute), tick=False):
            for _ in range(times):
                refuse()

    text = page(reader, project)

    assert "2 more attempts failed between" in text
    assert "<dt>failed attempts</dt>" not in text


def test_page_of_a_large_log_is_hardly_heavier(
    reader: FlaskClient, project: Place, write: Callable, runner: FlaskCliRunner
) -> None:
    write(100)
    small = reader.get(f"/projects/{project.slug}/audit")
    runner.invoke(args=["erebus", "capacity", project.slug, "10000", "--yes"])

    large = reader.get(f"/projects/{project.slug}/audit")

    assert "101 of 10,000" in large.text
    assert large.text.count("<rect") < 300
    assert len(large.data) - len(small.data) < 5_000


def test_full_log_says_what_was_displaced(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(107)

    text = page(reader, project)

    assert "<b>#11 – #110</b> kept · 100 of 100 · <b>10</b> displaced" in text
    assert "Chain verified" in text
    assert "all 100 kept events" in text
    assert 'class="ring-shown" x="75%" width="25%"' in text


def test_pages_go_on_by_number_and_back(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(60)
    first, second = page(reader, project), page(reader, project, "?before=39")

    assert numbers(first) == list(range(63, 38, -1))
    assert f'rel="next" href="/projects/{project.slug}/audit?before=39"' in first
    assert 'rel="prev"' not in first
    assert numbers(second) == list(range(38, 13, -1))
    assert "Newest</a>" in second
    assert numbers(page(reader, project, "?before=14")) == list(range(13, 0, -1))
    assert 'rel="prev" href="/projects/my-chat-app/audit?before=39"' in page(reader, project, "?before=14")


@pytest.mark.parametrize(
    "query",
    ["?before=", "?before=0", "?before=-3", "?before=x", "?before=1&before=2", "?before=²", f"?before={'9' * 99}"],
)
def test_a_number_that_is_none_is_told_and_is_no_error_of_ours(reader: FlaskClient, project: Place, query: str) -> None:
    text = page(reader, project, query, status=400)

    assert "This page of the log cannot be found." in text
    assert numbers(text) == [3, 2, 1]


def test_beyond_the_oldest_event_the_page_says_what_is_kept(reader: FlaskClient, project: Place) -> None:
    text = page(reader, project, "?before=1")

    assert "Nothing older than #1 is kept" in text
    assert numbers(text) == []


def test_failure_says_what_was_tried_and_why_not(reader: FlaskClient, project: Place, refuse: Callable) -> None:
    refuse()

    text = page(reader, project)

    assert '<li class="event failed" id="event-4">' in text
    assert "Tried to delete project &#39;My Chat App&#39;.</p>" in text
    assert '<p class="why">Not done: ' in text
    assert "Failed" in text


def test_changes_unfold_field_by_field(reader: FlaskClient, project: Place, write: Callable, change: Callable) -> None:
    change(lambda project: rename(project, "<b>Bold</b> & new"))
    write(1)

    text = page(reader, project)

    assert "<del>My Chat App</del>" in text
    assert "<ins>&lt;b&gt;Bold&lt;/b&gt; &amp; new</ins>" in text
    assert '<dt>secret</dt> <dd><span class="withheld">set, never shown</span>' in text


def test_tampered_log_is_called_that_and_names_the_first_wrong_number(
    reader: FlaskClient, project: Place, write: Callable, tamper: Callable
) -> None:
    write(3)
    tamper("description = 'All is well'", 4)

    text = page(reader, project)

    assert "This log is not what was written" in text
    assert '<b class="num">#4</b>: event 4 is not what was written' in text
    assert "Chain broken" in text
    assert "Chain verified" not in text


@pytest.mark.parametrize("assignment", ["changes = '[broken'", "changes = '[1]'", "created_at = 9000000000000000"])
def test_what_the_trail_never_wrote_is_shown_as_far_as_it_can_be_read(
    reader: FlaskClient, project: Place, tamper: Callable, assignment: str
) -> None:
    tamper(assignment, 2)

    assert 'The first wrong number is <b class="num">#2</b>' in page(reader, project)
    assert reader.get(f"/projects/{project.slug}/audit.json").status_code == 200
    assert reader.get(f"/projects/{project.slug}").status_code == 200


def test_young_log_says_what_else_will_be_listed(reader: FlaskClient, project: Place, write: Callable) -> None:
    assert "What else will be listed here" in page(reader, project)
    write(1)
    assert "What else will be listed here" not in page(reader, project)


def test_without_any_event_the_page_explains_itself(app: Flask, reader: FlaskClient, project: Place) -> None:
    take_away(app, project)

    text = page(reader, project)

    assert "No audit events yet" in text
    assert 'href="/docs/audit-logs"' in text
    assert "Create new key" not in text, "support cannot create keys"


def take_away(app: Flask, project: Place) -> None:
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        connection.exec_driver_sql(f"DELETE FROM audit_events WHERE log_id = '{project.id}'")
        connection.exec_driver_sql(f"DELETE FROM audit_logs WHERE id = '{project.id}'")


def folder_of(app: Flask) -> CheckpointFolder:
    return CheckpointFolder(app.extensions["erebus"].settings.instance_path / "checkpoints")


def test_reading_keeps_a_checkpoint_and_the_next_page_is_compared_with_it(
    app: Flask, reader: FlaskClient, project: Place, write: Callable
) -> None:
    assert "the checkpoint of" not in page(reader, project)
    write(1)

    assert "all 4 kept events and the checkpoint of #3" in page(reader, project)
    assert [c.number for c in folder_of(app).of(project.id)] == [3], "one a minute at most"


def test_a_log_that_was_taken_away_after_somebody_read_it_is_missed(
    app: Flask, reader: FlaskClient, project: Place
) -> None:
    page(reader, project)
    take_away(app, project)

    text = page(reader, project)

    assert "This log is not what was written" in text
    assert "The log itself is gone; it stood at #3" in text


def test_an_end_that_was_cut_off_is_told(
    app: Flask, reader: FlaskClient, project: Place, log: Callable[[], AuditLog], settings: dict
) -> None:
    further = replace(log(), head_number=5)
    folder_of(app).keep(seal(further, chain_key(settings), 0))

    text = page(reader, project)

    assert '<b class="num">#4</b>: the end is cut off: the log went on to #5' in text
    assert "Chain verified" not in text


def test_a_checkpoint_that_cannot_be_kept_breaks_no_page(
    app: Flask, reader: FlaskClient, project: Place, caplog: pytest.LogCaptureFixture
) -> None:
    folder_of(app).path.touch()

    text = page(reader, project)

    assert "Chain verified" in text
    assert "The checkpoints of this log cannot be read: Not a directory." in text
    assert f"(log {project.id})" in caplog.text
    assert str(folder_of(app).path) not in text


def test_each_event_links_to_its_page_whatever_its_id(
    reader: FlaskClient, project: Place, write: Callable, tamper: Callable
) -> None:
    write(1)
    tamper("id = 'a?b#c&d \"'", 2)

    links = re.findall(r'class="num" href="([^"]+)"', page(reader, project))

    led = [reader.get(f"/projects/{project.slug}/{unescape(link)}") for link in links]
    assert [answer.status_code for answer in led] == [200] * 4
    assert [re.findall(r"<title>#(\d+)", answer.text) for answer in led] == [["4"], ["3"], ["2"], ["1"]]


def test_values_that_are_long_are_cut_and_lead_to_all_of_them(
    reader: FlaskClient, project: Place, tamper: Callable, log: Callable[[], AuditLog]
) -> None:
    tamper(f"""changes = '[{{"name": "notes", "before": "x", "after": "{"a" * 201}"}}]'""", 2)

    text = page(reader, project)

    assert f"{'a' * 200}…" in text
    assert "a" * 201 not in text
    assert f'<a href="audit/{log().events[1].id}?n=2">All of what is cut off here' in text


@pytest.mark.parametrize("events", [3, 110])
def test_the_page_takes_seven_statements_however_long_the_log_is(
    app: Flask, reader: FlaskClient, project: Place, write: Callable, events: int
) -> None:
    write(events - 3)
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    page(reader, project)

    assert len([s for s in statements if s != "BEGIN"]) == 7, statements
