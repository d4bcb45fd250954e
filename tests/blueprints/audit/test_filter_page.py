"""What readers see of a log that they filter, on its page and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from erebus.blueprints.projects.services import rename
from erebus.db import db
from erebus.trail import AuditLog
from tests.blueprints.audit.conftest import Place, register
from tests.blueprints.audit.test_page import numbers, page


@pytest.fixture
def busy(project: Place, write: Callable, refuse: Callable, change: Callable) -> Place:
    """The project with a key (#4), another name (#5), and a refusal (#6)."""
    write(1)
    change(lambda project: rename(project, "My Café"))
    refuse()
    return project


def links(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', text)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?actor={owner}", [6, 5, 4, 3, 2, 1]),
        ("?actor=nobody", []),
        ("?action=update", [5]),
        ("?type=project", [6, 5, 1]),
        ("?entity={project}", [6, 5, 1]),
        ("?status=failed", [6]),
        ("?status=succeeded", [5, 4, 3, 2, 1]),
        ("?from=7d", [6, 5, 4, 3, 2, 1]),
        ("?to=2020-01-01", []),
        ("?from=24h&type=api_key", [4]),
        ("?q=CAFÉ", [6, 5]),
        ("?q=caf%C3%A9+status:succeeded", [5]),
        ("?q=actor:owner+action:create+type:api_key", [4]),
        ("?q={project}", [6, 5, 4, 3, 2, 1]),
        ('?q="my chat app" type:member', [3, 2]),
        ("?type=project&status=failed&actor=owner&q=delete", [6]),
    ],
)
def test_each_filter_lets_through_what_it_asks_on_the_page_and_in_json(
    reader: FlaskClient, busy: Place, query: str, expected: list[int]
) -> None:
    asked = query.format(owner=busy.owner_id, project=busy.id)

    told = reader.get(f"/projects/{busy.slug}/audit.json{asked}").get_json()

    assert numbers(page(reader, busy, asked)) == expected
    assert [event["number"] for event in told["events"]] == expected


def test_the_page_counts_what_the_filter_hides_and_says_what_is_filtered(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, f"?actor={busy.owner_id}&type=project&q=name")

    assert "Showing 1 of 6, newest first; <b>5 hidden by the filter</b>." in text
    chips = re.findall(r'<a class="chip" href="([^"]+)">(.*?)</a>', text)
    words = [" ".join(re.sub("<[^>]+>", " ", chip).split()) for _href, chip in chips]
    assert words == ["Take away: Actor Owner", "Take away: Type project", "Take away: Text name"]
    assert [unescape(href) for href, _chip in chips] == [
        "/projects/my-chat-app/audit?type=project&q=name",
        f"/projects/my-chat-app/audit?actor={busy.owner_id}&q=name",
        f"/projects/my-chat-app/audit?actor={busy.owner_id}&type=project",
    ]
    assert '<a class="chips-clear" href="/projects/my-chat-app/audit">Clear filters</a>' in text


def test_without_a_filter_nothing_is_said_of_one(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy)

    assert "Showing 6 of 6: #6 to #1, newest first." in text
    assert "hidden by the filter" not in text
    assert 'class="chips"' not in text


def test_a_filter_that_hides_nothing_says_so(reader: FlaskClient, busy: Place) -> None:
    assert "Showing 6 of 6: #6 to #1, newest first. The filter hides none." in page(reader, busy, "?actor=owner")


def test_the_ring_dims_what_the_filter_hides(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, "?type=project")
    fine = re.search(r'<svg class="ring-strip ring-fine".*?</svg>', text)

    assert fine
    groups = re.findall(r'<g class="tick ([a-z ]+)">(.*?)</g>', fine[0])
    drawn = {look: re.findall(r'x="(\d+)%"', ticks) for look, ticks in groups}
    assert drawn.pop("empty") == [str(place) for place in range(6, 100)]
    assert drawn == {"create": ["0"], "create dim": ["1", "2", "3"], "update": ["4"], "delete fail": ["5"]}
    assert "The filter hides 3 of them, which are dimmed.</p>" in text
    assert "ring-shown" not in text


def test_nothing_matches_says_so_and_leads_back(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, "?q=nothing-is-called-so")

    assert "<h2>Nothing matches</h2>" in text
    assert "All 6 kept events are hidden by the filter." in text
    assert '<a class="btn primary" href="/projects/my-chat-app/audit">Clear filters</a>' in text
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?action=explode&status=failed", "“explode” is no action."),
        ("?from=2026-02-30&status=failed", "“2026-02-30” cannot be understood."),
        ("?from=2026-11-24&to=2026-11-23&status=failed", "Swap them."),
        ("?actor=a&actor=b&status=failed", "“actor” is given more than once."),
        ("?colour=red&status=failed", "“colour” is nothing that the log can be asked for."),
        ("?q=action:explode+status:failed", "“explode” is no action."),
        ("?was=&q=action:explode&status=failed&actor=", "“explode” is no action."),
        ("?from=%3Cscript%3E&status=failed", "“&lt;script&gt;” cannot be understood."),
    ],
)
def test_what_makes_no_sense_is_told_and_the_list_is_shown_without_it(
    reader: FlaskClient, busy: Place, query: str, told: str
) -> None:
    text = page(reader, busy, query, status=400)
    answer = reader.get(f"/projects/{busy.slug}/audit.json{query}")

    assert "Part of this filter cannot be understood." in text
    assert told in text
    assert numbers(text) == [6]
    assert answer.status_code == 400
    assert unescape(told) in answer.get_json()["hint"]


def test_what_was_typed_wrongly_stays_in_the_box(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, "?was=&q=action:explode+webhook&actor=", status=400)

    assert 'name="q" type="search" value="action:explode webhook"' in text
    assert 'name="was" value="webhook"' in text


@pytest.mark.parametrize("query", ["?q=%FF%FE", "?from=%F0%9F%92%A5", "?q=" + "%22" * 999, "?before=x&action=y"])
def test_nothing_that_is_sent_is_an_error_of_ours(reader: FlaskClient, busy: Place, query: str) -> None:
    for path in ("audit", "audit.json"):
        assert reader.get(f"/projects/{busy.slug}/{path}{query}").status_code < 500


def test_a_form_leads_to_the_address_of_its_filter(reader: FlaskClient, busy: Place) -> None:
    form = {"was": "type:project", "q": "type:project caf\u00e9", "actor": "", "action": "update", "type": "project"}

    answer = reader.get(f"/projects/{busy.slug}/audit", query_string=form | {"status": "", "from": "", "to": ""})

    assert answer.status_code == 302
    assert answer.location == "/projects/my-chat-app/audit?action=update&type=project&q=caf%C3%A9"
    assert numbers(reader.get(answer.location).text) == [5]


def test_box_and_controls_show_the_filter(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, f"?actor={busy.owner_id}&status=failed&from=2020-01-01&to=2099-01-01T00:00")

    box = f"actor:{busy.owner_id} status:failed from:2020-01-01 to:2099-01-01T00:00"
    assert f'name="q" type="search" value="{box}"' in text
    assert f'name="was" value="{box}"' in text
    assert f'<option value="{busy.owner_id}" selected>Owner</option>' in text
    assert '<option value="failed" selected>failed</option>' in text
    assert 'name="from" type="date" max="9998-12-31" value="2020-01-01"' in text
    assert 'name="to" type="text" value="2099-01-01T00:00"' in text
    assert "Days and times are in UTC" in text


def test_a_day_is_one_of_the_readers_time_zone(reader: FlaskClient, busy: Place, log: Callable[[], AuditLog]) -> None:
    reader.post("/account", data={"name": "Support", "time_zone": "Pacific/Kiritimati", "theme": "dark"})
    zone = timezone(timedelta(hours=14))
    days = {event.number: datetime.fromtimestamp(event.created_at / 1000, zone).date() for event in log().events}
    newest = days[6]

    text = page(reader, busy, f"?from={newest}&to={newest}")

    assert numbers(text) == [number for number, day in days.items() if day == newest]
    assert "Days and times are in Pacific/Kiritimati" in text
    assert numbers(page(reader, busy, f"?from={newest + timedelta(days=1)}")) == []


def test_pages_go_on_by_number_within_the_filter(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(60)
    first = page(reader, project, "?type=api_key")
    second = page(reader, project, "?type=api_key&before=39")
    last = page(reader, project, "?type=api_key&before=14")

    assert "Showing 25 of 60 that match: #63 to #39, newest first; <b>3 of 63 hidden by the filter</b>." in first
    assert f"/projects/{project.slug}/audit?before=39&type=api_key" in links(first)
    assert f"/projects/{project.slug}/audit.json?before=39&type=api_key" in links(second)
    assert numbers(second) == list(range(38, 13, -1))
    assert numbers(last) == list(range(13, 3, -1))
    assert f"/projects/{project.slug}/audit?before=39&type=api_key" in links(last)
    assert f"/projects/{project.slug}/audit?type=api_key" in links(last)


def test_json_goes_on_within_the_filter(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(60)
    found, query = [], {"type": "api_key"}
    for _ in range(3):
        told = reader.get(f"/projects/{project.slug}/audit.json", query_string=query).get_json()
        found += [event["number"] for event in told["events"]]
        query |= {"before": told["next"]}

    assert found == list(range(63, 3, -1))
    assert told["next"] is None


def test_nothing_older_that_matches_leads_to_the_newest_that_do(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, "?status=failed&before=3")

    assert "Nothing older than #3 matches" in text
    assert '<a class="btn primary" href="/projects/my-chat-app/audit?status=failed">' in text


def test_the_entity_of_an_event_leads_to_all_that_was_done_to_it(reader: FlaskClient, busy: Place) -> None:
    text = page(reader, busy, "?status=succeeded")
    narrowed = [unescape(found) for found in re.findall(r'class="narrow" href="([^"]+)"', text)]

    assert narrowed[0] == f"?status=succeeded&entity={busy.id}"
    assert numbers(page(reader, busy, narrowed[0])) == [5, 1]
    assert f'href="?entity={busy.id}"' in page(reader, busy)


def test_the_entity_of_an_event_is_led_to_whatever_its_id(reader: FlaskClient, busy: Place, tamper: Callable) -> None:
    tamper("entity_id = 'a?b#c&d \"'", 2)

    found = re.findall(r'class="narrow" href="([^"]+)"', page(reader, busy, "?type=member"))

    assert numbers(page(reader, busy, unescape(found[1]))) == [2]


def test_only_values_that_occur_are_offered(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(1)
    text = page(reader, project)

    assert re.findall(r'<option value="([a-z_]+)">', text) == ["create", "api_key", "member", "project", "succeeded"]
    assert '<option value="actor:owner">Owner<' in text


def test_who_is_no_member_gets_no_answer_from_a_filter(
    app: Flask, busy: Place, sign_in: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        register("stranger")
    stranger = sign_in("stranger@example.com")

    for path in ("audit?status=failed", "audit?was=&q=status:failed", "audit.json?status=failed"):
        assert stranger.get(f"/projects/{busy.slug}/{path}").status_code == 404
        assert app.test_client().get(f"/projects/{busy.slug}/{path}").status_code == 302


@pytest.mark.parametrize("query", ["?actor=owner&type=api_key&q=key", "?q=nothing-is-called-so"])
def test_a_filter_takes_no_further_statement(
    app: Flask, reader: FlaskClient, project: Place, write: Callable, query: str
) -> None:
    write(60)
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    page(reader, project, query)

    assert len([s for s in statements if s != "BEGIN"]) == 7, statements


def test_what_was_tampered_with_can_be_filtered_too(reader: FlaskClient, busy: Place, tamper: Callable) -> None:
    tamper("created_at = 9000000000000000, changes = '[broken', action = 'explode'", 4)

    assert numbers(page(reader, busy, "?q=[broken")) == [4]
    assert numbers(page(reader, busy, "?to=2099-01-01")) == [6, 5, 3, 2, 1]


def test_the_page_stays_light(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(60)

    assert len(reader.get(f"/projects/{project.slug}/audit").data) < 60_000
    assert len(reader.get(f"/projects/{project.slug}/audit?actor=owner&type=api_key&q=key").data) < 60_000
