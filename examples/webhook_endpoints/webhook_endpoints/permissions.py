"""What one may do with webhook endpoints, and how an attempt without the permission is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound

from erebus.blueprints.projects.webhooks import find_flaw, normalise
from erebus.permissions import Permission, Role
from erebus.trail import Refused
from webhook_endpoints.models import EndpointStatus
from webhook_endpoints.queries import find_endpoint
from webhook_endpoints.services import draft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.blueprints.projects.models import Project

_REASON = f"This takes the role {Role.ADMIN} or owner. Ask an owner or an admin of the project."


class EndpointChangeIsNotPermitted(Refused):
    """The reader's role in the project does not allow the change."""


def _creation(project: Project, _args: Mapping[str, Any], form: Mapping[str, str]) -> Refused:
    url = normalise(form.get("url", "")) or ""
    flaw = find_flaw(url)
    attempted = {"url": flaw.printable if flaw else url}
    candidate = draft(project, attempted["url"])
    return EndpointChangeIsNotPermitted(candidate, attempted, reason=_REASON, action="create")


def _pausing(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {"status": EndpointStatus.PAUSED})


def _resuming(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {"status": EndpointStatus.ACTIVE})


def _deletion(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {}, action="delete")


def _refused(
    project: Project, args: Mapping[str, Any], attempted: Mapping[str, Any], action: str = "update"
) -> Refused:
    endpoint = find_endpoint(project, str(args.get("endpoint_id", "")))
    if endpoint is None:
        raise NotFound
    return EndpointChangeIsNotPermitted(endpoint, attempted, reason=_REASON, action=action)


PERMISSIONS = (
    Permission("project:webhooks:read", Role.DEVELOPER, "see the webhook endpoints, without their secrets"),
    Permission("project:webhooks:create", Role.ADMIN, "add webhook endpoints", _creation),
    Permission("project:webhooks:pause", Role.ADMIN, "pause webhook endpoints", _pausing),
    Permission("project:webhooks:resume", Role.ADMIN, "resume webhook endpoints", _resuming),
    Permission("project:webhooks:delete", Role.ADMIN, "delete paused webhook endpoints", _deletion),
)
