"""How an event is shown: on the timeline, by day, and as JSON. Pure: no request, no database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from erebus import times
from erebus.wording import change_of, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, tzinfo

    from erebus.trail import AuditEvent
    from erebus.wording import Change

_UNFOLDED = 5  # fields of a change that may stand open; more of them wait to be asked for
_KINDS = {str, bool, int, type(None)}
_ORDER = ("field", "name", "before", "after", "hidden")
_COUNTED = ["attempts", "first_at", "last_at"]  # what a line that counts failures holds (`erebus.trail.bursts`)


@dataclass(frozen=True)
class Shown:
    """An event as the timeline shows it.

    *sentence* is the description without its last part, *why_not*, which is set apart. *moment* is None and *changes*
    are none where what is stored cannot be read: the log was tampered with, and the page says so at its top. *is_cut*
    says that a value of the changes is too long to be shown here whole.
    """

    event: AuditEvent
    sentence: str
    why_not: str
    changes: tuple[Change, ...]
    fold: str
    is_open: bool
    moment: int | None
    is_cut: bool = False


@dataclass(frozen=True)
class Day:
    """The events of one day in the reader's time zone, newest first."""

    heading: str
    events: tuple[Shown, ...]


def by_day(events: Iterable[AuditEvent], zone: tzinfo, today: date) -> list[Day]:
    """Return *events* in their order under the days of *zone* on which they happened."""
    groups = groupby(events, key=lambda event: _date(event, zone))
    return [Day(_heading(day, today), tuple(show(event) for event in found)) for day, found in groups]


def show(event: AuditEvent) -> Shown:
    """Return *event* as the timeline shows it."""
    sentence, why_not = split(event.description, event.reason, is_done=event.status)
    changes = changes_of(event)
    short = tuple(_shortened(change) for change in changes)
    return Shown(
        event=event,
        sentence=sentence,
        why_not=why_not,
        changes=short,
        fold=_fold(event, len(changes)),
        is_open=_is_open(event, changes),
        moment=moment_of(event),
        is_cut=short != changes,
    )


def changes_of(event: AuditEvent) -> tuple[Change, ...]:
    """Return what *event* changed, field by field, values whole."""
    return tuple(change_of(stored, event.action) for stored in _to_show(event))


def as_json(event: AuditEvent) -> dict[str, Any]:
    """Return *event* with the fields of the example in ``audit-logs.txt``, in its order, then ours."""
    changes = _stored_changes(event)
    return {
        "id": event.id,
        "actorId": event.actor_id,
        "action": event.action,
        "actionDescription": event.action_description,
        "entityType": event.entity_type,
        "entityId": event.entity_id,
        "projectId": event.project_id,
        "description": event.description,
        "status": event.status,
        "createdAt": event.created_at,
        "number": event.number,
        "actorKind": event.actor_kind,
        "actorName": event.actor_name,
        "actorImage": event.actor_image,
        "reason": event.reason,
        "changes": changes if changes is None else list(map(_in_order, changes)),
        "requestId": event.request_id,
        "hash": event.hash.hex(),
        "previousHash": event.previous_hash.hex(),
    }


def moment_of(event: AuditEvent) -> int | None:
    """Return when *event* was, None for a time that the trail never wrote."""
    return times.readable(event.created_at)


def split(description: str, reason: str | None, *, is_done: bool) -> tuple[str, str]:
    """Return the description, of a failure in two parts: what was tried, and why it did not happen."""
    if is_done or not reason:
        return description, ""
    return description.removesuffix(f" Not done: {reason}"), reason


def _stored_changes(event: AuditEvent) -> list[dict[str, Any]] | None:
    """Return the changes as they are stored; None for what the trail never wrote."""
    try:
        return [_plain(change) for change in event.changes]
    except (ValueError, RecursionError):
        return None


def _plain(change: dict[str, Any]) -> dict[str, Any]:
    """Return *change*; a value of a kind that the trail never writes as its text."""
    return {name: value if type(value) in _KINDS else json.dumps(value) for name, value in change.items()}


def _in_order(change: dict[str, Any]) -> dict[str, Any]:
    """Return *change* as the guide has it."""
    return {name: change[name] for name in _ORDER if name in change} | change


def _to_show(event: AuditEvent) -> list[dict[str, Any]]:
    """Return the changes, but of a line that counts failures: its sentence has told the count and the times."""
    changes = _stored_changes(event) or []
    is_count = not event.status and [change.get("field") for change in changes] == _COUNTED
    return [] if is_count else changes


def _shortened(change: Change) -> Change:
    before, after = change.before and shortened(change.before), change.after and shortened(change.after)
    is_whole = before is change.before and after is change.after
    return change if is_whole else change._replace(before=before, after=after)


def _fold(event: AuditEvent, count: int) -> str:
    fields = f"{count} field{'' if count == 1 else 's'}"
    if not event.status:
        return f"What was tried: {fields}"
    words = {"create": f"Created with {fields}", "delete": f"Deleted with {fields}"}
    return words.get(event.action, f"Changed: {fields}")


def _is_open(event: AuditEvent, changes: tuple[Change, ...]) -> bool:
    """Return whether the changes stand open: what failed, and updates of more than the sentence can well tell."""
    if len(changes) > _UNFOLDED:
        return False
    return not event.status or (event.action == "update" and not _is_told(event.description, changes))


def _is_told(sentence: str, changes: tuple[Change, ...]) -> bool:
    values = [value for change in changes for value in (change.before, change.after) if value]
    return len(changes) == 1 and all(value.text in sentence for value in values)


def _date(event: AuditEvent, zone: tzinfo) -> date | None:
    moment = moment_of(event)
    return None if moment is None else times.at(moment, zone).date()


def _heading(day: date | None, today: date) -> str:
    if day is None:
        return "At a time that cannot be read"
    near = {0: "Today · ", 1: "Yesterday · "}.get((today - day).days, "")
    return f"{near}{day:%A} {times.day(day)}"
