"""What a record of an event says, every text whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erebus.records.payload import FORMAT

if TYPE_CHECKING:
    from erebus.trail import AuditEvent


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a record is made: where (*host*, as in an address), by whom, when (milliseconds since 1970), with which key.

    *origin* says whether the actor's address, browser and image are part of it.
    """

    host: str
    project_title: str
    by_id: str
    by_name: str
    at: int
    key_id: str
    origin: bool = False


def facts_of(event: AuditEvent, making: Making) -> dict[str, Any]:
    """Return the members of a payload for *event*. Raises ValueError where its changes cannot be read."""
    origin = {"actorImage": event.actor_image, "address": event.address, "userAgent": event.user_agent}
    return {
        "format": FORMAT,
        "keyId": making.key_id,
        "host": making.host,
        "recordedAt": making.at,
        "recordedById": making.by_id,
        "recordedByName": making.by_name,
        "logId": event.log_id,
        "projectTitle": making.project_title,
        "id": event.id,
        "number": event.number,
        "createdAt": event.created_at,
        "actorId": event.actor_id,
        "actorKind": event.actor_kind,
        "actorName": event.actor_name,
        "action": event.action,
        "actionDescription": event.action_description,
        "entityType": event.entity_type,
        "entityId": event.entity_id,
        "entityLabel": event.entity_label,
        "projectId": event.project_id,
        "description": event.description,
        "status": event.status,
        "reason": event.reason,
        "changes": [dict(change) for change in event.changes],
        "requestId": event.request_id,
        "hash": event.hash.hex(),
        "previousHash": event.previous_hash.hex(),
        **(origin if making.origin else {}),
    }
