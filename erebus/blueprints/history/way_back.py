"""What would have to be set back for an entity to be again what it was after an event. Pure; nothing is changed here.

Whether the rules of the program let it be set back is not known to the log: a revoked key stays revoked.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from erebus.blueprints.history.states import FieldState, Known, Standing, is_same

if TYPE_CHECKING:
    from erebus.blueprints.history.states import History, State
    from erebus.trail import AuditEvent


class Turn(enum.StrEnum):
    """What would have to be done with the entity as a whole."""

    NOTHING = "nothing"
    SET_BACK = "set fields back"
    CREATE = "create it again"
    DELETE = "delete it"
    UNKNOWN = "unknown"


class Step(NamedTuple):
    """A field that is not what it was: *now* and *then*, and the events after then that changed it, oldest first."""

    now: FieldState | None
    then: FieldState
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True)
class WayBack:
    """The way from *now* to *then*; *since* is what succeeded after it, oldest first."""

    now: State
    then: State
    turn: Turn
    steps: tuple[Step, ...]
    since: tuple[AuditEvent, ...]


def find_way_back(history: History, number: int, head: int) -> WayBack:
    """Return the way back from what the entity is now, after event *head*, to what it was after event *number*."""
    now, then = history.after(head), history.after(number)
    since = tuple(event for event in reversed(history.events) if event.status and event.number > number)
    turn = _turn(now, then)
    steps = _steps(history, now, then) if turn in {Turn.SET_BACK, Turn.CREATE} else ()
    return WayBack(now, then, Turn.NOTHING if turn is Turn.SET_BACK and not steps else turn, steps, since)


def _turn(now: State, then: State) -> Turn:
    if Standing.UNKNOWN in {now.standing, then.standing}:
        return Turn.UNKNOWN
    is_there, was_there = now.standing is Standing.THERE, then.standing is Standing.THERE
    if is_there and was_there:
        return Turn.SET_BACK
    if was_there:
        return Turn.CREATE
    return Turn.DELETE if is_there else Turn.NOTHING


def _steps(history: History, now: State, then: State) -> tuple[Step, ...]:
    present = {state.field: state for state in now.fields}
    steps = (
        Step(present.get(state.field), state, _changing(history, state.field, then.number)) for state in then.fields
    )
    return tuple(step for step in steps if _differs(step))


def _changing(history: History, field: str, number: int) -> tuple[AuditEvent, ...]:
    touches = (touch for life in history.lives for touch in life.touches.get(field, ()))
    return tuple(touch.event for touch in touches if touch.event.number > number)


def _differs(step: Step) -> bool:
    """Return whether the field has to be set: of an entity to be created every one that had a value."""
    now, then = step.now, step.then
    if now is None:
        return not (then.known is Known.WHOLE and then.value is None)
    if now.has_value and then.has_value:
        return not is_same(now.value, then.value)
    return bool(step.events)
