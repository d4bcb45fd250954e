"""How the history of one entity is shown: as a page, and as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.blueprints.audit.queries import PAGE_SIZE, turn_to
from erebus.blueprints.history.states import Known, Standing
from erebus.blueprints.history.way_back import Turn
from erebus.trail import printable
from erebus.wording import shortened, value_of

if TYPE_CHECKING:
    from erebus.blueprints.audit.queries import Page
    from erebus.blueprints.history.states import FieldState, History, State
    from erebus.blueprints.history.way_back import Step, WayBack
    from erebus.trail import AuditEvent
    from erebus.wording import Value

_NO_VALUE = {
    Known.WITHHELD: "never shown",
    Known.UNRECORDED: "its value is not recorded",
    Known.UNKNOWN: "not known",
}
_CUT = "Too long to be recorded whole."


class Place(NamedTuple):
    """The event *number* after which the state is told; with a *flaw*, it is not the one that was asked for."""

    number: int
    flaw: str = ""
    status: HTTPStatus = HTTPStatus.OK


class Line(NamedTuple):
    """A field of a state: its value as the page shows it, or in *withheld* why there is none; *note* qualifies it."""

    name: str
    value: Value | None
    withheld: str
    note: str
    since: AuditEvent | None


class StepLine(NamedTuple):
    """A field to be set back: what it is *now* (None where the entity is gone), was *then*, and what did it."""

    now: Line | None
    then: Line
    events: tuple[AuditEvent, ...]


def heading(history: History, entity_type: str, displaced: int) -> str:
    """Return what is said of an entity in the heading: its newest name, or in words what it is."""
    if history.events:
        return f"History of {history.events[0].entity_label or history.events[0].entity_id}"
    kind = " ".join("API" if word == "api" else word for word in printable(entity_type).split("_"))
    article = "An" if kind[:1].lower() in {*"aeio"} else "A"
    return f"{article} {kind} {'of which no event is kept' if displaced else 'that no event is about'}"


def place_of(asked: int | None, first: int, last: int) -> Place:
    """Return after which event the state is told, in a log that keeps *first* to *last*."""
    if asked is None or first <= asked <= last:
        return Place(last if asked is None else asked)
    if asked > last:
        return Place(
            last, f"This log has not come so far as #{asked}: its newest event is #{last}.", HTTPStatus.NOT_FOUND
        )
    told = f"#{asked} has been displaced. The oldest event that is kept is #{first}: what was before cannot be told."
    return Place(last, told, HTTPStatus.GONE)


def page_with(history: History, number: int, before: int | None) -> Page:
    """Return the page of *history* that *before* names; without it, the newest, or one with what led to *number*."""
    if before is None and sum(event.number > number for event in history.events) >= PAGE_SIZE:
        before = number + 1
    return turn_to(history.events, before)


def event_at(history: History, number: int) -> AuditEvent | None:
    """Return the newest event of *history* that is no later than *number*."""
    return next((event for event in history.events if event.number <= number), None)


def steps_from(history: History, number: int) -> tuple[AuditEvent | None, AuditEvent | None]:
    """Return the events of *history* before and after the one that led to the state after *number*."""
    here = event_at(history, number)
    older = [event for event in history.events if here and event.number < here.number]
    newer = [event for event in history.events if event.number > number]
    return (older[0] if older else None), (newer[-1] if newer else None)


def reach(history: History, first: int, displaced: int) -> str:
    """Return how far back the history is known, in words; *first* is the oldest event that the log keeps."""
    creation = history.lives[0].creation if history.lives else None
    if creation:
        return f"Its creation, #{creation.number}, is kept: from there on nothing is missing."
    if displaced:
        return (
            f"All before #{first} is displaced. What it was then is known as far as later events tell: "
            "a field that none of them changed is not listed."
        )
    return "No event created it: it was there before its log began. A field that no event changed is not listed."


def standing(state: State) -> str:
    """Return, in words, whether the entity was there; empty if it was, and nothing kept created it."""
    number = f"#{state.turn.number}" if state.turn else ""
    return {
        Standing.THERE: f"Created by {number}." if number else "",
        Standing.DELETED: f"It was not there any more: {number} had deleted it.",
        Standing.NOT_YET: f"It was not there yet: {number} created it.",
        Standing.UNKNOWN: "Nothing is known of it: no event that is kept changed it.",
    }[state.standing]


def lines(state: State) -> tuple[Line, ...]:
    """Return *state*, field by field."""
    return tuple(map(_line, state.fields))


def step_lines(way: WayBack) -> tuple[StepLine, ...]:
    """Return what has to be set back, field by field."""
    return tuple(StepLine(_line(s.now) if s.now else None, _line(s.then), s.events) for s in way.steps)


def as_json(history: History, way: WayBack) -> dict[str, Any]:
    """Return the state *then*, and the way back to it; values are whole, as far as they are recorded."""
    return {
        "after": way.then.number,
        "now": way.now.number,
        "standing": way.then.standing.value,
        "fields": [_field_as_json(state) for state in way.then.fields],
        "wayBack": {"turn": way.turn.value, "fields": [_step_as_json(step) for step in way.steps]},
        "events": [event.number for event in history.events],
    }


def is_told(turn: Turn) -> bool:
    """Return whether fields have to be set, so that they are listed."""
    return turn in {Turn.SET_BACK, Turn.CREATE}


def _line(state: FieldState) -> Line:
    if state.known is Known.DOUBTFUL and state.since and state.until:
        note = (
            f"So #{state.since.number} left it; #{state.until.number} found "
            f"“{shortened(value_of(state.found)).text}”. In between it was changed past the log."
        )
        return Line(state.name, shortened(value_of(state.value)), "", note, state.since)
    if not state.has_value:
        return Line(state.name, None, _withheld(state), "", state.since)
    note = _CUT if state.known is Known.CUT else ""
    return Line(state.name, shortened(value_of(state.value)), "", note, state.since)


def _withheld(state: FieldState) -> str:
    told = _NO_VALUE[state.known]
    if state.known is Known.WITHHELD and state.since:
        return f"{'set' if state.since.action == 'create' else 'changed'}, {told}"
    return told


def _field_as_json(state: FieldState) -> dict[str, Any]:
    told = {"field": state.field, "name": state.name, "known": state.known.value}
    value = {"value": state.value} if state.has_value or state.known is Known.DOUBTFUL else {}
    found = {"found": state.found} if state.known is Known.DOUBTFUL else {}
    bounds = {"since": state.since and state.since.number, "until": state.until and state.until.number}
    return told | value | found | bounds


def _step_as_json(step: Step) -> dict[str, Any]:
    return {
        "now": _field_as_json(step.now) if step.now else None,
        "then": _field_as_json(step.then),
        "events": [event.number for event in step.events],
    }
