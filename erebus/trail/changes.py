"""What one transaction did to one entity: captures as they come in, folded into one change set an entity.

Pure: nothing here knows of sessions. A capture is what one flush did to one row. Folding follows the plan: created
then changed is a create, changed back is nothing, created then deleted is nothing, changed then deleted is a delete,
deleted then created under the same key is an update.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.trail.values import Value, recordable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log

Key = tuple[Any, ...]
"""A primary key, its values in the order of the mapper's columns."""
CREATE, UPDATE, DELETE = "create", "update", "delete"


class FieldChange(NamedTuple):
    """One field's change. *hidden* says why its values are not kept: ``secret``, ``unrecorded``, or None: they are.

    *is_cut* says that a value was too long to be kept whole.
    """

    field: str
    name: str
    before: Value = None
    after: Value = None
    hidden: str | None = None
    is_cut: bool = False

    def as_json(self) -> dict[str, Value]:
        """Return what the log stores of it."""
        if self.hidden:
            return {"field": self.field, "name": self.name, "hidden": self.hidden}
        told = {"field": self.field, "name": self.name, "before": self.before, "after": self.after}
        return {**told, "cut": True} if self.is_cut else told


@dataclass(frozen=True)
class ChangeSet:
    """What happened, or was tried, to one entity: what a feature's words are told from.

    *current* are the newest values of its recorded fields.
    """

    action: str
    entity_type: str
    entity_id: str
    label: str
    fields: tuple[FieldChange, ...] = ()
    current: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, name: str) -> bool:
        """Return whether the field *name* changed; of an attempt, whether it was to be changed."""
        return any(change.field == name for change in self.fields)

    def before(self, name: str) -> Value:
        """Return the value of *name* before; of an unchanged field, its value."""
        return next((c.before for c in self.fields if c.field == name), recordable(self.current.get(name)))

    def after(self, name: str) -> Value:
        """Return the value of *name* after; of an unchanged field, its value."""
        return next((c.after for c in self.fields if c.field == name), recordable(self.current.get(name)))

    def __getitem__(self, name: str) -> Value:
        """Return the newest value of the recorded field *name*."""
        return self.after(name)


class Capture(NamedTuple):
    """What one flush, or one statement, did to one row: values of its changed fields before and after, and the newest.

    Of a creation *before* is empty, of a deletion *after*. *was* is the primary key before, *identity* the one after.
    *current* are the newest values of the recorded fields at least, as far as they are known.
    """

    model: type
    was: Key
    identity: Key
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    current: Mapping[str, Any]
    label: str
    about: Mapping[str, Any]
    log: Log
    actor: Actor


@dataclass(frozen=True)
class Remark:
    """A line that is told already: it stands among the captures of its transaction and goes with them."""

    model: type
    log: Log
    content: dict[str, Any]


def fold(captures: Iterable[Capture | Remark]) -> list[Capture | Remark]:
    """Return one capture an entity, in the order in which the entities were first touched.

    A deletion stands where it happened, so that children stand before the parent that took them with it. An entity
    whose primary key changes is followed from the old key to the new.
    """
    folded: dict[int, Capture | Remark] = {}
    places: dict[tuple[type, Key], int] = {}
    doubtful: set[int] = set()  # changed more than once: perhaps back again
    for number, capture in enumerate(captures):
        if isinstance(capture, Remark):
            folded[number] = capture
            continue
        place = places.pop((capture.model, capture.was), None)
        if place is None or not isinstance(earlier := folded.get(place), Capture):
            folded[number] = capture
            places[capture.model, capture.identity] = number
            continue
        merged = _merge(earlier, capture)
        if merged is None or merged.action == DELETE:
            folded.pop(place)
            place = number
        if merged is not None:
            doubtful.add(place)
            folded[place] = merged
            places[capture.model, capture.identity] = place
    return [c for place, c in folded.items() if place not in doubtful or _is_change(c)]


def _merge(earlier: Capture, later: Capture) -> Capture | None:
    if later.action == DELETE:
        if earlier.action == CREATE:
            return None
        was = earlier.was  # the log knows it by that, and no other, key
        return later._replace(was=was, identity=was, before={**later.before, **earlier.before})
    before, after = earlier.before, {**earlier.after, **later.after}
    if earlier.action == DELETE:  # made anew: what either leaves out because there is none of it is told of the other
        after = {**{n: later.current[n] for n in before if n in later.current}, **after}
        before = {**{n: earlier.current[n] for n in after if n in earlier.current}, **before}
    if earlier.action == CREATE:
        return later._replace(was=earlier.was, action=CREATE, before={}, after=after)
    return later._replace(was=earlier.was, action=UPDATE, before={**later.before, **before}, after=after)


def _is_change(capture: Capture | Remark) -> bool:
    return isinstance(capture, Remark) or capture.action != UPDATE or bool(changed_names(capture.before, capture.after))


def changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names whose values differ between *before* and *after*."""
    return [n for n in after if n not in before or not is_same(before[n], after[n])]


def is_same(one: object, other: object) -> bool:
    """Return whether two values are the same; not-a-number is the same as itself, 1 in a document is not true."""
    if isinstance(one, (dict, list)):
        return bool(one == other) and recordable(one) == recordable(other)
    both_odd = one != one and other != other  # noqa: PLR0124 - which only not-a-number is
    return bool(one == other) or both_odd


def entity_id(identity: Key) -> str:
    """Return a primary key as the log keeps it: its one value, or the values joined by a comma; empty if not given."""
    return ",".join("" if value is None else str(recordable(value)) for value in identity)
