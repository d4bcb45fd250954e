"""What is new in a log: asked for again and again, and answered without a page while there is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from erebus import clock
from erebus.blueprints.projects.models import Project
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.trail import drop_triggers
from erebus.upgrading import owner_connection
from tests.blueprints.audit.conftest import Place, acting
from tests.blueprints.audit.test_page import numbers, page

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def ask(reader: FlaskClient, project: Place, query: str = "?after=3", tag: str = "") -> TestResponse:
    headers = {"If-None-Match": tag} if tag else {}
    return reader.get(f"/projects/{project.slug}/audit{query}", headers=headers)


def tag_in(text: str) -> str:
    found = re.search(r'data-tag="([^"]+)"', text)
    assert found
    return unescape(found[1])


def test_a_page_holds_the_tag_with_which_nothing_new_is_answered(reader: FlaskClient, project: Place) -> None:
    text = page(reader, project)

    answer = ask(reader, project, tag=tag_in(text))

    assert 'data-after="3"' in text
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag_in(text) == ask(reader, project).headers["ETag"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_new_is_marked_counted_and_verified_anew(reader: FlaskClient, project: Place, write: Callable) -> None:
    tag = tag_in(page(reader, project))
    write(2)

    answer = ask(reader, project, tag=tag)

    assert answer.status_code == 200
    assert numbers(answer.text) == [5, 4, 3, 2, 1]
    assert re.findall(r'<li class="event new" id="event-(\d+)"', answer.text) == ["5", "4"]
    assert "<b>2 new</b> since #3." in answer.text
    assert "all 5 kept events" in answer.text
    assert tag_in(answer.text) == answer.headers["ETag"] != tag
    assert ask(reader, project, tag=answer.headers["ETag"]).status_code == 304


def test_only_what_the_filter_lets_through_is_marked(reader: FlaskClient, project: Place, write: Callable) -> None:
    text = page(reader, project, "?status=failed")
    write(1)

    answer = ask(reader, project, "?status=failed&after=3", tag_in(text))

    assert answer.status_code == 200, "the ring and the counts have changed"
    assert 'data-new="0"' in answer.text
    assert "new</b> since" not in answer.text


@pytest.mark.parametrize("query", ["", "?status=failed", "?q=nothing-is-called-so"])
def test_nothing_new_takes_one_look_up_and_no_template(
    app: Flask, reader: FlaskClient, project: Place, query: str
) -> None:
    tag = tag_in(page(reader, project, query))
    statements: list[tuple[str, object]] = []
    rendered: list[object] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))

    def note(_app: Flask, template: object, **_rest: object) -> None:
        rendered.append(template)

    with template_rendered.connected_to(note, app):
        answer = ask(reader, project, f"{query}&after=3" if query else "?after=3", tag)

    asked = [statement for statement, _values in statements if statement != "BEGIN"]
    assert answer.status_code == 304
    assert rendered == []
    assert len(asked) == 3, asked
    assert "users" in asked[0]
    assert "memberships" in asked[1]
    assert re.search(r"FROM audit_logs\s+WHERE audit_logs.id = ", asked[2])


def test_a_page_that_is_loaded_anew_is_made_and_verified_anew(reader: FlaskClient, project: Place) -> None:
    answer = ask(reader, project, "", tag_in(page(reader, project)))

    assert answer.status_code == 200
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "query", ["?before=3&after=3", "?after=x", "?after=1&after=2", "?after=-1", "?colour=red&after=3"]
)
def test_only_the_newest_page_of_what_makes_sense_is_live(reader: FlaskClient, project: Place, query: str) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit{query}", headers={"If-None-Match": "*"})

    assert answer.status_code == (200 if "before" in query else 400)
    assert "data-tag" not in answer.text
    assert "ETag" not in answer.headers
    assert "js/live.js" not in answer.text


@pytest.mark.parametrize("tag", ["W/", "x", '"', 'W/"0-"', '"\x7f"', 'W/"3-00"', "," * 999])
def test_a_tag_that_is_none_of_ours_gets_the_page(reader: FlaskClient, project: Place, tag: str) -> None:
    assert ask(reader, project, tag=tag).status_code == 200


def test_a_tag_is_the_readers_own(app: Flask, reader: FlaskClient, project: Place, sign_in: Callable) -> None:
    owner = sign_in("owner@example.com")
    tag = tag_in(page(reader, project))

    assert ask(owner, project, tag=tag).status_code == 200

    reader.post("/account", data={"name": "Support", "time_zone": "Pacific/Kiritimati", "theme": "dark"})
    assert ask(reader, project, tag=tag).status_code == 200, "every time on the page is another one"
    assert ask(reader, project, "?after=3&status=failed", tag).status_code == 200


@pytest.mark.parametrize("name", ["after", "go"])
def test_json_says_that_it_does_not_know_what_only_the_page_can_do(
    reader: FlaskClient, project: Place, name: str
) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit.json?{name}=1")

    assert answer.status_code == 400
    assert f"“{name}” is nothing" in answer.get_json()["hint"]


def test_who_is_no_member_any_more_gets_no_answer(app: Flask, reader: FlaskClient, project: Place) -> None:
    tag = tag_in(page(reader, project))
    with app.app_context():
        found = db.session.get_one(Project, project.id)
        with acting(found.owner), transaction():
            member = next(m for m in found.memberships if m.role is Role.SUPPORT)
            db.session.delete(member)

    assert ask(reader, project, tag=tag).status_code == 404
    assert ask(app.test_client(), project, tag=tag).status_code == 302


def test_a_day_later_the_page_says_other_days(reader: FlaskClient, project: Place) -> None:
    with clock.at(NOON):
        today, hours = tag_in(page(reader, project)), tag_in(page(reader, project, "?from=24h"))
    with clock.at(NOON + timedelta(seconds=50)):
        assert ask(reader, project, tag=today).status_code == 304
        assert ask(reader, project, "?from=24h&after=3", hours).status_code == 304
    with clock.at(NOON + timedelta(hours=1)):
        assert ask(reader, project, tag=today).status_code == 304
        assert ask(reader, project, "?from=24h&after=3", hours).status_code == 200, "the oldest may have fallen out"
    with clock.at(NOON + timedelta(days=1)):
        assert ask(reader, project, tag=today).status_code == 200


def test_another_hash_under_the_same_number_is_something_new(
    reader: FlaskClient, project: Place, write: Callable, app: Flask
) -> None:
    tag = tag_in(page(reader, project))
    with owner_connection(app.extensions["erebus"].settings) as connection:
        drop_triggers(connection)
        zeros = "x'00'" if connection.dialect.name == "sqlite" else "'\\x00'"
        connection.exec_driver_sql(f"UPDATE audit_logs SET head_hash = {zeros} WHERE id = '{project.id}'")

    answer = ask(reader, project, tag=tag)

    assert answer.status_code == 200
    assert "This log is not what was written" in answer.text
