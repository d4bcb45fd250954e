"""What one entity was after any event: from its events alone, and no more than they tell."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.history.states import History, Known, Standing, of_entity
from erebus.blueprints.history.way_back import Turn, find_way_back
from erebus.trail import AuditEvent
from tests.blueprints.audit.test_ring import EVENT

pytestmark = pytest.mark.pure

FIELDS = ("label", "status", "reason")


def event(number: int, action: str, *changes: dict[str, Any], status: bool = True) -> AuditEvent:
    return EVENT._replace(number=number, action=action, status=status, stored_changes=json.dumps(changes))


def change(name: str, before: object, after: object) -> dict[str, Any]:
    return {"field": name, "name": name, "before": before, "after": after}


def hidden(name: str, why: str = "secret") -> dict[str, Any]:
    return {"field": name, "name": name, "hidden": why}


def history(*events: AuditEvent) -> History:
    return History(tuple(reversed(events)))


def values(found: History, number: int) -> dict[str, Any]:
    state = found.after(number)
    return {each.field: each.value if each.has_value else each.known for each in state.fields}


CREATED = event(1, "create", change("label", None, "One"), change("status", None, "active"), hidden("digest"))
RENAMED = event(4, "update", change("label", "One", "Two"))
REVOKED = event(6, "update", change("status", "active", "revoked"), change("reason", None, "Lost"))
DELETED = event(
    9, "delete", change("label", "Two", None), change("status", "revoked", None), change("reason", "Lost", None)
)


def test_a_state_holds_until_the_next_event() -> None:
    found = history(CREATED, RENAMED, REVOKED)

    secret = {"digest": Known.WITHHELD}
    assert values(found, 1) == values(found, 3) == {"label": "One", "status": "active", "reason": None} | secret
    assert values(found, 4) == values(found, 5) == {"label": "Two", "status": "active", "reason": None} | secret
    assert values(found, 6) == values(found, 99) == {"label": "Two", "status": "revoked", "reason": "Lost"} | secret


def test_a_value_names_the_events_that_bound_it() -> None:
    state = history(CREATED, RENAMED, REVOKED).after(5)

    bounds = {each.field: (each.since, each.until) for each in state.fields}
    assert bounds == {
        "label": (RENAMED, None),
        "status": (CREATED, REVOKED),
        "reason": (CREATED, REVOKED),
        "digest": (CREATED, None),
    }


def test_what_began_before_the_window_is_known_as_far_as_later_events_tell() -> None:
    found = history(RENAMED, REVOKED)

    assert found.after(2).standing is Standing.THERE
    assert values(found, 2) == {"label": "One", "status": "active", "reason": None}
    assert "digest" not in values(found, 99)
    assert [each.since for each in found.after(2).fields] == [None, None, None]


def test_a_failure_changes_nothing() -> None:
    failed = event(5, "update", change("label", "Two", "Three"), status=False)

    assert values(history(CREATED, RENAMED, failed), 5)["label"] == "Two"
    assert history(failed).after(5).standing is Standing.UNKNOWN


def test_before_its_creation_and_after_its_deletion_it_is_not_there() -> None:
    found = history(event(3, "create", change("label", None, "One")), DELETED)

    standings = [found.after(number).standing for number in (2, 3, 8, 9, 10)]
    assert standings == [
        Standing.NOT_YET,
        Standing.THERE,
        Standing.THERE,
        Standing.DELETED,
        Standing.DELETED,
    ]
    assert found.after(9).fields == ()


def test_a_deletion_tells_what_was_before_it() -> None:
    assert values(history(DELETED), 8) == {"label": "Two", "status": "revoked", "reason": "Lost"}


def test_made_again_under_the_same_id_it_has_nothing_of_its_earlier_life() -> None:
    again = event(12, "create", change("label", None, "Four"))
    found = history(CREATED, RENAMED, REVOKED, DELETED, again)

    assert found.after(11).standing is Standing.DELETED
    assert values(found, 12) == {"label": "Four", "status": None, "reason": None, "digest": Known.UNKNOWN}
    assert values(found, 5)["label"] == "Two"


def test_what_is_changed_after_its_deletion_was_made_again_past_the_log() -> None:
    found = history(CREATED, DELETED, event(12, "update", change("label", "Four", "Five")))

    assert found.after(11).standing is Standing.DELETED
    assert values(found, 12) == {"label": "Five", **dict.fromkeys(("status", "reason", "digest"), Known.UNKNOWN)}


def test_a_field_recorded_by_name_only_has_no_value() -> None:
    found = history(event(2, "update", hidden("notes", "unrecorded")))

    assert values(found, 1) == values(found, 2) == {"notes": Known.UNRECORDED}


def test_a_value_that_the_next_event_did_not_find_is_doubtful() -> None:
    found = history(CREATED, event(4, "update", change("label", "Else", "Two")))

    state = found.after(2).fields[0]
    assert (state.known, state.value, state.found) == (Known.DOUBTFUL, "One", "Else")
    assert found.after(4).fields[0].known is Known.WHOLE


def test_a_value_that_was_cut_says_so() -> None:
    cut = f"begins… [5000 characters, SHA-256 {hashlib.sha256(b'x').hexdigest()}]"
    found = history(event(2, "update", {**change("notes", "short", cut), "cut": True}))

    assert [found.after(number).fields[0].known for number in (1, 2)] == [Known.WHOLE, Known.CUT]


def test_an_event_that_cannot_be_read_is_named() -> None:
    found = history(CREATED, RENAMED._replace(stored_changes="[1"))

    assert found.unreadable == (4,)
    assert values(found, 9)["label"] == "One"


def test_only_events_of_the_entity_are_its_history() -> None:
    other, kind = EVENT._replace(entity_id="key_2"), EVENT._replace(entity_type="project")

    assert of_entity([EVENT, other, kind], EVENT.entity_type, EVENT.entity_id).events == (EVENT,)


def steps(found: History, number: int) -> dict[str, tuple[Any, Any]]:
    way = find_way_back(found, number, 99)
    return {
        step.then.field: (
            step.now.value if step.now and step.now.has_value else step.now and step.now.known,
            step.then.value if step.then.has_value else step.then.known,
        )
        for step in way.steps
    }


def test_way_back_sets_what_differs() -> None:
    found = history(CREATED, RENAMED, REVOKED)

    assert steps(found, 1) == {"label": ("Two", "One"), "status": ("revoked", "active"), "reason": ("Lost", None)}
    assert steps(found, 4) == {"status": ("revoked", "active"), "reason": ("Lost", None)}
    assert find_way_back(found, 6, 99).turn is Turn.NOTHING
    assert find_way_back(found, 1, 99).since == (RENAMED, REVOKED)


def test_way_back_leaves_out_what_was_changed_back() -> None:
    back = event(8, "update", change("label", "Two", "One"))

    assert steps(history(CREATED, RENAMED, back), 1) == {}
    assert find_way_back(history(CREATED, RENAMED, back), 1, 99).turn is Turn.NOTHING


def test_way_back_says_what_it_cannot_tell() -> None:
    found = history(CREATED, event(5, "update", hidden("digest"), hidden("notes", "unrecorded")))

    assert steps(found, 1) == {
        "digest": (Known.WITHHELD, Known.WITHHELD),
        "notes": (Known.UNRECORDED, Known.UNRECORDED),
    }


def test_way_back_past_a_deletion_is_a_creation_with_all_that_was_set() -> None:
    found = history(
        CREATED, RENAMED, event(9, "delete", change("label", "Two", None), change("status", "active", None))
    )

    assert find_way_back(found, 5, 99).turn is Turn.CREATE
    assert steps(found, 5) == {
        "label": (None, "Two"),
        "status": (None, "active"),
        "digest": (None, Known.WITHHELD),
    }


@pytest.mark.parametrize(
    ("number", "turn"), [(2, Turn.DELETE), (3, Turn.NOTHING)], ids=["before its creation", "since"]
)
def test_way_back_past_a_creation_is_a_deletion(number: int, turn: Turn) -> None:
    found = history(event(3, "create", change("label", None, "One")))

    assert find_way_back(found, number, 99).turn is turn
    assert find_way_back(history(), number, 99).turn is Turn.UNKNOWN


@dataclass
class Truth:
    """An entity as it really is, the events told of it, and what it was after each."""

    now: dict[str, Any] | None = None
    events: list[AuditEvent] = field(default_factory=list)
    was: list[dict[str, Any] | None] = field(default_factory=lambda: [None])

    def do(self, wanted: dict[str, Any] | None, *, status: bool) -> None:
        before, after = self.now or {}, wanted or {}
        action = "create" if self.now is None else "delete" if wanted is None else "update"
        changes = [change(f, before.get(f), after.get(f)) for f in FIELDS if before.get(f) != after.get(f)]
        if changes or action != "update":
            self.events.append(event(len(self.was), action, *changes, status=status))
            self.now = wanted if status else self.now
            self.was.append(self.now)


ENTITIES = st.none() | st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["a", "b", True, 2]), min_size=1)


@given(st.lists(st.tuples(ENTITIES, st.booleans()), max_size=12), st.integers(min_value=1, max_value=12))
def test_what_is_said_is_true_and_from_the_creation_on_all_is_said(
    deeds: list[tuple[dict[str, Any] | None, bool]], kept: int
) -> None:
    truth = Truth()
    for wanted, status in deeds:
        if truth.now is not None or wanted is not None:
            truth.do(wanted, status=status)
    found = history(*truth.events[-kept:])
    first = truth.events[-kept:][0].number if truth.events else 1

    for number in range(first - 1, len(truth.was)):
        state, was = found.after(number), truth.was[number]
        if state.standing is not Standing.UNKNOWN:
            assert (state.standing is Standing.THERE) == (was is not None)
        for each in state.fields:
            assert each.known is Known.WHOLE
            assert [each.value] == [(was or {}).get(each.field)]
        if state.turn and was is not None:
            assert {f for f, value in was.items() if value is not None} <= {each.field for each in state.fields}
        way = find_way_back(found, number, len(truth.was) - 1)
        if way.turn is Turn.NOTHING and found.lives:
            same = [each.field for each in state.fields]
            assert [(was or {}).get(f) for f in same] == [(truth.now or {}).get(f) for f in same]
