"""The chart of what went on when, and the field that leads to a number, on the page of the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from erebus import clock
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import Project
from erebus.db import db
from tests.blueprints.audit.conftest import Place
from tests.blueprints.audit.test_page import numbers, page


@pytest.fixture
def fortnight(project: Place, change: Callable, refuse: Callable) -> Place:
    """The project with a key on each of the next fourteen days, and a refusal on every third."""
    for day in range(1, 15):
        with clock.at(datetime.now(UTC) + timedelta(days=day)):
            change(lambda project, label=f"Key of day {day}": create(project, label))
            if day % 3 == 0:
                refuse()
    return project


@pytest.fixture
def then() -> datetime:
    """When the fortnight is over."""
    return datetime.now(UTC) + timedelta(days=14, minutes=1)


def create(project: Project, label: str, *, then_disable: bool = False) -> None:
    key, _secret = keys.create_key(project, label, Environment.DEVELOPMENT, by=project.owner)
    if then_disable:
        db.session.flush()
        keys.disable(key)


def chart(text: str) -> str:
    found = re.search(r'<section class="activity".*?</section>', text)
    assert found
    return found[0]


def test_the_chart_has_a_bar_for_each_day_and_tells_the_same_as_a_table(
    reader: FlaskClient, fortnight: Place, then: datetime
) -> None:
    with clock.at(then):
        text = chart(page(reader, fortnight))

    rows = re.findall(r'<tr><th scope="row"><a href="([^"]+)">([^<]+)</a><td>(\d+)<td>(\d+)', text)
    bars = re.findall(r'<a href="([^"]+)" tabindex="-1">', text)
    assert [href for href, *_ in rows] == bars
    assert [(int(done), int(failed)) for _, _, done, failed in rows] == [
        (3 if day == 0 else 1, int(day > 0 and day % 3 == 0)) for day in range(15)
    ]
    assert "Activity by day" in text
    assert "17 succeeded" in text
    assert "4 failed" in text
    assert "outside Monday to Friday, 8 to 18 h" in text
    assert " style=" not in text


def test_a_bar_leads_to_what_it_stands_for_within_the_filter(
    reader: FlaskClient, fortnight: Place, then: datetime
) -> None:
    with clock.at(then):
        whole = page(reader, fortnight, "?type=api_key&q=key")
        links = re.findall(r'<a href="([^"]+)" tabindex="-1"', chart(whole))
        part = page(reader, fortnight, unescape(links[3]))

    assert len(links) == 14, "nothing was done to keys on the first day"
    assert len(numbers(part)) == 1
    day = re.search(r"from=(\S+)&to=(\S+)&q=key", unescape(links[3]))
    assert day
    assert day[1] == day[2]
    assert chart(part).count('class="dim"') == 13
    assert chart(part).count('tabindex="-1"') == 14, "all the others can still be chosen"


def test_a_log_of_an_hour_has_no_chart(reader: FlaskClient, project: Place) -> None:
    assert 'id="activity"' not in page(reader, project)


@pytest.mark.parametrize(("asked", "number"), [("2", "2"), ("%232", "2"), ("+2+", "2"), ("9999", "9999"), ("002", "2")])
def test_a_number_leads_to_its_event(reader: FlaskClient, project: Place, asked: str, number: str) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit?go={asked}")

    assert (answer.status_code, answer.location) == (302, f"/projects/{project.slug}/audit/{number}")


@pytest.mark.parametrize(
    "query", ["?go=", "?go=abc", "?go=0", "?go=-1", "?go=1&go=2", "?go=²", f"?go={'9' * 99}", "?go=1.5"]
)
def test_what_is_no_number_is_told_at_the_field(reader: FlaskClient, project: Place, query: str) -> None:
    text = page(reader, project, query, status=400)

    assert 'aria-invalid="true" aria-describedby="go-flaw"' in text
    assert "That is not the number of an event. Give a whole number from 1 on, such as 216." in text
    assert numbers(text) == [3, 2, 1]


def test_the_ring_of_the_overview_is_a_picture_only(reader: FlaskClient, project: Place) -> None:
    text = reader.get(f"/projects/{project.slug}").text

    assert 'role="img" aria-label="The log as a strip of 100 slots' in text
    assert 'name="go"' not in text


def test_who_is_no_member_is_not_led_anywhere(app: object, project: Place, client: FlaskClient) -> None:
    assert client.get(f"/projects/{project.slug}/audit?go=1").location.startswith("/login")


@pytest.mark.parametrize("query", ["", "?actor=owner&type=api_key&q=key", "?from=30d&type=api_key&q=key"])
def test_the_page_with_all_that_it_may_hold_stays_light(
    reader: FlaskClient, fortnight: Place, then: datetime, change: Callable, query: str
) -> None:
    with clock.at(then):
        for number in range(12):
            change(lambda project, label=f"Billing worker {number}": create(project, label, then_disable=True))

        answer = reader.get(f"/projects/{fortnight.slug}/audit{query}")

    assert len(numbers(answer.text)) == 25
    assert 'id="activity"' in answer.text
    assert len(answer.data) < 60_000
