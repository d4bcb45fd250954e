"""What readers see of one event on its page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as database_event

from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.services import rename
from erebus.db import db
from erebus.trail import AuditEvent, AuditLog
from tests.blueprints.audit.conftest import Place, only_key

LONG = "My Chat App with a name that goes on and on"
Log = Callable[[], AuditLog]


def page(client: FlaskClient, project: Place, asked: object, status: int = 200) -> str:
    answer = client.get(f"/projects/{project.slug}/audit/{asked}")
    assert answer.status_code == status, answer.text
    return " ".join(unescape(answer.text).split())


def fact(text: str, name: str) -> str:
    """Return what stands beside *name* in the list of fields, without markup."""
    found = re.search(rf"<dt>{name}</dt> ?<dd>(.*?)</dd>", text)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def newest(log: Log) -> AuditEvent:
    return log().events[0]


def test_creation_shows_all_of_its_fields(reader: FlaskClient, project: Place, write: Callable, log: Log) -> None:
    write(1)
    event = newest(log)

    text = page(reader, project, event.id)

    assert '<h1>Generated new API key <span class="headline-by">by Owner</span></h1>' in text
    assert "Succeeded" in text
    told = {
        "Number": "4",
        "Event id": event.id,
        "Status": "Succeeded",
        "Action": "create",
        "Action description": "Generated new API key",
        "Description": event.description,
        "Reason": "none",
        "Entity type": "api_key",
        "Entity": "Key 000",
        "Entity id": event.entity_id,
        "Project id": project.id,
        "Actor": "Owner",
        "Actor kind": "user",
        "Actor id": project.owner_id,
        "Image then": event.actor_image,
        "Hash": event.hash.hex(),
        "Hash of the one before": event.previous_hash.hex(),
    }
    assert {name: fact(text, name) for name in told} == told
    assert f'data-copy="{event.hash.hex()}" data-label="Copy hash"' in text


def test_it_is_the_same_by_id_in_either_case_and_by_number(reader: FlaskClient, project: Place, log: Log) -> None:
    event = log().events[1]

    for asked in (event.id, event.id.lower(), event.number):
        text = page(reader, project, asked)
        assert "<title>#2 " in text
        told = [fact(text, name) for name in ("Number", "Event id", "Description", "Hash")]
        assert told == ["2", event.id, event.description, event.hash.hex()]


def test_link_to_it_carries_its_number_and_leads_back_to_it(reader: FlaskClient, project: Place, log: Log) -> None:
    event = log().events[1]

    text = page(reader, project, 2)

    link = f"http://localhost/projects/{project.slug}/audit/{event.id}?n=2"
    assert fact(text, "Link") == link
    assert f'data-copy="{link}"' in text
    assert f'<link rel="canonical" href="{link}">' in text
    assert "<title>#2 " in reader.get(link).text


def test_link_under_a_host_that_cannot_be_read_is_its_path(reader: FlaskClient, project: Place, log: Log) -> None:
    event = log().events[1]
    path = f"/projects/{project.slug}/audit/{event.id}?n=2"

    text = reader.get(path, headers={"Host": "erebus_web:5000"}).text

    assert f'<link rel="canonical" href="{path}">' in text


def test_it_leads_to_where_it_stands_in_the_log(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(30)

    for number, place in ((33, "#event-33"), (32, "?before=33#event-32"), (1, "?before=2#event-1")):
        address = f"/projects/{project.slug}/audit{place}"
        assert f'href="{address}">In the log' in page(reader, project, number)
        assert f'id="event-{number}"' in reader.get(address).text


def test_time_is_given_in_utc_in_the_readers_zone_and_from_now(
    app: Flask, project: Place, sign_in: Callable[[str], FlaskClient], log: Log
) -> None:
    owner = sign_in("owner@example.com")
    owner.post("/account", data={"name": "Owner", "time_zone": "Asia/Kolkata"})

    told = fact(page(owner, project, 1), "Written")

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC\+05:30 (just now|.* ago)",
        told,
    )
    assert f"{log().events[-1].created_at % 1000:03} UTC" in told


def test_change_of_a_short_value_stands_in_a_line(reader: FlaskClient, project: Place, change: Callable) -> None:
    change(lambda project: rename(project, "Other"))

    text = page(reader, project, 4)

    assert '<h2 id="change-title">What changed</h2>' in text
    assert '<del><span class="visually-hidden">was </span>My Chat App</del>' in text
    assert '<ins><span class="visually-hidden">now </span>Other</ins>' in text


def test_in_long_values_what_differs_is_marked_also_for_those_who_hear_it(
    reader: FlaskClient, project: Place, change: Callable
) -> None:
    change(lambda project: rename(project, LONG))
    change(lambda project: rename(project, LONG.replace("name", "<i>title</i>")))

    text = reader.get(f"/projects/{project.slug}/audit/5").text

    hidden = '<span class="visually-hidden">{}</span>'
    removed, added, end = (hidden.format(word) for word in (" removed: ", " added: ", " end "))
    assert f"My Chat App with a <del>{removed}name{end}</del> that goes on and on" in text
    assert f"My Chat App with a <ins>{added}&lt;i&gt;title&lt;/i&gt;{end}</ins> that goes on and on" in text


def test_long_values_are_whole(reader: FlaskClient, project: Place, tamper: Callable) -> None:
    before, after = ("word " * 400)[:-1], ("word " * 398) + "x"
    tamper(f"""changes = '[{{"name": "notes", "before": "{before}", "after": "{after}"}}]'""", 2)

    text = re.sub(r"<[^>]+>", "", page(reader, project, 2))

    assert after.rpartition(" ")[0] in text
    assert f'"before": "{before}", "after": "{after}"' in text


def test_secret_is_never_shown(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(1)

    assert '<dt>secret</dt> <dd class="withheld">set, never shown</dd>' in page(reader, project, 4)


def test_failure_says_what_was_tried_and_why_not(
    reader: FlaskClient, project: Place, refuse: Callable, log: Log
) -> None:
    refuse()

    text = page(reader, project, 4)

    assert '<header class="headline failed">' in text
    assert '<h1>Deleted project <span class="headline-by">tried by Owner</span></h1>' in text
    assert "Tried to delete project 'My Chat App'.</p>" in text
    assert f'<p class="why"><b>Not done:</b> {newest(log).reason}</p>' in text
    assert '<h2 id="change-title">What was tried</h2>' in text
    assert fact(text, "Status") == "Failed"
    assert fact(text, "Reason") == newest(log).reason


def test_failed_change_says_what_is_and_what_was_wanted(
    reader: FlaskClient, project: Place, change: Callable, log: Log
) -> None:
    change(lambda project: rename(project, LONG))
    change(lambda project: keys.create_key(project, "Key", Environment.DEVELOPMENT, by=project.owner))
    change(lambda project: keys.revoke(only_key(project), "Lost"))
    change(lambda project: keys.change_label(only_key(project), "Another"))

    text = page(reader, project, newest(log).id)

    assert fact(text, "Status") == "Failed"
    assert '<del><span class="visually-hidden">is </span>Key</del>' in text
    assert '<ins><span class="visually-hidden">wanted </span>Another</ins>' in text


def test_deletion_shows_what_was(reader: FlaskClient, project: Place, change: Callable, log: Log) -> None:
    change(lambda project: keys.create_key(project, "Key", Environment.DEVELOPMENT, by=project.owner))
    change(lambda project: keys.revoke(only_key(project), "Lost"))
    change(lambda project: keys.delete_key(only_key(project)))

    text = page(reader, project, newest(log).id)

    assert '<h2 id="change-title">What was deleted</h2>' in text
    assert '<del><span class="visually-hidden">was </span>Key</del>' in text
    assert "<ins>" not in text


def beside(text: str, title: str) -> list[str]:
    """Return the numbers before and after the event among those that *title* names, or the words in their place."""
    section = re.search(rf'<section class="beside" aria-label="{title}">(.*?)</section>', text)
    assert section
    found = re.findall(r'<span class="num">(#\d+)</span>|</span> <span>(none[^<]*)</span>', section[1])
    return [number or words for number, words in found]


def test_neighbours_are_those_in_the_log_of_the_entity_and_of_the_actor(
    reader: FlaskClient, project: Place, change: Callable, write: Callable
) -> None:
    change(lambda project: rename(project, "One"))
    write(1)
    change(lambda project: rename(project, "Two"))

    text = page(reader, project, 4)

    assert beside(text, "In this log") == ["#3", "#5"]
    assert beside(text, "On the same entity") == ["#1", "#6"]
    assert beside(text, "By the same actor") == ["#3", "#5"]
    assert beside(page(reader, project, 1), "In this log") == ["none: this is the first", "#2"]
    assert beside(page(reader, project, 6), "On the same entity") == ["#4", "none yet"]
    for number, way in ((3, "Previous #3"), (5, "Next #5")):
        link = re.search(rf'href="([^"]+\?n={number})">(?:<span aria-hidden="true">←</span> )?{way}', text)
        assert link
        assert f"<title>#{number} " in reader.get(link[1]).text


def test_what_came_before_the_oldest_is_displaced(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(107)

    words = "none kept: all before #11 are displaced"
    assert beside(page(reader, project, 11), "In this log") == [words, "#12"]


def test_json_on_the_page_is_the_events_json(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(1)
    text = unescape(reader.get(f"/projects/{project.slug}/audit/4").text)
    shown = re.search(r"<code>(\{\n.*\n\})</code>", text, re.DOTALL)
    assert shown

    told = reader.get(f"/projects/{project.slug}/audit/4.json").get_json()

    assert json.loads(shown[1]) == told
    assert list(json.loads(shown[1])) == list(told)
    assert '\n    {"field": "label", "name": "label", "before": null, "after": "Key 000"},\n' in shown[1]


def test_chain_is_told_as_it_was_found(reader: FlaskClient, project: Place, write: Callable, tamper: Callable) -> None:
    write(3)
    sound = page(reader, project, 4)
    tamper("description = 'All is well'", 4)

    before, wrong, after = (page(reader, project, number) for number in (3, 4, 5))

    assert "Chain verified" in sound
    assert "6 in all" in sound
    assert "This event is what was written" in before
    assert "Not what was written" in wrong
    assert "All is well" in wrong
    assert "Not to be relied upon" in after
    for text in (before, wrong, after):
        assert "This log is not what was written" in text
        assert "Chain verified" not in text


@pytest.mark.parametrize("name", ["description", "actor_name", "action_description", "address", "user_agent"])
def test_marks_that_turn_text_around_are_written_out(
    reader: FlaskClient, project: Place, tamper: Callable, name: str
) -> None:
    tamper(f"{name} = 'a\u202eb<i>'", 2)

    text = reader.get(f"/projects/{project.slug}/audit/2").text

    assert r"a\u202eb&lt;i&gt;" in text
    assert "\u202e" not in text
    assert "<i>'" not in text


def test_line_that_counts_failures_tells_them_in_its_sentence(
    reader: FlaskClient, project: Place, refuse: Callable, log: Log
) -> None:
    now = datetime.now(UTC)
    for minute, times in ((1, 5), (3, 1)):
        with time_machine.travel(now + timedelta(minutes=minute), tick=False):
            for _ in range(times):
                refuse()
    counted = next(event for event in log().events if "more attempts" in event.description)

    text = page(reader, project, counted.number)

    assert "2 more attempts failed between" in text
    assert "The sentence above tells all of it." in text
    assert '"name": "failed attempts", "before": null, "after": 2}' in text


def test_change_that_cannot_be_read_is_called_that(reader: FlaskClient, project: Place, tamper: Callable) -> None:
    tamper("changes = '[broken'", 2)

    text = page(reader, project, 2)

    assert "What is stored as the change cannot be read." in text
    assert '"changes": null' in text


def test_request_address_and_browser_are_shown_as_stored(
    project: Place, sign_in: Callable[[str], FlaskClient], reader: FlaskClient, log: Log
) -> None:
    owner = sign_in("owner@example.com")
    owner.post(
        f"/projects/{project.slug}/keys/new",
        data={"label": "A key", "environment": "development"},
        headers={"User-Agent": "Lynx/2.9 <b>"},
    )

    text = page(reader, project, 4)

    assert fact(text, "Address") == "127.0.0.1"
    assert '<span>Lynx/2.9 <b></span> <span data-copy="Lynx/2.9 <b>"' in text
    assert fact(text, "Request id") == newest(log).request_id
    assert fact(page(reader, project, 1), "Address") == "none"


def test_event_with_an_id_that_is_no_address_is_reached_by_its_number(
    reader: FlaskClient, project: Place, tamper: Callable
) -> None:
    tamper("id = 'a/../b'", 2)

    text = page(reader, project, 3)

    assert f'href="/projects/{project.slug}/audit/2?n=2"' in text
    assert "<title>#2 " in page(reader, project, 2)


@pytest.mark.parametrize("events", [3, 110])
def test_the_page_takes_no_more_statements_than_the_list(
    app: Flask, reader: FlaskClient, project: Place, write: Callable, events: int
) -> None:
    write(events - 3)
    statements: list[str] = []
    with app.app_context():
        database_event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    page(reader, project, events)
    shown, statements[:] = len([s for s in statements if s != "BEGIN"]), []
    reader.get(f"/projects/{project.slug}/audit")

    assert shown <= len([s for s in statements if s != "BEGIN"])
