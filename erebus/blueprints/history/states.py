"""One entity through time: its events, and what it was after any of them. Pure: events in, states out.

Told from the recorded changes alone. A field is what the last event that changed it up to then left behind; where none
is kept, what the next one found there. So of a field that no kept event changed nothing is known, and nothing is said.
A failed event changes nothing. An entity that was deleted and made again under the same id has several lives: nothing
is carried over from one to the next.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.trail import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from erebus.trail import AuditEvent

_CUT = re.compile(r"… \[\d+ characters, SHA-256 [0-9a-f]{64}\]\Z")  # how the trail ends a text that it cuts


class Standing(enum.StrEnum):
    """Whether there was such an entity."""

    THERE = "there"
    DELETED = "deleted"
    NOT_YET = "not yet created"
    UNKNOWN = "unknown"


class Known(enum.StrEnum):
    """How much is known of a field at a moment."""

    WHOLE = "whole"
    CUT = "cut"  # too long to be kept whole
    WITHHELD = "withheld"  # a secret: it changed, and is never shown
    UNRECORDED = "unrecorded"  # it changed, and no value of it is kept
    DOUBTFUL = "doubtful"  # the next event found another value than the last one left
    UNKNOWN = "unknown"


class Touch(NamedTuple):
    """What one event says of one field, as it is stored; *hidden* says why it has no values."""

    event: AuditEvent
    name: str
    before: Any
    after: Any
    hidden: str | None


@dataclass(frozen=True)
class FieldState:
    """A field at a moment: *value* as it is stored, where *known* says that there is one.

    *since* is the event that left it so, *until* the next one that changed it, each None if no kept event did. Of a
    doubtful one *found* is what the next event found.
    """

    field: str
    name: str
    known: Known
    value: Any = None
    since: AuditEvent | None = None
    until: AuditEvent | None = None
    found: Any = None

    @property
    def has_value(self) -> bool:
        """Whether *value* is what the field was, or its beginning."""
        return self.known in {Known.WHOLE, Known.CUT}


@dataclass(frozen=True)
class State:
    """What an entity was after event *number*, and the event that made or deleted it last, if that is kept."""

    number: int
    standing: Standing
    fields: tuple[FieldState, ...] = ()
    turn: AuditEvent | None = None


@dataclass(frozen=True)
class Life:
    """An entity from its creation to its deletion: what succeeded with it, oldest first."""

    events: tuple[AuditEvent, ...]

    @property
    def creation(self) -> AuditEvent | None:
        """The event that made it, None if that is not kept."""
        return self.events[0] if self.events[0].action == "create" else None

    @property
    def deletion(self) -> AuditEvent | None:
        """The event that deleted it, None if that is not kept or has not come."""
        return self.events[-1] if self.events[-1].action == "delete" else None

    @cached_property
    def touches(self) -> dict[str, list[Touch]]:
        """What the events say of each field, oldest first; a creation leaves out what there was none of."""
        found: dict[str, list[Touch]] = {}
        for event in self.events:
            for field, touch in _touches(event):
                found.setdefault(field, []).append(touch)
        if self.creation:
            for touches in found.values():
                if touches[0].event is not self.creation and not touches[0].hidden:
                    touches.insert(0, Touch(self.creation, touches[0].name, None, None, None))
        return found


@dataclass(frozen=True)
class History:
    """The kept *events* of one entity, newest first."""

    events: tuple[AuditEvent, ...]

    @cached_property
    def lives(self) -> tuple[Life, ...]:
        """The lives of the entity, oldest first."""
        lives: list[list[AuditEvent]] = []
        for event in reversed(self.events):
            if not event.status:
                continue
            if not lives or event.action == "create" or lives[-1][-1].action == "delete":
                lives.append([])
            lives[-1].append(event)
        return tuple(Life(tuple(events)) for events in lives)

    @property
    def unreadable(self) -> tuple[int, ...]:
        """The numbers of the events whose changes the trail never wrote: what they changed is not known."""
        return tuple(event.number for event in self.events if event.status and _stored(event) is None)

    def after(self, number: int) -> State:
        """Return what the entity was after event *number* of its log, whichever entity that was about."""
        life = self._life(number)
        if life is None:
            return State(number, Standing.UNKNOWN)
        if life.creation and number < life.creation.number:
            return State(number, Standing.NOT_YET, turn=life.creation)
        if life.deletion and number >= life.deletion.number:
            return State(number, Standing.DELETED, turn=life.deletion)
        return State(number, Standing.THERE, tuple(self._fields(life, number)), life.creation)

    def _life(self, number: int) -> Life | None:
        """Return the life that lasted after event *number*: the last that had begun, else the first."""
        begun = [life for life in self.lives if life.events[0].number <= number]
        return begun[-1] if begun else next(iter(self.lives), None)

    def _fields(self, life: Life, number: int) -> Iterator[FieldState]:
        names = {field: touches[-1].name for each in self.lives for field, touches in each.touches.items()}
        for field, name in names.items():
            touches = life.touches.get(field, [])
            yield _state(field, name, touches, number) if touches else self._untouched(life, field, name)

    def _untouched(self, life: Life, field: str, name: str) -> FieldState:
        """Return what *field* was in a *life* in which no event tells of it: in another one does."""
        turn = life.creation or life.deletion  # which tell of every recorded field that is set
        told = [touch for each in self.lives for touch in each.touches.get(field, [])]
        if turn is None or any(touch.hidden for touch in told):
            return FieldState(field, name, Known.UNKNOWN)
        return FieldState(field, name, Known.WHOLE, since=life.creation)


def of_entity(events: Iterable[AuditEvent], entity_type: str, entity_id: str) -> History:
    """Return the history of one entity from the *events* of a log, newest first."""
    return History(tuple(e for e in events if (e.entity_type, e.entity_id) == (entity_type, entity_id)))


def is_same(one: object, other: object) -> bool:
    """Return whether two stored values are the same: 1 is not true."""
    return type(one) is type(other) and one == other


def _state(field: str, name: str, touches: list[Touch], number: int) -> FieldState:
    """Return what *field* was after event *number*, from all that is told of it in one life."""
    last = next((touch for touch in reversed(touches) if touch.event.number <= number), None)
    following = next((touch for touch in touches if touch.event.number > number), None)
    since, until = last and last.event, following and following.event
    if last and not last.hidden:
        value, told = last.after, last
    elif following and not following.hidden:
        value, told = following.before, following
    else:
        return FieldState(field, name, _known_of_hidden(last or following), since=since, until=until)
    if told is last and following and not following.hidden and not is_same(value, following.before):
        return FieldState(field, name, Known.DOUBTFUL, value, since, until, following.before)
    return FieldState(field, name, Known.CUT if _is_cut(value) else Known.WHOLE, value, since, until)


def _known_of_hidden(touch: Touch | None) -> Known:
    return Known.WITHHELD if touch and touch.hidden == "secret" else Known.UNRECORDED


def _touches(event: AuditEvent) -> Iterator[tuple[str, Touch]]:
    for stored in _stored(event) or ():
        name = printable(str(stored.get("name", "?")))
        hidden = str(stored["hidden"]) if "hidden" in stored else None
        yield str(stored.get("field", name)), Touch(event, name, stored.get("before"), stored.get("after"), hidden)


def _stored(event: AuditEvent) -> tuple[dict[str, Any], ...] | None:
    try:
        return event.changes
    except ValueError:
        return None


def _is_cut(value: object) -> bool:
    return isinstance(value, str) and _CUT.search(value) is not None
