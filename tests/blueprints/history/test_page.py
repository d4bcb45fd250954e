"""What readers see of one entity's history, on its page and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import Project
from erebus.blueprints.projects.services import rename, set_webhook_url
from erebus.trail import AuditLog
from tests.blueprints.audit.conftest import Place, only_key


@pytest.fixture
def key(change: Callable, log: Callable[[], AuditLog]) -> str:
    """The id of a key that was created (#4), renamed (#5), tried to be deleted (#6), and revoked (#7)."""
    change(lambda project: add_key(project, "Worker"))
    change(lambda project: keys.change_label(only_key(project), "Billing worker"))
    change(lambda project: keys.delete_key(only_key(project)))
    change(lambda project: keys.revoke(only_key(project), "Lost"))
    return log().events[0].entity_id


def add_key(project: Project, label: str) -> None:
    keys.create_key(project, label, Environment.DEVELOPMENT, by=project.owner)


def page(client: FlaskClient, project: Place, rest: str, status: int = 200) -> str:
    answer = client.get(f"/projects/{project.slug}/audit/history/{rest}")
    assert answer.status_code == status, answer.text
    return " ".join(unescape(answer.text).split())


def told(client: FlaskClient, project: Place, rest: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/projects/{project.slug}/audit/history/{rest}")
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def plain(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def state(text: str) -> dict[str, str]:
    """Return the fields that the page shows, each with its value and since when."""
    section = re.search(r'<section class="card" aria-labelledby="state-title">(.*?)</section>', text)
    assert section
    return {plain(name): plain(value) for name, value in re.findall(r"<dt>(.*?)<dd>(.*?)(?=<dt>|</dl>)", section[1])}


def back(text: str) -> str:
    section = re.search(r'<section class="card" aria-labelledby="back-title">(.*?)</section>', text)
    assert section
    return plain(section[1])


def test_state_is_told_field_by_field_with_the_event_that_left_it_so(
    reader: FlaskClient, project: Place, key: str
) -> None:
    text = page(reader, project, f"api_key/{key}?at=5")

    assert "<h1>History of Billing worker</h1>" in text
    assert "As it was after #5" in text
    fields = state(text)
    assert fields["label"] == "Billing worker since #5"
    assert fields["status"] == "active since #4"
    assert fields["reason"] == "none since #4"
    assert fields["secret"] == "set, never shown since #4"
    assert "Its creation, #4, is kept: from there on nothing is missing." in text


def test_without_a_number_it_is_told_as_it_is_now(reader: FlaskClient, project: Place, key: str) -> None:
    text = page(reader, project, f"api_key/{key}")

    assert "As it is now, after #7" in text
    assert state(text)["status"] == "revoked since #7"
    assert "Nothing: this is how it is." in back(text)


def test_what_would_have_to_be_set_back_is_told_with_the_events_that_changed_it(
    reader: FlaskClient, project: Place, key: str
) -> None:
    told = back(page(reader, project, f"api_key/{key}?at=4"))

    assert "label from Billing worker → to Worker changed by #5" in told
    assert "status from revoked → to active changed by #7" in told
    assert "reason from Lost → to none changed by #7" in told
    assert "2 events changed it since. Nothing is changed from here" in told
    assert "secret" not in told


def test_all_its_events_are_listed_failed_ones_too(reader: FlaskClient, project: Place, key: str) -> None:
    text = page(reader, project, f"api_key/{key}?at=6")

    assert re.findall(r'class="did">[^<]+</span></span> <a class="num" [^>]+>#(\d+)<', text) == ["7", "6", "5", "4"]
    assert "4 kept events about it, <b>1 failed</b>: #4 to #7." in text
    assert re.findall(r'<a href="[^"]+\?at=(\d+)">As it was after', text) == ["7", "5", "4"]
    shown = re.search(r'<li class="past failed" aria-current="true">(.*?)</div>', text)
    assert shown
    assert "Tried to delete development API key" in shown[1]


def test_one_steps_from_state_to_state(reader: FlaskClient, project: Place, key: str) -> None:
    text = page(reader, project, f"api_key/{key}?at=5")

    address = f"/projects/{project.slug}/audit/history/api_key/{key}"
    assert f'rel="prev" href="{address}?at=4"' in text
    assert f'rel="next" href="{address}?at=6"' in text
    assert 'rel="prev"' not in page(reader, project, f"api_key/{key}?at=4")
    assert 'rel="next"' not in page(reader, project, f"api_key/{key}")


def test_state_can_be_asked_for_after_an_event_about_something_else(
    reader: FlaskClient, project: Place, change: Callable
) -> None:
    change(lambda project: set_webhook_url(project, "https://hooks.example.com"))

    text = page(reader, project, f"project/{project.id}?at=2")

    assert "#2 is about something else. The last event about it by then is #1 ." in plain(text)
    assert state(text)["webhook URL"] == "none since #1"
    assert "webhook URL from https://hooks.example.com → to none changed by #4" in back(text)


def test_it_says_where_it_ends(reader: FlaskClient, project: Place, change: Callable, write: Callable) -> None:
    write(50)
    change(lambda project: rename(project, "Other"))
    change(lambda project: [set_webhook_url(project, f"https://{n}.example.com") for n in range(2)])
    for number in range(60):
        change(lambda project, number=number: add_key(project, f"Another {number}"))

    text = page(reader, project, f"project/{project.id}?at=20")

    assert "All before #16 is displaced." in text
    assert state(text) == {"name": "My Chat App from before #54", "webhook URL": "none from before #54"}
    gone = page(reader, project, f"project/{project.id}?at=15", 410)
    assert "#15 has been displaced. The oldest event that is kept is #16" in gone
    assert state(gone) == {"name": "Other since #54", "webhook URL": "https://1.example.com since #55"}


def test_deleted_key_is_told_as_gone_and_what_it_had(
    reader: FlaskClient, project: Place, change: Callable, key: str
) -> None:
    change(lambda project: keys.delete_key(only_key(project)))

    now = page(reader, project, f"api_key/{key}")
    assert "It was not there any more: #8 had deleted it." in now
    assert f"/keys/{key}" not in now
    way = back(page(reader, project, f"api_key/{key}?at=7"))
    assert "It has been deleted by #8 . It would have to be created again, with these values:" in way
    assert "label to Billing worker changed by #8" in way
    assert "secret to set, never shown It changed since, and the log cannot tell what to put back." in way
    before = page(reader, project, f"api_key/{key}?at=3")
    assert "It was not there yet: #4 created it." in before


def test_thing_that_no_kept_event_is_about_is_told_as_such(
    reader: FlaskClient, project: Place, write: Callable, key: str
) -> None:
    write(120)

    text = page(reader, project, f"api_key/{key}")

    assert "No event of it is kept" in text
    assert "<h1>An API key of which no event is kept</h1>" in text
    assert "<title>An API key of which no event is kept ·" in text
    assert "27 older events have been displaced: what was done to it, if anything was, is among them." in text
    assert told(reader, project, f"api_key/{key}.json")["standing"] == "unknown"
    assert ">its own page</a>" not in text  # which is not open to this reader
    assert ">its own page</a>" in page(reader, project, f"project/{project.id}")


def test_thing_that_nothing_was_logged_of_is_told_as_such(reader: FlaskClient, project: Place) -> None:
    assert "<h1>A member that no event is about</h1>" in page(reader, project, "member/nobody")
    assert "<h1>A table that no event is about</h1>" in page(reader, project, "table/users")


def test_unknown_kind_is_told_with_the_kinds_that_there_are(reader: FlaskClient, project: Place) -> None:
    text = page(reader, project, "widget/1", 404)

    assert "There is no such kind of thing" in text
    assert "Those in this log are: member, project. In the log, each event leads to" in text
    assert "Those in this log are: member, project." in told(reader, project, "widget/1.json", 404)["hint"]


def test_kind_that_only_the_log_knows_has_a_history(
    reader: FlaskClient, project: Place, tamper: Callable[[str, int], None]
) -> None:
    tamper("entity_type = 'widget'", 2)

    page(reader, project, "widget/1")


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("at=0", 400, "“at” takes the number of an event"),
        ("at=x", 400, "“at” takes the number of an event"),
        ("at=1&at=2", 400, "“at” is given more than once"),
        ("before=x", 400, "“before” takes the number of an event"),
        ("at=99", 404, "This log has not come so far as #99: its newest event is #3."),
    ],
)
def test_address_that_leads_nowhere_says_so(
    reader: FlaskClient, project: Place, query: str, status: int, told: str
) -> None:
    text = page(reader, project, f"project/{project.id}?{query}", status)

    assert told in text
    assert "As it is now, after #3" in text
    if "at=" in query:
        answer = reader.get(f"/projects/{project.slug}/audit/history/project/{project.id}.json?{query}")
        assert answer.status_code == status
        assert told in answer.get_json()["hint"]


@pytest.mark.parametrize("strange", ["<b>", "..", "a b", "%00x", "é\u202e", "x" * 3000, "key_%2F"])
def test_any_kind_and_id_can_be_asked_for(reader: FlaskClient, project: Place, strange: str) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit/history/{strange}/{strange}")

    assert answer.status_code in {200, 308, 400, 404}
    assert "<b></code>" not in answer.text


def test_json_tells_the_same_with_whole_values(reader: FlaskClient, project: Place, key: str) -> None:
    found = told(reader, project, f"api_key/{key}.json?at=5")

    assert (found["entityType"], found["entityId"]) == ("api_key", key)
    assert (found["after"], found["now"], found["standing"]) == (5, 7, "there")
    assert found["events"] == [7, 6, 5, 4]
    fields = {field["field"]: field for field in found["fields"]}
    label = {"field": "label", "name": "label", "known": "whole", "value": "Billing worker", "since": 5, "until": None}
    assert fields["label"] == label
    assert fields["digest"] == {"field": "digest", "name": "secret", "known": "withheld", "since": 4, "until": None}
    assert found["wayBack"]["turn"] == "set fields back"
    steps = {step["then"]["field"]: step for step in found["wayBack"]["fields"]}
    assert {name: (step["now"]["value"], step["then"]["value"]) for name, step in steps.items()} == {
        "status": ("revoked", "active"),
        "revoked_reason": ("Lost", None),
    }


def test_many_events_come_in_pages_and_the_page_holds_the_one_that_is_shown(
    reader: FlaskClient, project: Place, change: Callable
) -> None:
    for number in range(60):
        change(lambda project, number=number: rename(project, f"Name {number}"))

    newest = page(reader, project, f"project/{project.id}")
    older = page(reader, project, f"project/{project.id}?at=20")

    assert newest.count('<li class="past') == older.count('<li class="past') + 7 == 25
    assert "shown here" in newest
    assert "shown here" in older
    assert len(newest) < 60_000


def test_log_that_was_tampered_with_is_told_as_such(
    reader: FlaskClient, project: Place, key: str, tamper: Callable
) -> None:
    tamper("changes = '{broken'", 5)

    text = page(reader, project, f"api_key/{key}?at=6")

    assert "This log is not what was written" in text
    assert "What #5 changed cannot be read" in text


def test_log_leads_there_from_the_entity_and_the_event_from_its_page(
    reader: FlaskClient, project: Place, key: str
) -> None:
    log = unescape(reader.get(f"/projects/{project.slug}/audit").text)
    event = unescape(reader.get(f"/projects/{project.slug}/audit/5").text)

    assert 'href="audit/7/history"' in log
    led = reader.get(f"/projects/{project.slug}/audit/7/history")
    assert led.location == f"/projects/{project.slug}/audit/history/api_key/{key}?at=7"
    assert f'href="/projects/{project.slug}/audit/history/api_key/{key}?at=5"' in event


@pytest.mark.parametrize("column", ["entity_id", "entity_type"])
@pytest.mark.parametrize("value", ["", "..", "a/b"])
def test_event_about_what_no_address_can_name_leads_to_itself(
    reader: FlaskClient, project: Place, tamper: Callable, column: str, value: str
) -> None:
    tamper(f"{column} = '{value}'", 2)

    led = reader.get(f"/projects/{project.slug}/audit/2/history")

    assert (led.status_code, led.location) == (302, f"/projects/{project.slug}/audit/2")


def test_history_of_an_event_that_is_not_there_says_why(reader: FlaskClient, project: Place) -> None:
    assert reader.get(f"/projects/{project.slug}/audit/999/history").status_code == 404
