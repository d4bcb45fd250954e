"""What went on when: a chart of the kept events, a bar for each hour, day or week of the reader's time zone. Pure.

What succeeded stands on the line, what failed hangs from it. A bar is as long as its time on the reader's clock: on a
day when the clock is set, an hour more or less.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from erebus import times
from erebus.blueprints.audit import matching, spans
from erebus.blueprints.audit.presenter import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from erebus.blueprints.audit.filters import Filter
    from erebus.trail import AuditEvent

MOST = 30  # bars
HEIGHT = 76  # pixels, of what succeeded and what failed together
_LEAST = 2.5  # pixels of a bar that is not empty
_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
_SHORT = (*(hours * _HOUR for hours in (1, 3, 6)), _DAY)
_UNITS = ((_WEEK, "week"), (_DAY, "day"), (_HOUR, "hour"))
_OPENS, _CLOSES, _SATURDAY = timedelta(hours=8), timedelta(hours=18), 5


class Edge(NamedTuple):
    """Where a bar begins: on the clock of the zone, and in milliseconds since 1970."""

    clock: datetime
    moment: int


@dataclass(frozen=True)
class Bar:
    """A span of time and what happened in it; *filter* is the one that shows that.

    *is_off* says that all of it is outside working hours, *is_hidden* that the filter asks for another time.
    """

    label: str
    done: int
    failed: int
    filter: Filter
    is_off: bool
    is_hidden: bool


@dataclass(frozen=True)
class Chart:
    """The bars, oldest first. *unit* is what each of them is of, in words; *most* the highest number of each kind."""

    unit: str
    bars: tuple[Bar, ...]
    most_done: int
    most_failed: int

    @property
    def done(self) -> int:
        """How much succeeded."""
        return sum(bar.done for bar in self.bars)

    @property
    def failed(self) -> int:
        """How much failed."""
        return sum(bar.failed for bar in self.bars)

    @property
    def line(self) -> float:
        """Where the line is that the bars stand on, in pixels from above."""
        return round(HEIGHT * self.most_done / ((self.most_done + self.most_failed) or 1), 1)

    def length(self, count: int) -> float:
        """Return how long a bar for *count* events is, in pixels."""
        return round(max(HEIGHT * count / (self.most_done + self.most_failed), _LEAST), 1)


def draw(kept: Iterable[AuditEvent], wanted: Filter, zone: tzinfo, now: datetime) -> Chart | None:
    """Return the chart of what *wanted* lets through of *kept*, at any time; None where there would be one bar."""
    latest = int((now + _DAY).timestamp() * 1000)  # what is of a later time was tampered with
    known = tuple(event for event in kept if moment_of(event) is not None and event.created_at <= latest)
    if not known:
        return None
    times = [event.created_at for event in known]
    step, edges = _scale(min(times), max(times), zone)
    if edges[1] == edges[-1]:
        return None
    at_any_time = wanted.change("from", "").change("to", "")
    return _chart(step, edges, matching.select(known, at_any_time, zone, now), wanted, _Span(wanted, zone, now))


class _Span:
    """The time that a filter asks for."""

    def __init__(self, wanted: Filter, zone: tzinfo, now: datetime) -> None:
        self.start = spans.start(wanted.since, zone, now) if wanted.since else None
        self.end = spans.end(wanted.until, zone) if wanted.until else None
        self.zone = zone

    def leaves_out(self, first: Edge, after: Edge) -> bool:
        """Return whether nothing between the two edges is asked for."""
        return (self.start is not None and after.moment <= self.start) or (
            self.end is not None and first.moment >= self.end
        )


def _chart(step: timedelta, edges: Sequence[Edge], found: Iterable[AuditEvent], wanted: Filter, span: _Span) -> Chart:
    starts = [edge.moment for edge in edges]
    done, failed = [0] * len(edges), [0] * len(edges)
    for event in found:
        (done if event.status else failed)[bisect_right(starts, event.created_at) - 1] += 1
    bars = tuple(
        Bar(
            label=_label(first, after, step, span.zone),
            done=done[place],
            failed=failed[place],
            filter=_during(wanted, first, after, step, span.zone),
            is_off=_is_off(first.clock, step),
            is_hidden=span.leaves_out(first, after),
        )
        for place, (first, after) in enumerate(pairwise(edges))
    )
    return Chart(_unit(step), bars, max(done), max(failed))


def _scale(first: int, last: int, zone: tzinfo) -> tuple[timedelta, list[Edge]]:
    """Return the shortest step with which few enough bars hold all from *first* to *last*, and their edges."""
    for step in _SHORT:
        if (last - first) / 1000 < (MOST + 1) * step.total_seconds():
            edges = _edges(first, last, step, zone)
            if len(edges) <= MOST + 1:
                return step, edges
    weeks = 1
    while len(edges := _edges(first, last, weeks * _WEEK, zone)) > MOST + 1:
        weeks = max(weeks + 1, -(-weeks * (len(edges) - 1) // MOST))
    return weeks * _WEEK, edges


def _edges(first: int, last: int, step: timedelta, zone: tzinfo) -> list[Edge]:
    """Return where bars of *step* begin and end that hold all from *first* to *last*.

    An hour that the clock leaves out is none, and one that it shows twice is one.
    """
    clock = _floor(times.at(first, zone).replace(tzinfo=None), step)
    while (moment := _moment(clock, step, zone)) is None or moment > first:
        clock -= step
    edges = [Edge(clock, moment)]
    while edges[-1].moment <= last:
        clock += step
        moment = _moment(clock, step, zone)
        if moment is not None and moment > edges[-1].moment:
            edges.append(Edge(clock, moment))
    while edges[1].moment <= first:
        edges.pop(0)
    return edges


def _moment(clock: datetime, step: timedelta, zone: tzinfo) -> int | None:
    """Return when a clock in *zone* shows *clock*; None where it never does, but for a day: that begins later then."""
    there = clock.replace(tzinfo=zone)
    is_left_out = there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != clock
    return None if is_left_out and step < _DAY else int(there.timestamp() * 1000)


def _floor(clock: datetime, step: timedelta) -> datetime:
    midnight = clock.replace(hour=0, minute=0, second=0, microsecond=0)
    if step <= _DAY:
        return midnight + (clock - midnight) // step * step
    return midnight - timedelta(days=midnight.weekday())


def _is_off(clock: datetime, step: timedelta) -> bool:
    """Return whether all of *step* from *clock* on is outside working hours; of weeks and more, never."""
    if step >= _WEEK:
        return False
    if clock.weekday() >= _SATURDAY:
        return True
    since_midnight = timedelta(hours=clock.hour)
    return step < _DAY and (since_midnight >= _CLOSES or since_midnight + step <= _OPENS)


def _during(wanted: Filter, first: Edge, after: Edge, step: timedelta, zone: tzinfo) -> Filter:
    """Return *wanted* for the time between two edges: days where it is of days, else moments to the minute."""
    if step >= _DAY:
        since, until = str(first.clock.date()), str((after.clock - _DAY).date())
    else:
        since, until = (spans.spelled(moment, zone) for moment in (first.moment, after.moment - 60_000))
    return wanted.change("from", since).change("to", until)


def _label(first: Edge, after: Edge, step: timedelta, zone: tzinfo) -> str:
    start, end = (times.at(edge.moment, zone) for edge in (first, after))
    day = f"{start:%a} {start.day} {start:%b %Y}"
    if step >= _WEEK:
        last = after.clock - _DAY
        return f"{start.day} {start:%b %Y} to {last.day} {last:%b %Y}"
    return day if step == _DAY else f"{day}, {start:%H:%M} to {end:%H:%M}"


def _unit(step: timedelta) -> str:
    length, name = next((length, name) for length, name in _UNITS if step >= length)
    size = step // length
    return name if size == 1 else f"{size} {name}s"
