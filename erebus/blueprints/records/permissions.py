"""What one may do with records: make them, and look at those that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erebus.blueprints.records import services
from erebus.permissions import Permission, Role
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.blueprints.projects.models import Project

_ID_LENGTH = 26


class RecordIsNotPermitted(Refused):
    """The reader's role in the project does not allow it."""


def _making(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    reason = f"This takes the role {Role.SUPPORT} or more. Ask an owner or an admin of the project."
    attempted = {"event_id": str(args.get("event_id", ""))[:_ID_LENGTH]}
    return RecordIsNotPermitted(services.draft(project), attempted, reason=reason, action="create")


PERMISSIONS = (
    Permission("project:record:read", Role.SUPPORT, "see the records of events"),
    Permission("project:record:create", Role.SUPPORT, "make records of events", _making),
    Permission("project:record:origin", Role.ADMIN, "have address, browser and image on a record"),
)
