"""The ring as a picture: the whole log as a strip of ticks, one a slot, oldest left, newest right.

Pure: from a log to numbers that a template draws, in percent, so that the strip fits any width. Where there is room for
fewer ticks than slots, a tick stands for several events and looks like the gravest of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from erebus.blueprints.audit.presenter import moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erebus.trail import AuditEvent, AuditLog


FINE, COARSE = 200, 50  # ticks at most: where there is room, and on a phone or a card
_FAILED_NAMED = 8  # failures that the text equivalent names; beyond that it counts
_GRAVITY = {"empty": 0, "create": 1, "update": 2, "delete": 3, "missing": 5} | dict.fromkeys(
    ("create fail", "update fail", "delete fail"), 4
)
_DIM = " dim"  # of what a filter hides: less grave than all that it shows
_VISIBLE = 1.0  # percent of the strip: what is shown of a large log would be no more than a dot
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


@dataclass(frozen=True)
class Span:
    """A stretch of the strip: *x* and *width* in percent."""

    x: str
    width: str


class Strip(NamedTuple):
    """Ticks side by side: *ticks* are their places from 0 on by their look, the CSS classes.

    A tick is drawn as wide as a hundredth of an inner picture, which is *width* wide: that is written once, not with
    each tick. Each stands for *size* slots; *gravest* are the numbers that they look like, 0 where there is no event.
    """

    ticks: dict[str, list[int]]
    width: str
    size: int
    gravest: list[int]


@dataclass(frozen=True)
class Picture:
    """The log at a glance.

    *first* and *last* are the numbers that it should keep, *kept* how many are there; *counts* are look, word and
    number of what was done and what failed; *text* says all of it in words; *shown* is the stretch that the page is of.
    """

    first: int
    last: int
    kept: int
    capacity: int
    displaced: int
    first_time: int | None
    last_time: int | None
    counts: tuple[tuple[str, str, int], ...]
    text: str
    fine: Strip
    coarse: Strip
    shown: Span | None


def draw(log: AuditLog, shown: Sequence[AuditEvent] = (), matching: tuple[AuditEvent, ...] | None = None) -> Picture:
    """Return *log* as a picture; what is not *matching* is dimmed, the stretch that is *shown* marked if it is part."""
    displaced = max(log.seam_number, log.head_number - log.capacity)
    found = log.events if matching is None else matching
    looks = _looks(log, displaced + 1, found)
    counts = _counts(log)
    is_part = 0 < len(shown) < len(found)
    return Picture(
        first=displaced + 1 if log.head_number else 0,
        last=log.head_number,
        kept=len(log.events),
        capacity=log.capacity,
        displaced=displaced,
        first_time=moment_of(log.events[-1]) if log.events else None,
        last_time=moment_of(log.events[0]) if log.events else None,
        counts=counts,
        text=_text(log, displaced + 1, counts) + _hidden(log, found),
        fine=_ticks(looks, displaced + 1, FINE),
        coarse=_ticks(looks, displaced + 1, COARSE),
        shown=_span(shown, displaced, log.capacity) if is_part else None,
    )


def _looks(log: AuditLog, first: int, found: tuple[AuditEvent, ...]) -> list[str]:
    """Return the look of every slot; a number that should be there and is not is missing, not empty."""
    by_number = {event.number: event for event in log.events}
    undimmed = {event.number for event in found}
    looks = []
    for number in range(first, first + log.capacity):
        event = by_number.get(number)
        absent = "missing" if number <= log.head_number else "empty"
        look = _look(event) if event else absent
        looks.append(look if event is None or number in undimmed else look + _DIM)
    return looks


def _look(event: AuditEvent) -> str:
    action = event.action if event.action in _DONE else "update"
    return action if event.status else f"{action} fail"


def _ticks(looks: list[str], first: int, most: int) -> Strip:
    size = ceil(len(looks) / most)
    groups = [looks[start : start + size] for start in range(0, len(looks), size)]
    ticks: dict[str, list[int]] = {}
    gravest = []
    for place, group in enumerate(groups):
        look, offset = max(((look, offset) for offset, look in enumerate(group)), key=_gravest)
        ticks.setdefault(f"tick {look}", []).append(place)
        gravest.append(0 if look == "empty" else first + place * size + offset)
    return Strip(dict(sorted(ticks.items())), _percent(100 * 100 / len(groups)), size, gravest)


def _gravest(slot: tuple[str, int]) -> tuple[bool, int, int]:
    """Return what orders the slots of a tick, look and place each; the newest wins of those that are as grave."""
    look, offset = slot
    return *_gravity(look), offset


@cache
def _gravity(look: str) -> tuple[bool, int]:
    return look != "empty" and not look.endswith(_DIM), _GRAVITY[look.removesuffix(_DIM)]


def _span(shown: Sequence[AuditEvent], displaced: int, capacity: int) -> Span:
    start = shown[-1].number - displaced - 1
    width = max(100 * (shown[0].number - shown[-1].number + 1) / capacity, _VISIBLE)
    return Span(_percent(min(100 * start / capacity, 100 - width)), _percent(width))


def _percent(value: float) -> str:
    return f"{round(value, 3):g}%"


def _counts(log: AuditLog) -> tuple[tuple[str, str, int], ...]:
    """Return look, word and number of what is kept: what was done by action, and what failed."""
    found = Counter("fail" if not event.status else _look(event) for event in log.events)
    words = {**_DONE, "fail": "failed"}
    return tuple((look, word, found[look]) for look, word in words.items())


def _text(log: AuditLog, first: int, counts: tuple[tuple[str, str, int], ...]) -> str:
    """Return what the picture says, in words."""
    if not log.events:
        return f"The log as a strip of {log.capacity} slots, all of them empty."
    told = ", ".join(f"{number} {word}" for _, word, number in counts if number)
    failed = [f"#{event.number}" for event in log.events if not event.status]
    rest = f" and {len(failed) - _FAILED_NAMED} older ones" if len(failed) > _FAILED_NAMED else ""
    failures = f" Failed: {', '.join(failed[:_FAILED_NAMED])}{rest}." if failed else ""
    return (
        f"The log as a strip of {log.capacity} slots, oldest left, newest right: "
        f"#{first} to #{log.head_number}, {told}.{failures}"
    )


def _hidden(log: AuditLog, found: tuple[AuditEvent, ...]) -> str:
    hidden = len(log.events) - len(found)
    return f" The filter hides {hidden} of them, which are dimmed." if hidden else ""
