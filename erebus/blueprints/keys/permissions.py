"""What one may do with keys, and how an attempt without the permission is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound

from erebus.blueprints.keys import services
from erebus.blueprints.keys.models import LABEL_MAX, REASON_MAX, ApiKey, Environment, KeyStatus
from erebus.blueprints.keys.queries import find_key
from erebus.leaks import mask
from erebus.permissions import Permission, Role
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.blueprints.projects.models import Project

_REASON = f"This takes the role {Role.DEVELOPER}, admin or owner. Ask an owner or an admin of the project."


class KeyChangeIsNotPermitted(Refused):
    """The reader's role in the project does not allow the change."""


def _creation(project: Project, _args: Mapping[str, Any], form: Mapping[str, str]) -> Refused:
    environment = next((e for e in Environment if e.value == form.get("environment")), None)
    label = mask(form.get("label", ""))[:LABEL_MAX]
    attempted = {"label": label, "environment": environment}
    key = services.draft(project, label, environment)
    return KeyChangeIsNotPermitted(key, attempted, reason=_REASON, action="create")


def _label(project: Project, args: Mapping[str, Any], form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {"label": mask(form.get("label", ""))[:LABEL_MAX]})


def _enabling(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {"status": KeyStatus.ACTIVE})


def _disabling(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {"status": KeyStatus.DISABLED})


def _revocation(project: Project, args: Mapping[str, Any], form: Mapping[str, str]) -> Refused:
    given = mask(form.get("reason", ""))[:REASON_MAX]
    return _refused(project, args, {"status": KeyStatus.REVOKED, "revoked_reason": given})


def _deletion(project: Project, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:
    return _refused(project, args, {}, action="delete")


def _refused(
    project: Project, args: Mapping[str, Any], attempted: Mapping[str, Any], action: str = "update"
) -> Refused:
    return KeyChangeIsNotPermitted(_key(project, args), attempted, reason=_REASON, action=action)


def _key(project: Project, args: Mapping[str, Any]) -> ApiKey:
    """Return the key of the address; raises NotFound where there is none."""
    key = find_key(project, str(args.get("key_id", "")))
    if key is None:
        raise NotFound
    return key


PERMISSIONS = (
    Permission("project:keys:read", Role.DEVELOPER, "see the API keys, without their secrets"),
    Permission("project:keys:create", Role.DEVELOPER, "create API keys", _creation),
    Permission("project:keys:update", Role.DEVELOPER, "change the labels of API keys", _label),
    Permission("project:keys:enable", Role.DEVELOPER, "enable API keys", _enabling),
    Permission("project:keys:disable", Role.DEVELOPER, "disable API keys", _disabling),
    Permission("project:keys:revoke", Role.DEVELOPER, "revoke API keys", _revocation),
    Permission("project:keys:delete", Role.DEVELOPER, "delete revoked API keys", _deletion),
)
