"""Moments as text, whoever shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.times import iso, on_clock, readable, told, utc, zone_of

pytestmark = pytest.mark.pure

MOMENT = 1_795_513_267_250  # 2026-11-24, 09:41:07.250 UTC


def milliseconds(spelled: str) -> int:
    return (datetime.fromisoformat(spelled) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("UTC", ("2026-11-24 09:41:07", "+00:00")),
        ("Europe/Berlin", ("2026-11-24 10:41:07", "+01:00")),
        ("America/St_Johns", ("2026-11-24 06:11:07", "-03:30")),
        ("Nowhere/At_All", ("2026-11-24 09:41:07", "+00:00")),
        ("../etc/passwd", ("2026-11-24 09:41:07", "+00:00")),
    ],
)
def test_a_clock_shows_the_time_of_its_zone_and_that_of_utc_where_there_is_no_such_zone(
    name: str, shown: tuple[str, str]
) -> None:
    assert on_clock(MOMENT, zone_of(name)) == shown
    assert on_clock(MOMENT, zone_of(name), exact=True) == (f"{shown[0]}.250", shown[1])


def test_a_zone_that_kept_seconds_once_is_told_with_them() -> None:
    assert on_clock(0, zone_of("Africa/Monrovia")) == ("1969-12-31 23:15:30", "-00:44:30")


@given(st.integers(0, 253_370_764_799_999))
def test_every_moment_of_the_calendar_is_shown_to_the_millisecond_and_in_every_zone(moment: int) -> None:
    assert readable(moment) == moment
    assert milliseconds(iso(moment)) == moment
    assert told(moment, exact=True) == utc(moment, exact=True) == f"{iso(moment)[:-1].replace('T', ' ')} UTC"
    for name in ("Pacific/Kiritimati", "Etc/GMT+12"):
        there, offset = on_clock(moment, zone_of(name), exact=True)
        assert milliseconds(there + offset) == moment


@pytest.mark.parametrize("moment", [-1, 253_370_764_800_000, 2**53])
def test_what_no_calendar_has_is_no_moment(moment: int) -> None:
    assert readable(moment) is None
    assert told(moment) == "no time that a calendar has"
