"""The filter as the page offers it: what there is to choose from, what is chosen, and how to take it away again.

Pure: from a filter and the events of a log. Only values that occur in the log are offered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from erebus.blueprints.audit.filters import ACTIONS, STATUSES, qualified
from erebus.blueprints.audit.matching import fold
from erebus.blueprints.audit.spans import QUICK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erebus.blueprints.audit.filters import Filter
    from erebus.trail import AuditEvent

_OFFERED, _ENTITIES = 40, 8  # of actors and kinds, and of entities: those of the newest events; the box takes any
_WORDS = {
    "actor": "Actor",
    "action": "Action",
    "type": "Type",
    "entity": "Entity",
    "status": "Status",
    "from": "From",
    "to": "To",
    "request": "Request",
}


class Option(NamedTuple):
    """Something to choose: its value, and what it is called."""

    value: str
    label: str


class Select(NamedTuple):
    """A list to choose from; *rest* is what it is called to choose none of it, *chosen* the value that is."""

    name: str
    label: str
    rest: str
    options: list[Option]
    chosen: str


class Chip(NamedTuple):
    """A part of the filter, in words, with the filter that is left without it."""

    label: str
    text: str
    without: Filter


class Range(NamedTuple):
    """A quick range: its name, the filter with it, and whether it is the one that is chosen."""

    label: str
    filter: Filter
    is_chosen: bool


@dataclass(frozen=True)
class Controls:
    """All that the page offers."""

    selects: list[Select]
    ranges: list[Range]
    chips: list[Chip]
    completions: list[Option]


def offer(events: Iterable[AuditEvent], chosen: Filter) -> Controls:
    """Return what the page of a log with *events* offers, *chosen* being the filter now."""
    events = tuple(events)
    actors, entities = _actors(events), _entities(events)
    selects = [
        _select("actor", "anyone", actors, chosen.actor),
        _select("action", "any", _occurring(ACTIONS, {event.action for event in events}), chosen.action),
        _select("type", "any", _types(events), chosen.entity_type),
        _select("status", "any", _occurring(STATUSES, {STATUSES[not event.status] for event in events}), chosen.status),
    ]
    return Controls(
        selects=selects,
        ranges=[_range(value, chosen) for value in QUICK],
        chips=_chips(chosen, {"actor": dict(actors), "entity": dict(entities), "from": QUICK}),
        completions=_completions(selects, entities),
    )


def _actors(events: tuple[AuditEvent, ...]) -> list[Option]:
    """Return who acted, under the newest name that they had; of several with one name, each with the end of its id."""
    names: dict[str, str] = {}
    for event in events:
        names.setdefault(event.actor_id, event.actor_name)
    found = list(names.items())[:_OFFERED]
    shared = [name for _id, name in found]
    options = [Option(id_, f"{name} …{id_[-4:]}" if shared.count(name) > 1 else name) for id_, name in found]
    return sorted(options, key=lambda option: fold(option.label))


def _entities(events: tuple[AuditEvent, ...]) -> list[Option]:
    found: dict[str, str] = {}
    for event in events:
        found.setdefault(event.entity_id, f"{event.entity_type} {event.entity_label}")
    return [Option(id_, label) for id_, label in found.items()]


def _types(events: tuple[AuditEvent, ...]) -> list[Option]:
    found = list(dict.fromkeys(event.entity_type for event in events))[:_OFFERED]
    return [Option(kind, kind) for kind in sorted(found)]


def _occurring(known: tuple[str, ...], found: set[str]) -> list[Option]:
    return [Option(value, value) for value in known if value in found]


def _select(name: str, rest: str, options: list[Option], chosen: str) -> Select:
    is_offered = not chosen or any(option.value == chosen for option in options)
    return Select(name, _WORDS[name], rest, options if is_offered else [*options, Option(chosen, chosen)], chosen)


def _range(value: str, chosen: Filter) -> Range:
    return Range(QUICK[value], chosen.change("from", value).change("to", ""), chosen.since == value)


def _chips(chosen: Filter, called: dict[str, dict[str, str]]) -> list[Chip]:
    parts = [
        Chip(_WORDS[name], called.get(name, {}).get(value, value), chosen.change(name, ""))
        for name, value in chosen.parts.items()
    ]
    return [*parts, *(Chip("Text", term, chosen.leave_out(term)) for term in chosen.text)]


def _completions(selects: list[Select], entities: list[Option]) -> list[Option]:
    """Return what the box may be completed to: a qualifier each, with what is behind it in words."""
    actors, *others = selects
    found = [("actor", option) for option in _as_typed(actors.options)]
    found += [(select.name, option) for select in others for option in select.options]
    found += [("from", Option(value, label)) for value, label in QUICK.items()]
    found += [("entity", option) for option in entities[:_ENTITIES]]
    return [Option(qualified(name, value), "" if label == value else label) for name, (value, label) in found]


def _as_typed(actors: list[Option]) -> list[Option]:
    """Return *actors* as one types them: by the first word of their name that no other has, without one by their id."""
    names = [[fold(word) for word in actor.label.split() if "…" not in word] for actor in actors]
    known = Counter(word for name in names for word in {*name})
    own = [next((word for word in name if known[word] == 1), "") for name in names]
    return [Option(word or actor.value, actor.label) for word, actor in zip(own, actors, strict=True)]
