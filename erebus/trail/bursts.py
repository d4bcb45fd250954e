"""Failures that come thick and fast: the first are lines of their own, further ones are counted and told once.

The log is capped, so whoever can cause failures cheaply could wash real events out of it. Hence at most 5 failures an
actor, log and minute, and at most 20 a log and hour of all actors together, the summaries of what was only counted
among them; the first three of a kind in a minute stand by themselves as long as there is room. The windows slide. The
counters are rows, changed under the lock of the log: several processes share them, and a kill loses none. A summary
is written by the next append after its time, or by `settle_due`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ulid import ULID

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUTE, HOUR = 60_000, 3_600_000  # milliseconds
PER_ACTOR, PER_LOG, PER_KIND = 5, 20, 3
EVERYBODY = ""
_SEVERAL = {"actor_id": "anonymous", "actor_kind": "anonymous", "actor_name": "Several people", "actor_image": None}
_REASON = "There were too many failed attempts to log each: the first are lines of their own, these were counted."
_ACTOR = ("actor_id", "actor_kind", "actor_name", "actor_image")
_ENTITY = ("entity_id", "entity_label")


@dataclass
class Burst:
    """The failures of one actor in a log, or of `EVERYBODY`: when lines were written of late, and what was counted.

    *lines* are the times (milliseconds since 1970) and kinds of the lines of the window; *counts* how many of each
    kind were only counted, with what a line of that kind says; *subject* whose they were, and on what, if on one thing.
    """

    key: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    subject: dict[str, Any] = field(default_factory=dict)
    first_at: int = 0
    last_at: int = 0

    @property
    def window(self) -> int:
        """How long a line counts, in milliseconds."""
        return HOUR if self.key == EVERYBODY else MINUTE

    @property
    def room(self) -> int:
        """How many lines may be written in a window, but for the summary."""
        return (PER_LOG if self.key == EVERYBODY else PER_ACTOR) - 1

    @property
    def due_at(self) -> int | None:
        """When the summary is to be written, None if nothing was counted."""
        return self.first_at + self.window if self.counts else None

    def is_over(self, now: int) -> bool:
        """Return whether nothing of it matters any more."""
        return not self.counts and not self._recent(now)

    def has_room(self, kind: str, now: int) -> bool:
        """Return whether one more line of *kind* may be written."""
        recent = self._recent(now)
        of_kind = sum(k == kind for _, k in recent)
        return len(recent) < self.room and (self.key == EVERYBODY or of_kind < PER_KIND)

    def write(self, kind: str, now: int) -> None:
        """Remember that a line of *kind* is written."""
        self.lines = [*self._recent(now), (now, kind)]

    def count(self, content: Mapping[str, Any], now: int) -> None:
        """Count one failure instead of writing it."""
        kind = content["action_description"]
        self.kinds[kind] = (content["action"], content["entity_type"])
        self._add({kind: 1}, content, now, now)

    def absorb(self, other: Burst) -> None:
        """Take over what *other* has counted: there is no room for a summary of its own."""
        self.kinds |= other.kinds
        self._add(other.counts, other.subject, other.first_at, other.last_at)
        other.counts, other.kinds = {}, {}

    def summary(self, project_id: str | None, now: int) -> dict[str, Any]:
        """Return the content of the line that tells what was counted, and begin anew."""
        told = _summary(self, project_id)
        self.counts, self.kinds, self.subject = {}, {}, {}
        self.write("", now)
        return told

    def _add(self, counts: Mapping[str, int], subject: Mapping[str, Any], first_at: int, last_at: int) -> None:
        self.first_at = min(self.first_at, first_at) if self.counts else first_at
        self.last_at = max(self.last_at, last_at)
        mine = {name: subject[name] for name in (*_ACTOR, *_ENTITY)}
        if not self.counts:
            self.subject = mine
        if self.subject["actor_id"] != mine["actor_id"]:
            self.subject |= _SEVERAL
        if self.subject["entity_id"] != mine["entity_id"]:
            self.subject |= dict.fromkeys(_ENTITY, "")
        for kind, count in counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count

    def _recent(self, now: int) -> list[tuple[int, str]]:
        return [(time, kind) for time, kind in self.lines if time > now - self.window]


class Bursts:
    """All bursts of one log, and the one that is everybody's."""

    def __init__(self, bursts: Mapping[str, Burst], project_id: str | None) -> None:
        """Begin with *bursts* as they were stored."""
        self.of = dict(bursts)
        self.everybody = self.of.setdefault(EVERYBODY, Burst(EVERYBODY))
        self.project_id = project_id

    def settle(self, now: int) -> list[dict[str, Any]]:
        """Return the summaries that are due at *now*; where there is no room, everybody's counts grow instead."""
        lines = []
        for burst in sorted(self.of.values(), key=lambda burst: burst.key == EVERYBODY):
            if burst.due_at is None or burst.due_at > now:
                continue
            if burst is not self.everybody and not self.everybody.has_room("", now):
                self.everybody.absorb(burst)
                continue
            lines.append(burst.summary(self.project_id, now))
            self.everybody.write("", now)
        return lines

    def admit(self, content: dict[str, Any], now: int) -> list[dict[str, Any]]:
        """Return *content* if it may be a line of its own; else count it, and return nothing."""
        kind, actor = content["action_description"], content["actor_id"]
        own = self.of.setdefault(actor, Burst(actor))
        if not own.has_room(kind, now):
            own.count(content, now)
        elif not self.everybody.has_room(kind, now):
            self.everybody.count(content, now)
        else:
            own.write(kind, now)
            self.everybody.write(kind, now)
            return [content]
        return []

    def open(self, now: int) -> list[Burst]:
        """Return the bursts that still matter at *now*."""
        return [burst for burst in self.of.values() if not burst.is_over(now)]


def _summary(burst: Burst, project_id: str | None) -> dict[str, Any]:
    """Return what a line about *burst* says, as `erebus.trail.telling.content` does for a single change."""
    most = max(burst.counts, key=lambda kind: burst.counts[kind])
    count = sum(burst.counts.values())
    action, entity_type = burst.kinds[most]
    first, last = (datetime.fromtimestamp(at // 1000, UTC) for at in (burst.first_at, burst.last_at))
    kinds = ", ".join(f"{kind} ×{number}" for kind, number in sorted(burst.counts.items()))
    when = f"between {first:%Y-%m-%d %H:%M:%S} and {last:%Y-%m-%d %H:%M:%S} UTC"
    told = {"attempts": ("failed attempts", count), "first_at": ("first", _iso(first)), "last_at": ("last", _iso(last))}
    fields = [{"field": n, "name": name, "before": None, "after": value} for n, (name, value) in told.items()]
    return {
        "id": str(ULID()),
        **burst.subject,
        "action": action,
        "action_description": most,
        "entity_type": entity_type,
        "project_id": project_id,
        "description": f"{count} more attempt{'' if count == 1 else 's'} failed {when}: {kinds}",
        "status": False,
        "reason": _REASON,
        "changes": json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "request_id": None,
        "address": None,
        "user_agent": None,
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
