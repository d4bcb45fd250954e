"""What one may do with projects, and how an attempt without the permission is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.projects import webhooks
from erebus.blueprints.projects.models import TITLE_MAX, ProjectStatus
from erebus.leaks import mask
from erebus.permissions import Permission, Role, Standing
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.blueprints.projects.models import Project

_TEXT_LIMIT = 300  # characters of what was sent without the right to


class ProjectChangeIsNotPermitted(Refused):
    """The reader's role in the project does not allow the change."""


def _update(project: Project, _args: Mapping[str, object], form: Mapping[str, str]) -> Refused:
    attempted = {name: read(form[name]) for name, read in _SETTINGS.items() if name in form}
    reason = f"This takes the role {Role.ADMIN} or owner. Ask an owner or an admin of the project."
    return ProjectChangeIsNotPermitted(project, attempted, reason=reason)


def _deletion(project: Project, _args: Mapping[str, object], _form: Mapping[str, str]) -> Refused:
    reason = f"This takes the role {Role.OWNER}. Ask the project's owner."
    return ProjectChangeIsNotPermitted(project, {}, reason=reason, action="delete")


def _webhook_url(text: str) -> str | None:
    wanted = webhooks.normalise(mask(text)[:_TEXT_LIMIT])
    flaw = webhooks.find_flaw(wanted) if wanted else None
    return flaw.printable if flaw else wanted


def _status(text: str) -> str:
    return text if text in {status.value for status in ProjectStatus} else "an unknown status"


_SETTINGS = {"title": lambda text: mask(text)[:TITLE_MAX], "webhook_url": _webhook_url, "status": _status}

PERMISSIONS = (
    Permission("project:list", Standing.USER, "see the projects that one is a member of"),
    Permission("project:create", Standing.USER, "create projects"),
    Permission("project:overview:read", Role.SUPPORT, "read the overview"),
    Permission("project:members:read", Role.DEVELOPER, "see who is a member"),
    Permission("project:settings:read", Role.ADMIN, "see the settings"),
    Permission("project:settings:update", Role.ADMIN, "change name, webhook URL and status", _update),
    Permission("project:delete", Role.OWNER, "delete the project", _deletion),
)
