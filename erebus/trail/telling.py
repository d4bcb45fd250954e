"""From a change set to the content of a line: the sentence is made here, once, from the feature's own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ulid import ULID

from erebus.trail.changes import ChangeSet, FieldChange, Remark, changed_names, entity_id
from erebus.trail.description import generic_words
from erebus.trail.registry import description_of
from erebus.trail.values import keep, one_line

if TYPE_CHECKING:
    from erebus.trail.actor import Actor
    from erebus.trail.changes import Capture
    from erebus.trail.description import AuditDescription
    from erebus.trail.events import Log

HIDDEN_SECRET = "secret"  # noqa: S105 - why a value is hidden, not a password
HIDDEN_UNRECORDED = "unrecorded"
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
LABEL_LIMIT, AGENT_LIMIT = 200, 400  # characters; a sentence, and a reason, may have 2,000


def field_change(name: str, before: object, after: object, description: AuditDescription) -> FieldChange:
    """Return the change of the field *name* as far as *description* lets its values be kept."""
    told = description.name_of(name)
    if name in description.secret:
        return FieldChange(name, told, hidden=HIDDEN_SECRET)
    if name not in description.recorded:
        return FieldChange(name, told, hidden=HIDDEN_UNRECORDED)
    (was, was_cut), (now, is_cut) = keep(before), keep(after)
    return FieldChange(name, told, was, now, is_cut=was_cut or is_cut)


def _change_set(capture: Capture, description: AuditDescription) -> ChangeSet:
    """Return *capture* as *description* lets it be told."""
    names = _told_fields(capture, description)
    fields = tuple(
        field_change(n, capture.before.get(n), capture.after.get(n), description)
        for n in names
        if n not in description.ignored
    )
    return ChangeSet(
        action=capture.action,
        entity_type=description.entity_type,
        entity_id=entity_id(capture.identity),
        label=capture.label,
        fields=fields,
        current={n: capture.current.get(n) for n in description.recorded},
        about=capture.about,
    )


def _told_fields(capture: Capture, description: AuditDescription) -> list[str]:
    """Return the fields to list: of an update the changed ones, else the recorded and the secret ones that are set."""
    if capture.action == "update":
        changed = changed_names(capture.before, capture.after)
        order = {n: i for i, n in enumerate(description.recorded)}
        return sorted(changed, key=lambda n: order.get(n, len(order)))
    values = capture.after if capture.action == "create" else capture.before
    return [n for n in (*description.recorded, *description.secret) if values.get(n) is not None]


def tell_change(capture: Capture | Remark) -> dict[str, Any]:
    """Return the content of the line for what happened."""
    if isinstance(capture, Remark):
        return capture.content
    description = description_of(capture.model)
    change = _change_set(capture, description)
    words = description.words_for(change)
    sentence = f"{words.verb[0]} {words.tell(change)}"
    reason = description.reason(change)
    return content(change, capture.log, capture.actor, words.title, sentence, reason, status=True)


def tell_failure(capture: Capture, reason: str) -> dict[str, Any] | None:
    """Return the content of the line for what *capture* tried and did not do, or None if nothing that is told was."""
    description = description_of(capture.model)
    change = _change_set(capture, description)
    if capture.action == "update" and not change.fields:
        return None
    return tell_attempt(change, description, capture.log, capture.actor, reason)


def tell_attempt(
    change: ChangeSet, description: AuditDescription, log: Log, actor: Actor, reason: str
) -> dict[str, Any]:
    """Return the content of the line for what was tried and did not happen, and why not.

    What failed may be too broken to be told in the feature's own words; then the generic ones do.
    """
    words = generic_words(description.entity_type, change.action)
    try:
        words = description.words_for(change)
        told = words.tell(change)
    except Exception:  # noqa: BLE001 - whatever they trip over, the failure is kept
        told = generic_words(description.entity_type, change.action).tell(change)
    sentence = f"Tried to {words.verb[1]} {told}. Not done: {reason}"
    return content(change, log, actor, words.title, sentence, reason, status=False)


def content(  # noqa: PLR0913, PLR0917 - the parts of a line
    change: ChangeSet, log: Log, actor: Actor, title: str, sentence: str, reason: str | None, *, status: bool
) -> dict[str, Any]:
    """Return what the keyed digest covers (`erebus.trail.tables.CONTENT`), each text on one line."""
    fields = [field.as_json() for field in change.fields]
    return {
        "id": str(ULID()),
        "actor_id": actor.id,
        "actor_kind": actor.kind.value,
        "actor_name": one_line(actor.name, LABEL_LIMIT),
        "actor_image": actor.image,
        "action": change.action,
        "action_description": title,
        "entity_type": change.entity_type,
        "entity_id": one_line(change.entity_id, LABEL_LIMIT),
        "entity_label": one_line(change.label, LABEL_LIMIT),
        "project_id": log.project_id,
        "description": one_line(sentence),
        "status": status,
        "reason": one_line(reason) if reason else None,
        "changes": _JSON.encode(fields),
        "request_id": actor.request_id,
        "address": actor.address,
        "user_agent": one_line(actor.user_agent, AGENT_LIMIT) if actor.user_agent else None,
    }


def tell_unaudited(tables: list[str], rows: int, reason: str, log: Log, actor: Actor) -> dict[str, Any]:
    """Return the content of the line for a statement that changed *rows* rows of *tables* past the log."""
    names = ", ".join(tables)
    count = {-1: "rows", 1: "1 row"}.get(rows, f"{rows} rows")
    change = ChangeSet("update", "table", names, names)
    sentence = f"Changed {count} of {names} past the log: {reason}"
    return content(change, log, actor, "Changed rows past the log", sentence, reason, status=True)
