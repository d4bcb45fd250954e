"""How projects and their members are told in the log (``product.md``, *What each action is called in the log*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.projects import services
from erebus.trail import AuditDescription, Rule, Words

if TYPE_CHECKING:
    from erebus.trail import ChangeSet, FieldChange


def _project(change: ChangeSet) -> str:
    """Name the project as it was called before the change."""
    return f"project '{change.before('title') or change.label}'"


def _creation(change: ChangeSet) -> str:
    return f"project '{change.label}' in region {change['region'] or 'global'}"


def _status(change: ChangeSet) -> str:
    return _turn(change, "status", _project(change))


def _turn(change: ChangeSet, name: str, whose: str) -> str:
    """Tell from what to what *name* went, and what else went with it."""
    others = [f"; {_part(field)}" for field in change.fields if field.field != name]
    return f"{name} of {whose}: {change.before(name)} → {change.after(name)}{''.join(others)}"


def _settings(change: ChangeSet) -> str:
    """Tell which settings, from what to what; a webhook URL is shown whole."""
    return f"settings of {_project(change)}: {'; '.join(_part(field) for field in change.fields)}"


def _part(field: FieldChange) -> str:
    if field.hidden:
        return field.name
    return f"{field.name} {_quoted(field.before)} → {_quoted(field.after)}"


def _quoted(value: object) -> str:
    return "none" if value is None else f"'{value}'"


PROJECT = AuditDescription(
    entity_type="project",
    label=lambda project: project.title or "",
    recorded=("title", "region", "status", "webhook_url", "owner_id", "slug"),
    ignored=("title_key", "created_at"),
    names={"title": "name", "webhook_url": "webhook URL", "owner_id": "owner"},
    constraints={
        "uq_projects_owner_id_title_key": Rule(
            services.TitleIsTaken, lambda project: services.taken_title(project.title), "title"
        ),
    },
    words=(
        Words("create", "Created new project", ("Created", "create"), _creation),
        Words(
            "update",
            "Updated project status",
            ("Changed", "change"),
            _status,
            lambda change: change.changed("status"),
        ),
        Words("update", "Updated project settings", ("Updated", "update"), _settings),
        Words("delete", "Deleted project", ("Deleted", "delete"), _project),
    ),
)


def _addition(change: ChangeSet) -> str:
    return f"'{change.label}' as {change['role']} to project '{change.about['project']}'"


def _role(change: ChangeSet) -> str:
    return _turn(change, "role", f"'{change.label}'")


def _removal(change: ChangeSet) -> str:
    return f"'{change.label}', {change.before('role')}, from project '{change.about['project']}'"


MEMBER = AuditDescription(
    entity_type="member",
    label=lambda membership: membership.user.name,
    recorded=("user_id", "role", "project_id"),
    ignored=("created_at",),
    names={"user_id": "user", "project_id": "project"},
    constraints={
        "uq_memberships_project_id_user_id": Rule(
            services.AlreadyMember, lambda membership: services.already_member(membership.user.name)
        ),
        "ix_memberships_one_owner": Rule(services.ProjectHasAnOwner, lambda _: services.ONE_OWNER, "role"),
    },
    about={"project": lambda membership: membership.project.title},
    words=(
        Words("create", "Added member", ("Added", "add"), _addition),
        Words("update", "Changed member role", ("Changed", "change"), _role),
        Words("delete", "Removed member", ("Removed", "remove"), _removal),
    ),
)
