"""What one transaction did to one entity: captures as they come in, folded into one change set an entity.

Pure: nothing here knows of sessions. A capture is what one flush did to one row. Folding follows the plan: created
then changed is a create, changed back is nothing, created then deleted is nothing, changed then deleted is a delete,
deleted then created under the same key is an update.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from erebus.trail.values import Value, recordable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log


@dataclass(frozen=True)
class FieldChange:
    """One field's change. *hidden* says why its values are not kept: ``secret``, ``unrecorded``, or None: they are."""

    field: str
    name: str
    before: Value = None
    after: Value = None
    hidden: str | None = None

    def as_json(self) -> dict[str, Value]:
        """Return what the log stores of it."""
        if self.hidden:
            return {"field": self.field, "name": self.name, "hidden": self.hidden}
        return {"field": self.field, "name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class ChangeSet:
    """What happened, or was tried, to one entity: what a feature's words are told from."""

    action: str
    entity_type: str
    entity_id: str
    label: str
    fields: tuple[FieldChange, ...] = ()
    current: Mapping[str, Value] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, name: str) -> bool:
        """Return whether the field *name* changed; of an attempt, whether it was to be changed."""
        return any(change.field == name for change in self.fields)

    def before(self, name: str) -> Value:
        """Return the value of *name* before; of an unchanged field, its value."""
        return next((c.before for c in self.fields if c.field == name), self.current.get(name))

    def after(self, name: str) -> Value:
        """Return the value of *name* after; of an unchanged field, its value."""
        return next((c.after for c in self.fields if c.field == name), self.current.get(name))

    def __getitem__(self, name: str) -> Value:
        """Return the newest value of the recorded field *name*."""
        return self.after(name)


@dataclass(frozen=True)
class Capture:
    """What one flush did to one row: raw values of its changed columns before and after, and all newest values.

    Of a creation *before* is empty, of a deletion *after*.
    """

    model: type
    identity: tuple[Any, ...]
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    current: Mapping[str, Any]
    label: str
    about: Mapping[str, Any]
    log: Log
    actor: Actor


def fold(captures: Iterable[Capture]) -> list[Capture]:
    """Return one capture an entity, in the order in which the entities were first touched.

    A deletion stands where it happened, so that children stand before the parent that took them with it.
    """
    folded: dict[tuple[type, tuple[Any, ...]], Capture] = {}
    for capture in captures:
        key = (capture.model, capture.identity)
        earlier = folded.get(key)
        merged = _merge(earlier, capture) if earlier else capture
        if merged is None or merged.action == "delete":
            folded.pop(key, None)
        if merged is not None:
            folded[key] = merged
    return [capture for capture in folded.values() if _is_change(capture)]


def _merge(earlier: Capture, later: Capture) -> Capture | None:
    if later.action == "delete":
        if earlier.action == "create":
            return None
        return replace(later, before={**later.before, **earlier.before})
    if earlier.action == "create":
        return replace(later, action="create", before={}, after={**earlier.after, **later.after})
    before = {**later.before, **earlier.before}
    return replace(later, action="update", before=before, after={**earlier.after, **later.after})


def _is_change(capture: Capture) -> bool:
    return capture.action != "update" or bool(changed_names(capture.before, capture.after))


def changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names whose values differ between *before* and *after*."""
    return [n for n in after if n not in before or before[n] != after[n]]


def entity_id(identity: tuple[Any, ...]) -> str:
    """Return a primary key as the log keeps it: its one value, or the values joined by a comma."""
    return ",".join(str(recordable(value)) for value in identity)
