"""What a log and its lines are, once read; and which log something belongs to, before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple


class Log(NamedTuple):
    """Which log an entity belongs to; *capacity* is how many events it keeps if it has to be made."""

    id: str
    project_id: str | None
    capacity: int


class Written(NamedTuple):
    """What an append came to: how many rows were written and had to be, and when counted failures are due."""

    rows: int
    expected: int
    settle_at: int | None


class AuditEvent(NamedTuple):
    """One line of a log, never changed after it is written. Times are milliseconds since 1970, UTC.

    *flaw* names the first column that holds what the trail never writes there (another type, nothing at all): whoever
    gets past the triggers can store anything. A stand-in is given for such a value: 0 as a number, -1 as a time, no
    bytes as a hash, U+FFFD as a text.
    """

    log_id: str
    slot: int
    number: int
    created_at: int
    id: str
    actor_id: str
    actor_kind: str
    actor_name: str
    actor_image: str | None
    action: str
    action_description: str
    entity_type: str
    entity_id: str
    entity_label: str
    project_id: str | None
    description: str
    status: bool
    reason: str | None
    stored_changes: str
    request_id: str | None
    address: str | None
    user_agent: str | None
    previous_hash: bytes
    hash: bytes
    flaw: str = ""

    @property
    def changes(self) -> tuple[dict[str, Any], ...]:
        """What changed, field by field: ``field, name, before, after``, or ``field, name, hidden``.

        Raises ValueError, and nothing else, where what is stored is no list of objects: the trail never wrote it.
        """
        try:
            changes = json.loads(self.stored_changes)
        except RecursionError:
            changes = None
        if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
            message = f"the changes of event {self.number} cannot be read"
            raise ValueError(message)
        return tuple(changes)

    def content(self) -> dict[str, Any]:
        """Return what the keyed digest covers."""
        content = self._asdict()
        content["changes"] = self.stored_changes
        return content


@dataclass(frozen=True)
class OpenBurst:
    """Failures of one actor, or of several, that were counted and are no line yet. Times in milliseconds since 1970."""

    actor_name: str
    count: int
    first_at: int
    last_at: int
    due_at: int


@dataclass(frozen=True)
class AuditLog:
    """A log as it stands: its head, and the kept events, newest first. *flaw* is as in `AuditEvent`, of its own row."""

    id: str
    project_id: str | None
    capacity: int
    head_number: int
    head_hash: bytes
    head_time: int
    seam_number: int
    events: tuple[AuditEvent, ...]
    prior_hash: bytes = bytes(32)
    seam_hash: bytes = bytes(32)
    pending: int = 0
    flaw: str = ""
