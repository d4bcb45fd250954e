"""The ring as numbers: which slot is where, and what a tick that stands for several shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from erebus.blueprints.audit import ring
from erebus.trail import AuditEvent, AuditLog

pytestmark = pytest.mark.pure

_BLANK: dict[str, Any] = dict.fromkeys(AuditEvent._fields, "")
EVENT = AuditEvent(**{**_BLANK, "action": "create", "status": True, "number": 1, "created_at": 0})


def make_log(numbers: range, *, capacity: int = 100, failed: int = 0) -> AuditLog:
    events = tuple(EVENT._replace(number=n, status=n != failed) for n in reversed(numbers))
    head = numbers[-1] if numbers else 0
    return AuditLog("proj_1", "proj_1", capacity, head, b"", 0, 0, events)


def looks(strip: ring.Strip) -> list[str]:
    """Return the look of each tick, from left to right."""
    by_place = {place: look for look, places in strip.ticks.items() for place in places}
    assert sorted(by_place) == list(range(len(by_place)))
    return [by_place[place].removeprefix("tick ") for place in sorted(by_place)]


def test_oldest_is_left_and_empty_slots_are_right() -> None:
    picture = ring.draw(make_log(range(1, 4), capacity=10))

    assert looks(picture.fine) == ["create"] * 3 + ["empty"] * 7
    assert (picture.first, picture.last, picture.kept, picture.displaced) == (1, 3, 3, 0)


def test_a_full_log_begins_at_the_oldest_kept_number() -> None:
    picture = ring.draw(make_log(range(8, 18), capacity=10, failed=8))

    assert looks(picture.fine) == ["create fail"] + ["create"] * 9
    assert picture.displaced == 7


def test_a_number_that_should_be_there_is_missing_not_displaced() -> None:
    whole = make_log(range(8, 18), capacity=10)
    picture = ring.draw(replace(whole, events=whole.events[:-1]))

    assert looks(picture.fine)[0] == "missing"
    assert picture.displaced == 7


@pytest.mark.parametrize(
    ("capacity", "fine", "coarse"), [(10, 10, 10), (100, 100, 50), (1000, 200, 50), (250, 125, 50)]
)
def test_ticks_stand_for_several_where_there_is_no_room(capacity: int, fine: int, coarse: int) -> None:
    picture = ring.draw(make_log(range(1, 2), capacity=capacity))

    assert (len(looks(picture.fine)), len(looks(picture.coarse))) == (fine, coarse)


def test_a_tick_for_several_shows_the_gravest() -> None:
    picture = ring.draw(make_log(range(1, 101), failed=4))

    assert looks(picture.coarse)[:3] == ["create", "create fail", "create"]


def test_a_tick_for_several_knows_which_event_it_looks_like() -> None:
    picture = ring.draw(make_log(range(1, 100), failed=3))

    assert (picture.fine.size, picture.coarse.size) == (1, 2)
    assert picture.coarse.gravest[:3] == [2, 3, 6], "the newest of several that are as grave"
    assert picture.coarse.gravest[-1] == 99
    assert ring.draw(make_log(range(1, 3))).coarse.gravest[:2] == [2, 0]


def test_what_is_not_matching_is_dimmed() -> None:
    log = make_log(range(1, 5), capacity=6, failed=2)
    picture = ring.draw(log, (), log.events[2:])

    assert looks(picture.fine) == ["create", "create fail", "create dim", "create dim", "empty", "empty"]
    assert picture.text.endswith("Failed: #2. The filter hides 2 of them, which are dimmed.")


def test_a_tick_for_several_shows_what_matches_before_what_does_not() -> None:
    log = make_log(range(1, 102), capacity=200, failed=4)
    matching = tuple(event for event in log.events if event.number in {3, 7})

    coarse = looks(ring.draw(log, (), matching).coarse)

    assert coarse[:3] == ["create", "create", "create dim"], "of #1 to #4 the failure is hidden, #3 is not"
    assert coarse[25:27] == ["create dim", "empty"], "#101 is hidden, but it is there"


def test_the_stretch_of_a_page_is_from_its_oldest_to_its_newest_event() -> None:
    log = make_log(range(1, 101))
    matching = tuple(event for event in log.events if event.number % 2)

    assert ring.draw(log, matching[:25], matching).shown == ring.Span("50%", "49%")
    assert ring.draw(log, matching, matching).shown is None


def test_what_is_shown_of_a_large_log_is_still_to_be_seen() -> None:
    log = make_log(range(1, 1001), capacity=10_000)

    newest, oldest = (ring.draw(log, events).shown for events in (log.events[:25], log.events[-25:]))

    assert (newest, oldest) == (ring.Span("9.75%", "1%"), ring.Span("0%", "1%"))


def test_what_is_shown_stays_within_the_strip() -> None:
    log = make_log(range(1, 10_001), capacity=10_000)
    assert ring.draw(log, log.events[:25]).shown == ring.Span("99%", "1%")


def test_a_log_without_events_says_so() -> None:
    picture = ring.draw(make_log(range(0)))

    assert (picture.first, picture.last, picture.first_time, picture.shown) == (0, 0, None, None)
    assert picture.text == "The log as a strip of 100 slots, all of them empty."


def test_many_failures_are_counted_beyond_the_first_few() -> None:
    log = make_log(range(1, 13))
    picture = ring.draw(replace(log, events=tuple(event._replace(status=False) for event in log.events)))

    assert picture.text.endswith("12 failed. Failed: #12, #11, #10, #9, #8, #7, #6, #5 and 4 older ones.")
