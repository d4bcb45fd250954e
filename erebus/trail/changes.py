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
    from erebus.trail.description import AuditDescription
    from erebus.trail.ledger import Log

HIDDEN_SECRET = "secret"  # noqa: S105 - why a value is hidden, not a password
HIDDEN_UNRECORDED = "unrecorded"


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
    return capture.action != "update" or bool(_changed(capture.before, capture.after))


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [n for n in after if n not in before or before[n] != after[n]]


def change_set(capture: Capture, description: AuditDescription) -> ChangeSet | None:
    """Return *capture* as *description* lets it be told; None when only ignored fields changed."""
    names = _told_fields(capture, description)
    fields = tuple(_field_change(n, capture, description) for n in names if n not in description.ignored)
    if capture.action == "update" and not fields:
        return None
    return ChangeSet(
        action=capture.action,
        entity_type=description.entity_type,
        entity_id=entity_id(capture.identity),
        label=capture.label,
        fields=fields,
        current={n: recordable(capture.current.get(n)) for n in description.recorded},
        about=capture.about,
    )


def entity_id(identity: tuple[Any, ...]) -> str:
    """Return a primary key as the log keeps it: its one value, or the values joined by a comma."""
    return ",".join(str(recordable(value)) for value in identity)


def _told_fields(capture: Capture, description: AuditDescription) -> list[str]:
    """Return the fields to list: of an update the changed ones, else the recorded and the secret ones that are set."""
    if capture.action == "update":
        changed = _changed(capture.before, capture.after)
        order = {n: i for i, n in enumerate(description.recorded)}
        return sorted(changed, key=lambda n: order.get(n, len(order)))
    values = capture.after if capture.action == "create" else capture.before
    return [n for n in (*description.recorded, *description.secret) if values.get(n) is not None]


def _field_change(name: str, capture: Capture, description: AuditDescription) -> FieldChange:
    told = description.name_of(name)
    if name in description.secret:
        return FieldChange(name, told, hidden=HIDDEN_SECRET)
    if name not in description.recorded:
        return FieldChange(name, told, hidden=HIDDEN_UNRECORDED)
    before = recordable(capture.before.get(name))
    return FieldChange(name, told, before, recordable(capture.after.get(name)))
