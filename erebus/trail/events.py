"""What a log and its lines are, once read; and which log something belongs to, before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn


class Log(NamedTuple):
    """Which log an entity belongs to; *capacity* is how many events it keeps if it has to be made."""

    id: str
    project_id: str | None
    capacity: int


@dataclass(frozen=True)
class AuditEvent:
    """One line of a log, never changed after it is written. Times are milliseconds since 1970, UTC."""

    log_id: str
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

    @property
    def changes(self) -> tuple[dict[str, Any], ...]:
        """What changed, field by field: ``field, name, before, after``, or ``field, name, hidden``.

        Raises ValueError for what the trail never wrote.
        """
        try:
            changes = json.loads(self.stored_changes, parse_float=_refuse, parse_constant=_refuse)
        except RecursionError as error:
            raise ValueError(*error.args) from None
        if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
            return _refuse(self.stored_changes)
        return tuple(changes)

    def content(self) -> dict[str, Any]:
        """Return what the keyed digest covers."""
        return {**self.__dict__, "changes": self.stored_changes}


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


@dataclass(frozen=True)
class AuditLog:
    """A log as it stands: its head, and the kept events, newest first. *flaw* is what of its row cannot be, if any."""

    id: str
    project_id: str | None
    capacity: int
    head_number: int
    head_hash: bytes
    head_time: int
    seam_number: int
    events: tuple[AuditEvent, ...]
    flaw: str = ""
