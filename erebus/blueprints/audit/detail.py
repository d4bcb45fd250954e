"""One event on a page of its own: all of its fields, its change, and its neighbours. Pure: no request, no database."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from erebus.blueprints.audit.differences import mark
from erebus.blueprints.audit.presenter import as_json, changes_of
from erebus.trail import AuditEvent, printable
from erebus.wording import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from erebus.blueprints.audit.differences import Marked
    from erebus.trail import AuditLog
    from erebus.wording import Change, Value

_ROOMY = 60  # characters of a value that has a line of its own
_ID = re.compile(r"[0-9A-Z]{26}")


class Fact(NamedTuple):
    """A field of the event; *is_code* says that it is for machines."""

    name: str
    value: Value
    is_code: bool


class Group(NamedTuple):
    """Fields that belong together."""

    title: str
    facts: tuple[Fact, ...]


class Field(NamedTuple):
    """A field's change; *marked* are both sides in parts, where the part that differs is to be pointed out."""

    change: Change
    marked: Marked | None
    is_roomy: bool


class Neighbours(NamedTuple):
    """The nearest kept events before and after, of those that *title* names."""

    title: str
    previous: AuditEvent | None
    next: AuditEvent | None


def visible(event: AuditEvent) -> AuditEvent:
    """Return *event* with every character of its texts visible, as the trail writes them: they may be tampered with."""
    parts = zip(event._fields, event, strict=True)
    return AuditEvent._make(_visible(part) if name != "stored_changes" else part for name, part in parts)


def facts(event: AuditEvent) -> tuple[Group, ...]:
    """Return what is stored of *event*, but its number, time and status."""
    return (
        Group("What was done", _of_deed(event)),
        Group("To what", _of_entity(event)),
        Group("By whom", _of_actor(event)),
        Group("From where", _of_request(event)),
        Group("In the chain", _of_chain(event)),
    )


def fields(event: AuditEvent) -> tuple[Field, ...]:
    """Return the change of *event*, field by field, values whole."""
    return tuple(map(_field, changes_of(event)))


def neighbours(event: AuditEvent, log: AuditLog) -> tuple[Neighbours, ...]:
    """Return what comes before and after *event* in *log*: at all, of the same entity, of the same actor."""
    kinds: dict[str, Callable[[AuditEvent], bool]] = {
        "In this log": lambda _: True,
        "On the same entity": lambda other: _entity(other) == _entity(event),
        "By the same actor": lambda other: other.actor_id == event.actor_id,
    }
    place = next(index for index, other in enumerate(log.events) if other is event)
    newer, older = log.events[:place][::-1], log.events[place + 1 :]
    return tuple(Neighbours(title, _first(belongs, older), _first(belongs, newer)) for title, belongs in kinds.items())


def reference(event: AuditEvent) -> str:
    """Return what *event* is asked for by: its id, unless that was tampered with and is no part of an address."""
    return event.id if _ID.fullmatch(event.id) else str(event.number)


def has_history(event: AuditEvent) -> bool:
    """Return whether what *event* is about can be asked for in an address: a part of one each for its kind and id."""
    return all("/" not in part and part.strip(".") for part in _entity(event))


def json_text(event: AuditEvent) -> str:
    """Return *event* as JSON to be read: a field a line, a change a line, every character visible."""
    lines = [f"  {json.dumps(name)}: {_laid_out(value)}" for name, value in as_json(event).items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _laid_out(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {_laid_out(item)}" for item in value) + "\n  ]"
    return printable(json.dumps(value, ensure_ascii=False))


def _fact(name: str, text: str | None, *, is_code: bool = True) -> Fact:
    return Fact(name, value_of(text), is_code)


def _of_deed(event: AuditEvent) -> tuple[Fact, ...]:
    return (
        _fact("Action", event.action),
        _fact("Action description", event.action_description, is_code=False),
        _fact("Description", event.description, is_code=False),
        _fact("Reason", event.reason, is_code=False),
    )


def _of_entity(event: AuditEvent) -> tuple[Fact, ...]:
    return (
        _fact("Entity type", event.entity_type),
        _fact("Entity", event.entity_label, is_code=False),
        _fact("Entity id", event.entity_id),
        _fact("Project id", event.project_id),
    )


def _of_actor(event: AuditEvent) -> tuple[Fact, ...]:
    return (
        _fact("Actor", event.actor_name, is_code=False),
        _fact("Actor kind", event.actor_kind),
        _fact("Actor id", event.actor_id),
        _fact("Image then", event.actor_image),
    )


def _of_request(event: AuditEvent) -> tuple[Fact, ...]:
    return (
        _fact("Request id", event.request_id),
        _fact("Address", event.address),
        _fact("Browser", event.user_agent, is_code=False),
    )


def _of_chain(event: AuditEvent) -> tuple[Fact, ...]:
    return _fact("Hash", event.hash.hex()), _fact("Hash of the one before", event.previous_hash.hex())


def _visible(part: object) -> object:
    return printable(part) if isinstance(part, str) else part


def _first(belongs: Callable[[AuditEvent], bool], events: Iterable[AuditEvent]) -> AuditEvent | None:
    return next((visible(event) for event in events if belongs(event)), None)


def _field(change: Change) -> Field:
    before, after = change.before, change.after
    marked = None
    if before and after and not (before.is_word or after.is_word):
        marked = mark(before.text, after.text)
    longest = max((len(side.text) for side in (before, after) if side), default=0)
    return Field(change, marked, is_roomy=marked is not None or longest > _ROOMY)


def _entity(event: AuditEvent) -> tuple[str, str]:
    return event.entity_type, event.entity_id
