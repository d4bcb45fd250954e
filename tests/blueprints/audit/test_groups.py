"""Events of one action under one heading, which only counts and repeats what they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from ulid import ULID

from erebus.blueprints.audit import groups, presenter
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import Project
from erebus.db import db, transaction
from erebus.trail import Actor, ActorKind, AuditEvent, acting_as
from tests.blueprints.audit.conftest import Place
from tests.blueprints.audit.test_page import numbers, page
from tests.blueprints.audit.test_ring import EVENT

TODAY = date(2026, 11, 28)


def make(requests: str, **fields: Any) -> list[AuditEvent]:
    """Return an event a letter, newest first: those with the same letter are of one request, a blank has none."""
    count = len(requests)
    return [
        EVENT._replace(number=count - place, request_id=None if letter == " " else letter, **fields)
        for place, letter in enumerate(requests)
    ]


def gather(
    events: list[AuditEvent], found: Iterable[AuditEvent] | None = None, shown: slice = slice(None)
) -> list[groups.Group]:
    matching = events if found is None else list(found)
    on_page = matching[shown]
    days = presenter.by_day(on_page, UTC, TODAY)
    return [group for section in groups.gather(days, on_page, matching, events) for group in section.groups]


def sizes(found: list[groups.Group]) -> list[tuple[int, bool]]:
    return [(len(group.events), group.is_folded) for group in found]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ("abc", [(1, False)] * 3),
        ("aab", [(2, False), (1, False)]),
        ("baaa", [(1, False), (3, True)]),
        ("aaabbbb", [(3, True), (4, True)]),
        ("   ", [(1, False)] * 3),
        ("aabaa", [(2, False), (1, False), (2, False)]),
    ],
)
def test_only_what_has_one_request_and_stands_side_by_side_is_folded(
    requests: str, expected: list[tuple[int, bool]]
) -> None:
    assert sizes(gather(make(requests))) == expected


def test_events_of_two_actors_stand_apart() -> None:
    events = make("aaaa")
    events[3] = events[3]._replace(actor_id="user_2")

    found = gather(events)

    assert sizes(found) == [(3, True), (1, False)]
    assert found[0].elsewhere == "1 is elsewhere on this page"


def test_a_heading_counts_and_repeats_what_the_events_say() -> None:
    words = ["Sent farewell", "Removed member", "Deleted project", "Deleted API key", "Deleted API key"]
    events = [
        event._replace(action_description=text, entity_type="api_key", entity_label=f"Key {event.number}")
        for event, text in zip(make("aaaaa"), words, strict=True)
    ]

    (group,) = gather(events)
    (mixed,) = gather([events[0]._replace(entity_type="project", entity_label=""), *events[1:3]])

    assert group.deeds == groups.Named((("Deleted API key", 2), ("Deleted project", 1), ("Removed member", 1)), 1)
    assert (group.kind, mixed.kind) == ("api_key", "")
    assert group.things == groups.Named((("Key 1", 1), ("Key 2", 1), ("Key 3", 1)), 2)
    assert [text for text, _ in mixed.things.texts] == ["api_key Key 3", "api_key Key 4", "project "]
    assert (group.newest.number, group.oldest.number, group.failures) == (5, 1, 0)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (slice(0, 3), "2 are on the next page"),
        (slice(1, 4), "1 is on the page before and 1 is on the next page"),
        (slice(2, 5), "2 are on the page before"),
        (slice(0, 5), ""),
    ],
)
def test_what_a_page_cuts_off_is_told(shown: slice, told: str) -> None:
    (group,) = gather(make("aaaaa"), shown=shown)

    assert (group.total, group.elsewhere) == (5, told)


def test_what_the_filter_hides_is_told() -> None:
    events = make("aaaaa")

    found = gather(events, found=[event for event in events if event.number in {5, 2, 1}], shown=slice(0, 2))

    assert [group.elsewhere for group in found] == ["1 is on the next page and 2 are hidden by the filter"]


# On the page


@pytest.fixture
def together(app: Flask, project: Place) -> Callable[[Callable[[Project], object]], str]:
    """``together(lambda project: …)`` makes changes in one request of the owner's; returns its id."""

    def together(make: Callable[[Project], object]) -> str:
        request = str(ULID())
        with app.app_context():
            found = db.session.get_one(Project, project.id)
            owner = Actor(ActorKind.USER, found.owner.id, found.owner.name, request_id=request)
            with acting_as(owner), transaction():
                make(found)
        return request

    return together


def three(project: Project) -> None:
    for name in "abc":
        keys.create_key(project, f"Staging {name}", Environment.DEVELOPMENT, by=project.owner)


def test_three_events_of_one_request_are_folded_under_what_they_say(
    reader: FlaskClient, project: Place, together: Callable
) -> None:
    together(three)

    text = page(reader, project)

    heading = re.search(r'<li class="event" id="events-6">.*?<details class="changes group-fold">', text)
    assert heading
    assert '<b>Owner</b> <span class="did">3 × Generated new API key</span>' in heading[0]
    assert '<span class="kind">api_key</span> Staging a, Staging b, Staging c</p>' in heading[0]
    assert '<span class="num">#4–#6</span>' in heading[0]
    assert "<summary>The 3 events of this action</summary>" in text
    assert numbers(text) == [6, 5, 4, 3, 2, 1]
    assert "All 3 events" not in text


def test_what_a_filter_hides_of_an_action_is_one_click_away(
    reader: FlaskClient, project: Place, together: Callable
) -> None:
    request = together(three)

    text = page(reader, project, "?q=%22staging+a%22")

    assert f'<a href="?request={request}">All 3 events of this action</a>: 2 are hidden by the filter.' in text
    assert numbers(page(reader, project, f"?request={request}")) == [6, 5, 4]


def test_a_page_that_cuts_an_action_says_so(
    reader: FlaskClient, project: Place, together: Callable, write: Callable
) -> None:
    together(three)
    write(24)

    first, second = page(reader, project), page(reader, project, "?before=6")

    assert "All 3 events of this action</a>: 2 are on the next page." in first
    assert "All 3 events of this action</a>: 1 is on the page before." in second
    assert "group-fold" not in first + second


def test_a_failure_within_an_action_stays_one(
    reader: FlaskClient, project: Place, together: Callable, tamper: Callable
) -> None:
    together(three)
    tamper("status = (1 = 0)", 5)

    text = page(reader, project)

    assert '<details class="changes group-fold" open>' in text
    assert "2 succeeded</span> <span" in text
    assert "1 failed</span>" in text
    assert '<li class="event failed" id="event-5">' in text
    assert "not to be relied upon from #5 on" in text
