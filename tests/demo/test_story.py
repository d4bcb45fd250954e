"""The story fits together whenever it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erebus.demo import moments, story

NOWS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by the next argument


@given(NOWS)
@settings(max_examples=60, deadline=None)
def test_ends_shortly_before_now(now: datetime) -> None:
    last, _scene = story.tell(now)[-1]
    assert now - timedelta(minutes=15) < last < now


@given(NOWS)
@settings(max_examples=60, deadline=None)
def test_goes_forward_only(now: datetime) -> None:
    told = [moment for moment, _scene in story.tell(now)]
    assert all(earlier < later for earlier, later in pairwise(told))


@given(NOWS)
@settings(max_examples=60, deadline=None)
def test_people_work_by_day_and_rest_at_weekends_but_for_the_last_hours(now: datetime) -> None:
    for moment, _scene in story.tell(now):
        if moment < now - timedelta(hours=6):
            assert moment.weekday() < 5
            assert 8 <= moment.hour < 18


def test_is_the_same_for_the_same_moment() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    first, second = story.tell(now), story.tell(now)
    assert [(moment, scene.who) for moment, scene in first] == [(moment, scene.who) for moment, scene in second]


def test_two_weeks_are_the_ten_working_days_before_today() -> None:
    sunday = datetime(2026, 11, 29, 9, tzinfo=UTC)
    days = [moments.working_day(number, sunday).date().isoformat() for number in (1, 5, 6, 10)]
    assert days == ["2026-11-16", "2026-11-20", "2026-11-23", "2026-11-27"]


@pytest.mark.parametrize(("days", "date"), [(2, "2026-11-27"), (1, "2026-11-27"), (3, "2026-11-27"), (4, "2026-11-26")])
def test_long_ago_is_never_a_weekend(days: int, date: str) -> None:
    monday = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert moments.long_ago(days, "09:00")(monday).date().isoformat() == date
