"""The rules of API keys (``product.md``, *API keys*). Each function changes objects, and refuses what must not be.

Whoever changes a key holds the lock of its project's row: so a key is not enabled while the project is being archived
or deleted, and of two who change one key at once the second decides on what the first has left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from erebus import clock
from erebus.blueprints.keys import secret as secrets
from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.blueprints.projects.models import Project
from erebus.db import db
from erebus.times import at, day
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.blueprints.auth.models import User


class KeyIsRevoked(Refused):
    """A revoked key can't be changed at all."""


class KeyIsDisabled(Refused):
    """The label of a disabled key can't be changed."""


class KeyIsNotRevoked(Refused):
    """A key can be deleted by itself only once it is revoked."""


class LabelIsTaken(Refused):
    """Two keys of a project that are not revoked never have one label: the log could not tell them apart in words."""


class RevocationNeedsReason(Refused):
    """Whoever revokes a key says why."""


class ProjectIsArchived(Refused):
    """In an archived project keys can be disabled and revoked, nothing else."""


def create_key(project: Project, label: str, environment: Environment, by: User) -> tuple[ApiKey, str]:
    """Create a key; return it and its secret, which is kept nowhere else.

    Refuses in an archived project, and a label that another key has which is not revoked.
    """
    project = _lock(project)
    attempted = {"label": label, "environment": environment}
    candidate = draft(project, label, environment)
    _check_not_archived(project, candidate, attempted, action="create")
    _check_label(candidate, label, attempted, action="create")
    secret = secrets.generate(environment.prefix)
    key = ApiKey(
        project=project,
        label=label,
        environment=environment,
        status=KeyStatus.ACTIVE,
        prefix=secret.prefix,
        last_four=secret.last_four,
        digest=secret.digest,
        created_by_id=by.id,
    )
    db.session.add(key)
    return key, secret.text


def draft(project: Project, label: str | None, environment: Environment | None) -> ApiKey:
    """Return a key that is in no session: what a refused creation is told by."""
    key = ApiKey(project_id=project.id, label=label, environment=environment)
    set_committed_value(key, "project", project)
    return key


def change_label(key: ApiKey, label: str) -> None:
    """Give *key* another label. Refuses for a revoked or disabled key, in an archived project, and a label in use."""
    _lock_key(key)
    if label == key.label:
        return
    attempted = {"label": label}
    _check_not_revoked(key, attempted, field="label")
    if not key.is_active:
        reason = "The label of a disabled key cannot be changed. Enable the key first."
        raise KeyIsDisabled(key, attempted, reason=reason, field="label")
    _check_not_archived(key.project, key, attempted, field="label")
    _check_label(key, label, attempted)
    key.label = label


def enable(key: ApiKey) -> None:
    """Let *key* be used again. Refuses for a revoked key, and in an archived project."""
    _lock_key(key)
    attempted = {"status": KeyStatus.ACTIVE}
    _check_not_revoked(key, attempted)
    if not key.is_active:
        _check_not_archived(key.project, key, attempted)
        _set_status(key, KeyStatus.ACTIVE)


def disable(key: ApiKey) -> None:
    """Let *key* not be used until it is enabled. Refuses for a revoked key."""
    _lock_key(key)
    _check_not_revoked(key, {"status": KeyStatus.DISABLED})
    _set_status(key, KeyStatus.DISABLED)


def revoke(key: ApiKey, reason: str) -> None:
    """Put *key* out of use for good. Refuses without a *reason*, and for a key that is revoked already."""
    _lock_key(key)
    attempted = {"status": KeyStatus.REVOKED, "revoked_reason": reason}
    _check_not_revoked(key, attempted)
    if not reason.strip():
        told = "A key is revoked for good: say why, so that others know."
        raise RevocationNeedsReason(key, attempted, reason=told, field="reason")
    key.revoked_reason, key.revoked_at = reason, clock.now()
    _set_status(key, KeyStatus.REVOKED)


def delete_key(key: ApiKey) -> None:
    """Delete *key*. Refuses unless it is revoked, and in an archived project."""
    _lock_key(key)
    if not key.is_revoked:
        reason = "Only a revoked key can be deleted. Revoke it first."
        raise KeyIsNotRevoked(key, {}, reason=reason, action="delete")
    _check_not_archived(key.project, key, {}, action="delete")
    db.session.delete(key)


def taken_label(label: str) -> str:
    """Return why a key cannot be called *label*, and what to do."""
    return f"The project already has a key labelled '{label}' that is not revoked. Choose another label."


def _set_status(key: ApiKey, status: KeyStatus) -> None:
    """Set the *status* of *key*, and count that if it is another one."""
    if status is key.status:
        return
    if key.status_changes is None:
        key.status_counted_since = clock.now()
    key.status, key.status_changes = status, (key.status_changes or 0) + 1


def _lock(project: Project) -> Project:
    """Lock the row of *project* until the transaction ends, and read it anew. NoResultFound if it is gone."""
    statement = select(Project).where(Project.id == project.id).with_for_update(key_share=True)
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _lock_key(key: ApiKey) -> None:
    """Lock the project of *key*, then *key*, read anew. NoResultFound if it is gone meanwhile."""
    _lock(key.project)
    statement = select(ApiKey).where(ApiKey.id == key.id).with_for_update(key_share=True)
    db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _check_not_archived(
    project: Project, key: ApiKey, attempted: Mapping[str, Any], *, action: str = "update", field: str | None = None
) -> None:
    if project.is_archived:
        reason = "The project is archived: its keys can only be disabled and revoked. Set its status to active first."
        raise ProjectIsArchived(key, attempted, reason=reason, action=action, field=field)


def _check_label(key: ApiKey, label: str, attempted: Mapping[str, Any], *, action: str = "update") -> None:
    same = select(ApiKey.id).where(ApiKey.project_id == key.project_id, ApiKey.label == label, ApiKey.id != key.id)
    if db.session.scalar(same.where(ApiKey.status != KeyStatus.REVOKED)):
        raise LabelIsTaken(key, attempted, reason=taken_label(label), action=action, field="label")


def _check_not_revoked(key: ApiKey, attempted: Mapping[str, Any], field: str | None = None) -> None:
    if key.is_revoked:
        since = f" on {day(at(key.revoked_at))} (UTC)" if key.revoked_at else ""
        reason = f"The key was revoked{since}, which is final. Create a new key instead."
        raise KeyIsRevoked(key, attempted, reason=reason, field=field)
