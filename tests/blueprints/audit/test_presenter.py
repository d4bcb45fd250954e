"""How an event is shown: days in the reader's zone, and values as words."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from erebus.blueprints.audit import presenter
from erebus.wording import Change, Value
from tests.blueprints.audit.test_ring import EVENT

pytestmark = pytest.mark.pure

MIDNIGHT = int(datetime(2026, 11, 23, 23, 30, tzinfo=UTC).timestamp() * 1000)


def show(action: str, changes: list[dict[str, Any]], **fields: Any) -> presenter.Shown:
    return presenter.show(EVENT._replace(action=action, stored_changes=json.dumps(changes), **fields))


def change(before: object, after: object) -> dict[str, object]:
    return {"field": "label", "name": "label", "before": before, "after": after}


@pytest.mark.parametrize(
    ("zone", "headings"),
    [
        ("UTC", ["Yesterday · Monday 23 November 2026"]),
        ("Europe/Berlin", ["Today · Tuesday 24 November 2026"]),
    ],
)
def test_a_day_is_one_of_the_readers_zone(zone: str, headings: list[str]) -> None:
    event = EVENT._replace(created_at=MIDNIGHT, stored_changes="[]")

    days = presenter.by_day([event, event], ZoneInfo(zone), date(2026, 11, 24))

    assert [day.heading for day in days] == headings
    assert len(days[0].events) == 2


@pytest.mark.parametrize(
    ("value", "text", "is_word"),
    [
        (None, "none", True),
        ("", "empty", True),
        (True, "yes", True),
        (False, "no", True),
        (0, "0", False),
        (1, "1", False),
        ("none", "none", False),
    ],
)
def test_values_that_are_no_text_are_words(value: object, text: str, is_word: bool) -> None:
    shown = show("update", [change(value, "other")])

    assert shown.changes[0].before == Value(text, is_word)


def test_creation_has_no_before_and_deletion_no_after() -> None:
    assert show("create", [change(None, "x")]).changes[0].before is None
    assert show("delete", [change("x", None)]).changes[0].after is None


@pytest.mark.parametrize(
    ("hidden", "action", "told"),
    [
        ("secret", "update", "changed, never shown"),
        ("secret", "create", "set, never shown"),
        ("unrecorded", "update", "changed; value not recorded"),
    ],
)
def test_hidden_values_say_why(hidden: str, action: str, told: str) -> None:
    shown = show(action, [{"field": "digest", "name": "secret", "hidden": hidden}])

    assert shown.changes[0] == Change("secret", hidden=told)


def test_what_the_sentence_tells_stays_folded_and_what_failed_stands_open() -> None:
    told = {"description": "Renamed 'a' to 'b'", "reason": None}

    assert not show("update", [change("a", "b")], **told).is_open
    assert show("update", [change("a", "c")], **told).is_open
    assert show("update", [change("a", "b")], **{**told, "status": False}).is_open
    assert not show("create", [change(None, "b")], **told).is_open


def test_failure_is_told_in_two_parts() -> None:
    shown = show("update", [], description="Tried to a. Not done: b.", reason="b.", status=False)

    assert (shown.sentence, shown.why_not) == ("Tried to a.", "b.")
