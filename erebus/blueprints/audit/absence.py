"""Why an event that was asked for is not there: displaced for certain, displaced if it ever was here, or unknown. Pure.

A number below the first that is kept is displaced for certain. Of an id only its time is known (a ULID begins with
it): one that was made no later than the oldest kept event may have been displaced; a later one would be here.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from ulid import ULID

from erebus.blueprints.audit.presenter import moment_of
from erebus.times import readable
from erebus.trail import printable

if TYPE_CHECKING:
    from erebus.trail import AuditEvent, AuditLog

_MOST_SHOWN = 40  # characters of what was asked for


class Window(NamedTuple):
    """The numbers that a log keeps; all below *first* are displaced."""

    first: int
    last: int


@dataclass(frozen=True)
class Absence:
    """Why an event is not there, in a *title* and *sentences*, and what is known of it all the same.

    *number* is its number, if that was asked for and is one of the log's. *made_at* is when its id was made
    (milliseconds since 1970). *heir* is the kept event that would have displaced it at the latest, *hash* its own, if
    the oldest kept event holds it. *named* is the number that the address names beside an id, if this log had it.
    """

    title: str
    sentences: tuple[str, ...]
    is_displaced: bool = False
    window: Window | None = None
    number: int | None = None
    made_at: int | None = None
    heir: AuditEvent | None = None
    hash: str = ""
    named: int | None = None

    @property
    def status(self) -> HTTPStatus:
        """Gone, if it is displaced or may be; otherwise not found."""
        return HTTPStatus.GONE if self.is_displaced else HTTPStatus.NOT_FOUND

    def as_json(self) -> dict[str, Any]:
        """Return the answer to a program. *idMadeAt* is in milliseconds since 1970, UTC."""
        return {
            "error": self.title,
            "hint": " ".join(self.sentences),
            "number": self.number,
            "idMadeAt": self.made_at,
            "kept": self.window._asdict() if self.window else None,
        }


def explain_number(log: AuditLog | None, number: int) -> Absence:
    """Return why there is no event *number* in *log*."""
    window = window_of(log)
    if log is None or window is None:
        return Absence(f"There is no event #{number}", ("Nothing has been logged here yet.",))
    if number > window.last:
        told = (f"This log has not come so far: its newest event is #{window.last}.",)
        return Absence(f"There is no event #{number} yet", told, window=window)
    if number >= window.first:
        told = (f"This log should keep #{window.first} to #{window.last}, and #{number} is not among them.",)
        return Absence(f"Event #{number} is missing", told, window=window, number=number)
    return Absence(
        f"Event #{number} has been displaced",
        (f"This log keeps its newest {log.capacity:,} events, now {_kept(window)}. {_DISPLACED}",),
        is_displaced=True,
        window=window,
        number=number,
        heir=_by_number(log, number + log.capacity),
        hash=_hash_before(log, window) if number == window.first - 1 else "",
    )


def explain_id(log: AuditLog | None, event_id: str, number: int | None) -> Absence:
    """Return why there is no event *event_id* in *log*; its address may have named a *number*."""
    window, made_at = window_of(log), _time_of(event_id)
    hint = _of_number(window, number)
    if log is None or window is None:
        return Absence("There is no such event", ("Nothing has been logged here yet.",))
    named = number if number and number <= window.last else None
    if made_at is None:
        told = f"“{_short(event_id)}” is neither the id of an event, which has 26 letters and digits, nor a number."
        return Absence("There is no such event", (told, *hint), window=window, named=named)
    title, told, is_displaced = _by_time(log, window, made_at)
    return Absence(
        title,
        (told, *hint),
        is_displaced=is_displaced,
        window=window,
        made_at=readable(made_at),
        named=named,
    )


_DISPLACED = "Each new one takes the place of the oldest, which is gone for good."


def _by_time(log: AuditLog, window: Window, made_at: int) -> tuple[str, str, bool]:
    """Return title, sentence, and whether an event can have been displaced whose id was made at *made_at*."""
    if window.first == 1:
        told = f"Nothing has been displaced from this log: all of {_kept(window)} are here, and none has this id."
        return "There is no such event", told, False
    if made_at <= _newest_time(log.events[-1] if log.events else None):
        told = (
            f"This log keeps {_kept(window)}, and the id is no newer than the oldest of them: if it is of an event of "
            f"this project, that was one of the {window.first - 1:,} that were displaced. {_DISPLACED}"
        )
        return "This event has been displaced, if it ever was here", told, True
    told = (
        f"Its id was made after #{window.first}, the oldest event that is kept. All since then are here, and none has "
        "this id: it is mistyped, or of another project."
    )
    return "There is no such event", told, False


def _of_number(window: Window | None, number: int | None) -> tuple[str, ...]:
    """Return what is to be said of the number in the address of an id."""
    if window is None or number is None:
        return ()
    if number < window.first:
        return (f"Its address names #{number}, and that number has been displaced for certain.",)
    if number > window.last:
        return (f"Its address names #{number}, and this log has not come so far.",)
    return (f"Its address names #{number}; the event that has this number has another id.",)


def window_of(log: AuditLog | None) -> Window | None:
    """Return the numbers that *log* keeps, or should; None if there never was any."""
    if log is None or log.head_number < 1:
        return None
    first = max(log.seam_number, log.head_number - log.capacity, 0) + 1
    return Window(min(first, log.head_number), log.head_number)


def _kept(window: Window) -> str:
    return f"#{window.first}" if window.first == window.last else f"#{window.first} to #{window.last}"


def _by_number(log: AuditLog, number: int) -> AuditEvent | None:
    return next((event for event in log.events if event.number == number), None)


def _hash_before(log: AuditLog, window: Window) -> str:
    oldest = _by_number(log, window.first)
    return oldest.previous_hash.hex() if oldest else ""


def _newest_time(event: AuditEvent | None) -> int:
    """Return when *event* was written, or its id made, whichever is later; -1 if neither is known."""
    times = (moment_of(event), _time_of(event.id)) if event else ()
    return max((time for time in times if time is not None), default=-1)


def _time_of(event_id: str) -> int | None:
    """Return when the ULID *event_id* was made, in milliseconds since 1970; None if it is none."""
    try:
        return ULID.from_str(event_id).milliseconds
    except ValueError:
        return None


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
