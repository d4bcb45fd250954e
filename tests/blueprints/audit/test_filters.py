"""The filter as a value: what the box and the address are understood as, and that one is the other."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from erebus.blueprints.audit import asking, filters, spans
from erebus.blueprints.audit.filters import Filter

pytestmark = pytest.mark.pure

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)


def read(query: dict[str, str] | list[tuple[str, str]]) -> asking.Asked:
    return asking.read(MultiDict(query), BERLIN, NOW)


def box(typed: str) -> Filter:
    asked = read({"q": typed})
    assert asked.flaws == ()
    return asked.filter


def squeezed(text: str) -> str:
    return " ".join(text.split())


VALUES = st.text(max_size=40).map(squeezed)
DAYS = st.dates(datetime(1970, 1, 1).date(), datetime(2026, 6, 1).date()).map(str)  # noqa: DTZ001 - days of no zone
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2026, 6, 1)).map(  # noqa: DTZ001 - moments of no zone
    lambda moment: moment.isoformat(timespec="seconds")
)
LATER = st.dates(datetime(2027, 1, 1).date(), datetime(9998, 12, 31).date()).map(str)  # noqa: DTZ001 - as above
FILTERS = st.builds(
    Filter,
    actor=VALUES,
    action=st.sampled_from(["", *filters.ACTIONS]),
    entity_type=VALUES,
    entity=VALUES,
    status=st.sampled_from(["", *filters.STATUSES]),
    since=st.one_of(st.sampled_from(["", *spans.QUICK]), DAYS, MOMENTS),
    until=st.one_of(st.just(""), LATER),
    request=VALUES,
    text=st.lists(
        st.one_of(VALUES, st.sampled_from(["actor:x", "FROM:", '"', "\\", 'a"b', "a b"])).filter(bool),
        max_size=5,
        unique=True,
    ).map(tuple),
)


@given(FILTERS)
def test_address_box_and_controls_are_three_spellings_of_one_filter(made: Filter) -> None:
    by_address = read(made.arguments)
    by_box = read({"q": made.box})
    controls = {name: made.parts.get(name, "") for name in ("actor", "action", "type", "status", "from", "to")}
    by_form = read({"was": made.box, "q": made.box, **controls})

    assert by_address == asking.Asked(made, (), made.box, made.box, is_form=False)
    assert by_box.filter == made
    assert by_box.flaws == ()
    assert by_form.filter == made


@given(st.text(), st.dictionaries(st.sampled_from([*filters.NAMES, "q", "was", "x"]), st.text()))
def test_whatever_is_sent_is_understood_or_told(typed: str, others: dict[str, str]) -> None:
    asked = read({"q": typed, **others})

    again = read(asked.filter.arguments)
    assert again.filter == asked.filter
    assert again.flaws == ()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("webhook", Filter(text=("webhook",))),
        ("  rotate   rotate key ", Filter(text=("rotate", "key"))),
        ('"My  chat app" x', Filter(text=("My chat app", "x"))),
        ("actor:grace status:failed", Filter(actor="grace", status="failed")),
        ('Actor:"Grace Hill" ACTION:Update', Filter(actor="Grace Hill", action="update")),
        ("type:api_key entity:key_1 request:01M", Filter(entity_type="api_key", entity="key_1", request="01M")),
        ("from:2026-11-01 to:2026-11-02T09:41", Filter(since="2026-11-01", until="2026-11-02T09:41")),
        ('from:"2026-11-01 09:41:07z"', Filter(since="2026-11-01T09:41:07Z")),
        ("from:7D", Filter(since="7d")),
        ("key_01M8HMVHTTSQY49CWZQCBZT5BC", Filter(text=("key_01M8HMVHTTSQY49CWZQCBZT5BC",))),
        ("https://hooks.example colour:red", Filter(text=("https://hooks.example", "colour:red"))),
        ('"actor:grace"', Filter(text=("actor:grace",))),
        (r'"a \"b\" \\"', Filter(text=('a "b" \\',))),
        ('"not closed', Filter(text=("not closed",))),
        ('""', Filter()),
    ],
)
def test_box_is_understood(typed: str, expected: Filter) -> None:
    assert box(typed) == expected


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"action": "explode"}, "“explode” is no action. There are: create, update, delete."),
        ({"status": "true"}, "“true” is no status. There are: succeeded, failed."),
        ({"from": "2026-02-30"}, "“2026-02-30” cannot be understood."),
        ({"from": "yesterday"}, "or one of today, 24h, 7d, 30d."),
        ({"to": "7d"}, "“to” takes a day that there is"),
        ({"to": "1969-12-31"}, "cannot be understood"),
        ({"to": "9999-12-31"}, "cannot be understood"),
        ({"from": "2026-11-23T09:41+99:00"}, "cannot be understood"),
        ({"from": "２０２６-11-23"}, "cannot be understood"),
        ({"from": "2026-11-24", "to": "2026-11-23"}, "“from” (2026-11-24) is later than “to” (2026-11-23). Swap them."),
        ({"from": "today", "to": "2026-11-27"}, "is later than"),
        ({"actor": "x" * 101}, "“actor” takes at most 100 characters."),
        ({"q": "x" * 2001}, "The box takes at most 2,000 characters."),
        ({"q": " ".join(map(str, range(21)))}, "The box takes at most 20 words or phrases to look for."),
        ({"q": "actor: grace"}, "“actor:” needs a value right behind it"),
        ({"q": "action:explode"}, "“explode” is no action."),
        ({"q": "status:failed status:failed"}, "“status:” is in the box more than once. Keep one."),
        ([("actor", "a"), ("actor", "b")], "“actor” is given more than once. Keep one."),
        ([("q", "a"), ("q", "b")], "“q” is given more than once. Keep one."),
        ({"actor": "leo", "q": "actor:grace"}, "“actor” is “grace” in the box and “leo” beside it. Choose one."),
        ({"entityType": "api_key"}, "“entityType” is nothing that the log can be asked for."),
    ],
)
def test_what_makes_no_sense_is_told_and_left_out(query: dict[str, str], told: str) -> None:
    asked = read(query)

    assert len(asked.flaws) == 1, asked.flaws
    assert told in asked.flaws[0]
    assert asked.filter == (Filter(text=("grace",)) if query == {"q": "actor: grace"} else Filter())


def test_a_day_can_be_from_and_to() -> None:
    assert read({"from": "2026-11-23", "to": "2026-11-23"}).flaws == ()


@pytest.mark.parametrize(
    ("typed", "control", "expected"),
    [
        ("actor:leo", "leo", "leo"),
        ("actor:grace", "leo", "grace"),  # typed over, the control left alone
        ("actor:leo", "maya", "maya"),  # chosen anew, the box left alone
        ("", "leo", ""),
        ("actor:leo", "", ""),
        ("actor:grace", "grace", "grace"),
    ],
)
def test_of_box_and_control_what_was_changed_counts(typed: str, control: str, expected: str) -> None:
    asked = read({"was": "actor:leo", "q": typed, "actor": control})

    assert (asked.filter.actor, asked.flaws) == (expected, ())


def test_what_has_no_control_stays_when_a_form_is_sent() -> None:
    line = "entity:key_1 request:r1 webhook"

    assert read({"was": line, "q": line, "actor": "leo"}).filter == Filter(
        actor="leo", entity="key_1", request="r1", text=("webhook",)
    )


def test_controls_stay_when_the_box_is_put_right() -> None:
    wrong = read({"was": "", "q": "action:explode weg", "actor": "leo", "action": "", "status": ""})
    right = read({"was": wrong.was, "q": "action:update weg", "actor": "leo", "action": "", "status": ""})

    assert (wrong.typed, wrong.filter) == ("action:explode weg", Filter(actor="leo", text=("weg",)))
    assert right.filter == Filter(actor="leo", action="update", text=("weg",))


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("spelled", "start"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+01:00"),
        ("2026-07-23", "2026-07-23T00:00:00+02:00"),
        ("2026-11-23T09:41", "2026-11-23T09:41:00+01:00"),
        ("2026-11-23T09:41Z", "2026-11-23T09:41:00+00:00"),
        ("today", "2026-11-28T00:00:00+01:00"),
        ("24h", "2026-11-27T18:00:00+00:00"),
        ("7d", "2026-11-21T18:00:00+00:00"),
        ("30d", "2026-10-29T18:00:00+00:00"),
    ],
)
def test_a_span_begins_in_the_time_zone_of_the_reader(spelled: str, start: str) -> None:
    assert spans.start(spelled, BERLIN, NOW) == milliseconds(start)


@pytest.mark.parametrize(
    ("spelled", "end"),
    [
        ("2026-11-23", "2026-11-24T00:00:00+01:00"),
        ("2026-10-25", "2026-10-26T00:00:00+01:00"),  # a day of 25 hours
        ("2026-11-23T09:41", "2026-11-23T09:42:00+01:00"),
        ("2026-11-23T09:41:07", "2026-11-23T09:41:08+01:00"),
        ("2026-11-23T09:41:07-05:00", "2026-11-23T09:41:08-05:00"),
        ("2026-11-23T09:41Z", "2026-11-23T09:42:00+00:00"),
    ],
)
def test_a_span_takes_in_all_of_what_it_ends_with(spelled: str, end: str) -> None:
    assert spans.end(spelled, BERLIN) == milliseconds(end)
