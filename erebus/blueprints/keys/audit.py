"""How API keys are told in the log (``product.md``, *What each action is called in the log*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.keys import services
from erebus.trail import AuditDescription, Rule, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from erebus.trail import ChangeSet


def _key(change: ChangeSet) -> str:
    """Name the key: by the environment that it has, or was to have."""
    environment = change.after("environment") or change.before("environment")
    return f"{environment} API key '{change.label}'" if environment else f"API key '{change.label}'"


def _creation(change: ChangeSet) -> str:
    return f"{_key(change)} for project '{change.about['project']}'"


def _revocation(change: ChangeSet) -> str:
    given = change.after("revoked_reason")
    why = f", giving the reason '{given}'" if given else ", giving no reason"
    return _key(change) + why + _rest(change, "status", "revoked_reason")


def _status(change: ChangeSet) -> str:
    return f"{_key(change)}: {change.before('status')} → {change.after('status')}" + _rest(change, "status")


def _label(change: ChangeSet) -> str:
    kind = f"{change['environment']} API key"
    return f"{kind} '{change.before('label')}' to '{change.after('label')}'" + _rest(change, "label")


def _rest(change: ChangeSet, *told: str) -> str:
    """Tell what else changed: a sentence is about the most telling part, but leaves nothing out."""
    return "".join(f"; {_part(change, f.field, f.name)}" for f in change.fields if f.field not in told)


def _part(change: ChangeSet, field: str, name: str) -> str:
    before, after = change.before(field), change.after(field)
    return f"{name} '{before}' → '{after}'" if before is not None or after is not None else name


def _sets_status(*statuses: str) -> Callable[[ChangeSet], bool]:
    return lambda change: change.changed("status") and change.after("status") in statuses


def _given_reason(change: ChangeSet) -> str | None:
    reason = change.after("revoked_reason") if change.changed("revoked_reason") else None
    return str(reason) if reason else None


_STATUS = "Updated API key status"
API_KEY = AuditDescription(
    entity_type="api_key",
    label=lambda key: key.label or "",
    recorded=(
        "label",
        "environment",
        "status",
        "revoked_reason",
        "prefix",
        "last_four",
        "project_id",
        "created_by_id",
    ),
    secret=("digest",),
    ignored=("created_at", "last_used_at", "revoked_at", "status_changes", "status_counted_since"),
    constraints={
        "ix_api_keys_label_in_use": Rule(services.LabelIsTaken, lambda key: services.taken_label(key.label), "label")
    },
    names={
        "revoked_reason": "reason",
        "last_four": "last four characters",
        "project_id": "project",
        "created_by_id": "created by",
        "digest": "secret",
    },
    about={"project": lambda key: key.project.title},
    words=(
        Words("create", "Generated new API key", ("Created", "create"), _creation),
        Words("update", "Revoked API key", ("Revoked", "revoke"), _revocation, _sets_status("revoked")),
        Words("update", _STATUS, ("Disabled", "disable"), _status, _sets_status("disabled")),
        Words("update", _STATUS, ("Enabled", "enable"), _status, _sets_status("active")),
        Words("update", "Updated API key", ("Renamed", "rename"), _label, lambda change: change.changed("label")),
        Words("update", "Updated API key", ("Changed", "change"), lambda change: _key(change) + _rest(change)),
        Words("delete", "Deleted API key", ("Deleted", "delete"), _key),
    ),
    reason=_given_reason,
)
