"""What went on when: bars that together hold each event once, on the reader's clock, whatever that does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from erebus.blueprints.audit import activity, asking, matching, spans
from erebus.blueprints.audit.filters import Filter
from erebus.trail import AuditEvent
from tests.blueprints.audit.test_ring import EVENT

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Asia/Beirut",
]
CLOCKS_SET = [  # near which the clocks of those zones are set
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
]
moments = st.one_of(
    st.integers(946_684_800, 1_795_867_200).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.builds(lambda turn, hours: turn + timedelta(hours=hours), st.sampled_from(CLOCKS_SET), st.floats(-40, 40)),
)


def at(*times: datetime, failed: bool = False) -> list[AuditEvent]:
    return [
        EVENT._replace(number=number, created_at=int(time.timestamp() * 1000), status=not failed)
        for number, time in enumerate(times, 1)
    ]


def draw(events: list[AuditEvent], zone: str = "UTC", wanted: Filter | None = None) -> activity.Chart:
    chart = activity.draw(events, wanted or Filter(), ZoneInfo(zone), NOW)
    assert chart
    return chart


@given(st.lists(moments, min_size=2, max_size=12), st.sampled_from(ZONES))
@example([CLOCKS_SET[0] + timedelta(minutes=m) for m in (-100, -1, 0, 59, 60, 100)], "Europe/Berlin")
@example([CLOCKS_SET[4] + timedelta(hours=h) for h in (-40, 0, 40)], "Pacific/Apia")
@example([datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2011, 12, 30, 10, 20, tzinfo=UTC)], "Pacific/Apia")
@example([datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2011, 12, 31, 10, tzinfo=UTC)], "Pacific/Apia")
def test_every_event_is_in_one_bar_and_the_bars_own_filter_finds_it(times: list[datetime], name: str) -> None:
    zone, events = ZoneInfo(name), at(*times)
    chart = activity.draw(events, Filter(), zone, NOW)
    if chart is None:
        return
    found: list[AuditEvent] = []

    for bar in chart.bars:
        inside = matching.select(events, bar.filter, zone, NOW)
        assert len(inside) == bar.done
        found += inside

    assert sorted(event.number for event in found) == [event.number for event in events]
    assert 2 <= len(chart.bars) <= activity.MOST
    assert chart.bars[0].done
    assert chart.bars[-1].done
    edges = [(spans.start(b.filter.since, zone, NOW), spans.end(b.filter.until, zone)) for b in chart.bars]
    assert all(first < end for first, end in edges)
    assert all(before[1] == after[0] for before, after in pairwise(edges)), "no gap, and nothing twice"


@given(st.lists(moments, min_size=2, max_size=5), st.sampled_from(ZONES))
def test_the_filter_of_a_bar_is_one_that_can_be_asked_for(times: list[datetime], name: str) -> None:
    chart = activity.draw(at(*times), Filter(actor="grace"), ZoneInfo(name), NOW)
    for bar in chart.bars if chart else ():
        asked = asking.read(MultiDict(bar.filter.arguments), ZoneInfo(name), NOW)
        assert (asked.filter, asked.flaws) == (bar.filter, ())


@pytest.mark.parametrize(
    ("span", "unit"),
    [
        (timedelta(hours=20), "hour"),
        (timedelta(hours=50), "3 hours"),
        (timedelta(days=7), "6 hours"),
        (timedelta(days=25), "day"),
        (timedelta(weeks=20), "week"),
        (timedelta(weeks=150), "6 weeks"),
    ],
)
def test_a_bar_is_as_long_as_it_has_to_be(span: timedelta, unit: str) -> None:
    chart = draw(at(NOW - span, NOW))

    assert chart.unit == unit
    assert 12 < len(chart.bars) <= activity.MOST


def test_what_failed_is_counted_apart() -> None:
    hour = timedelta(hours=1)
    chart = draw([*at(NOW - hour, NOW, NOW), *at(NOW, failed=True)])

    assert [(bar.done, bar.failed) for bar in chart.bars] == [(1, 0), (2, 1)]
    assert (chart.most_done, chart.most_failed, chart.done, chart.failed) == (2, 1, 3, 1)
    assert chart.line == chart.length(2)


@pytest.mark.parametrize(
    ("span", "off"),
    [
        (timedelta(hours=26), [f"{hour:02}:00" for hour in (*range(18, 24), *range(8))]),
        (timedelta(days=20), ["Sat", "Sun"]),
        (timedelta(weeks=20), []),
    ],
)
def test_what_is_outside_working_hours_is_known(span: timedelta, off: list[str]) -> None:
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    chart = draw(at(friday - span, friday))

    found = [bar.label for bar in chart.bars if bar.is_off]

    assert all(any(word in label for word in off) for label in found)
    assert bool(found) is bool(off)
    assert len(found) in {0, 6, 14}


def test_the_same_window_is_shown_whatever_time_is_asked_for() -> None:
    day = timedelta(days=1)
    events = at(*(NOW - number * day for number in range(20)))
    whole = draw(events)

    part = draw(events, wanted=Filter(since="2026-11-20", until="2026-11-21", actor=""))

    assert [bar.done for bar in part.bars] == [bar.done for bar in whole.bars]
    assert [bar.label for bar in part.bars if not bar.is_hidden] == ["Fri 20 Nov 2026", "Sat 21 Nov 2026"]


def test_a_day_on_which_the_clock_is_set_is_one_day() -> None:
    zone = ZoneInfo("Europe/Berlin")
    chart = draw(at(*(datetime(2026, 10, day, 0, 30, tzinfo=zone) for day in range(5, 28))), "Europe/Berlin")

    assert chart.unit == "day"
    assert [bar.done for bar in chart.bars] == [1] * 23


def test_times_that_were_tampered_with_are_no_fault_of_ours() -> None:
    events = [EVENT._replace(created_at=time) for time in (0, 253_370_764_799_999, -1, 10**17)]

    assert len(draw([*events, *at(NOW)]).bars) <= activity.MOST


@pytest.mark.parametrize("events", [[], at(NOW), at(NOW, NOW), [EVENT._replace(created_at=9 * 10**15)] * 2])
def test_one_bar_is_no_chart(events: list[AuditEvent]) -> None:
    assert activity.draw(events, Filter(), ZoneInfo("UTC"), NOW) is None
