"""What one may do beyond reading a log: take it along, which is an event itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erebus.blueprints.exports.models import AuditExport, Format
from erebus.permissions import Permission, Role
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExportIsNotPermitted(Refused):
    """The reader's role in the project does not allow to export its log."""


def _export(project: Any, args: Mapping[str, Any], _form: Mapping[str, str]) -> Refused:  # noqa: ANN401 - of another feature
    kind = Format(args["kind"])
    draft = AuditExport(project_id=project.id, format=kind)
    reason = f"This takes the role {Role.ADMIN} or owner. Ask an owner or an admin of the project."
    return ExportIsNotPermitted(draft, {"format": kind}, reason=reason, action="create")


PERMISSIONS = (Permission("project:audit:export", Role.ADMIN, "export the audit log as a file", _export),)
