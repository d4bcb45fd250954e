"""The rules of projects (``product.md``, *Projects*). Each function changes objects, and refuses what must not be.

Whoever changes a project holds its row's lock; whoever needs an account's title or one of its 50 places holds the
lock of the owner's row, taken first. So a rule that was checked still holds at the commit. The locks leave the keys of
the rows alone, so that a line elsewhere that only points at them does not wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys.models import ApiKey, KeyStatus
from erebus.blueprints.projects import slugs, webhooks
from erebus.blueprints.projects.models import Membership, Project, ProjectStatus, Region, title_key
from erebus.db import db
from erebus.permissions import Role
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_LIMIT = 50
ONE_OWNER = "A project has exactly one owner. Choose another role."

Row = TypeVar("Row", User, Project)


class TitleIsTaken(Refused):
    """The owner's account has a project of that name already."""


class TooManyProjects(Refused):
    """The owner's account has all the projects that it may have."""


class ProjectIsArchived(Refused):
    """Nothing of an archived project can be changed but its status."""


class WebhookUrlIsNotAllowed(Refused):
    """What was given is no webhook URL; the attempt keeps it without what could be a credential."""


class ConfirmationIsWrong(Refused):
    """What was typed to confirm is not the project's name. It is not kept."""


class ProjectHasActiveKeys(Refused):
    """A project is not deleted while a key of it works."""


class ProjectHasWebhookUrl(Refused):
    """A project is not deleted while it has a webhook URL."""


class AlreadyMember(Refused):
    """Somebody is a member of a project once."""


class ProjectHasAnOwner(Refused):
    """A project has exactly one owner."""


def create_project(owner: User, title: str, region: Region) -> Project:
    """Create a project of *owner*, who becomes its member; return it.

    Refuses a title that another project of the account has (`TitleIsTaken`), and the 51st (`TooManyProjects`).
    """
    owner = _lock(User, owner.id)
    attempted = {"title": title, "region": region, "owner_id": owner.id}
    candidate = Project(slug="", status=ProjectStatus.ACTIVE, **attempted)
    _check_room(owner, candidate, attempted)
    _check_title(candidate, title, attempted, action="create")
    project = Project(
        id=candidate.id,
        title=title,
        region=region,
        owner=owner,
        slug=slugs.give(title, candidate.id),
        status=ProjectStatus.ACTIVE,
    )
    project.memberships.append(Membership(user=owner, role=Role.OWNER))
    db.session.add(project)
    return project


def rename(project: Project, title: str) -> None:
    """Give *project* another title. Its slug stays. Refuses as `create_project` does, and an archived project."""
    _lock(User, project.owner_id)
    _lock(Project, project.id)
    if title == project.title:
        return
    _check_not_archived(project, project, {"title": title}, field="title")
    _check_title(project, title, {"title": title})
    project.title = title


def set_webhook_url(project: Project, url: str) -> None:
    """Set the webhook URL of *project*, or none for an empty *url*. Refuses what is none, and an archived project."""
    _lock(Project, project.id)
    wanted = webhooks.normalise(url)
    if wanted == project.webhook_url:
        return
    flaw = webhooks.find_flaw(wanted) if wanted else None
    attempted = {"webhook_url": flaw.printable if flaw else wanted}
    _check_not_archived(project, project, attempted, field="webhook_url")
    if flaw:
        raise WebhookUrlIsNotAllowed(project, attempted, reason=flaw.reason, field="webhook_url")
    project.webhook_url = wanted


def change_status(project: Project, status: ProjectStatus) -> None:
    """Set the *status* of *project*: any to any."""
    _lock(Project, project.id)
    project.status = status


def delete_project(project: Project, confirmation: str) -> None:
    """Delete *project* with its keys, whatever their status, and its memberships.

    Refuses while it has an active key or a webhook URL, and if *confirmation* is not its title.
    """
    _lock(Project, project.id)
    _check_no_active_keys(project)
    if project.webhook_url:
        first = "Set its status to active, then remove it" if project.is_archived else "Remove it"
        reason = f"The project has a webhook URL. {first} in the settings. Then the project can be deleted."
        raise _refused_deletion(ProjectHasWebhookUrl, project, reason)
    if title_key(confirmation) != project.title_key:
        raise _refused_deletion(
            ConfirmationIsWrong,
            project,
            "The name typed to confirm is not the project's. Type it as it stands on the page.",
            field="confirmation",
        )
    db.session.delete(project)


def add_member(project: Project, user: User, role: Role) -> Membership:
    """Make *user* a member of *project*; return the membership. Refuses a second time, and a second owner."""
    _lock(Project, project.id)
    candidate = Membership(project_id=project.id, user_id=user.id, role=role)
    set_committed_value(candidate, "project", project)
    set_committed_value(candidate, "user", user)
    attempted = {"user_id": user.id, "role": role}
    _check_not_archived(project, candidate, attempted, action="create")
    if role is Role.OWNER:
        raise ProjectHasAnOwner(candidate, attempted, reason=ONE_OWNER, action="create", field="role")
    if any(membership.user_id == user.id for membership in project.memberships):
        raise AlreadyMember(candidate, attempted, reason=already_member(user.name), action="create")
    membership = Membership(user=user, role=role)
    project.memberships.append(membership)
    return membership


def taken_title(title: str) -> str:
    """Return why a project cannot be called *title*, and what to do."""
    return f"The owner's account already has a project named '{title}'. Choose another name."


def already_member(name: str) -> str:
    """Return why *name* cannot be added."""
    return f"{name} is a member already."


def _lock(model: type[Row], identity: str) -> Row:
    """Lock a row until the transaction ends, and read it anew: another may have changed it. NoResultFound if gone."""
    statement = select(model).where(model.id == identity).with_for_update(key_share=True)
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _check_room(owner: User, candidate: Project, attempted: Mapping[str, Any]) -> None:
    count = db.session.scalar(select(func.count()).where(Project.owner_id == owner.id)) or 0
    if count >= PROJECT_LIMIT:
        reason = f"An account can own {PROJECT_LIMIT} projects, and this one does. Delete one that is not needed first."
        raise TooManyProjects(candidate, attempted, reason=reason, action="create")


def _check_title(project: Project, title: str, attempted: Mapping[str, Any], *, action: str = "update") -> None:
    same = select(Project.title).where(
        Project.owner_id == project.owner_id, Project.title_key == title_key(title), Project.id != project.id
    )
    if taken := db.session.scalar(same):
        raise TitleIsTaken(project, attempted, reason=taken_title(taken), action=action, field="title")


def _check_not_archived(
    project: Project, entity: object, attempted: Mapping[str, Any], *, action: str = "update", field: str | None = None
) -> None:
    if project.is_archived:
        reason = "The project is archived, which makes it read-only. Set its status to active first."
        raise ProjectIsArchived(entity, attempted, reason=reason, action=action, field=field)


def _check_no_active_keys(project: Project) -> None:
    active = select(func.count()).where(ApiKey.project_id == project.id, ApiKey.status == KeyStatus.ACTIVE)
    if count := db.session.scalar(active):
        keys = "1 active key" if count == 1 else f"{count} active keys"
        webhook = ", and a webhook URL, to be removed in the settings" if project.webhook_url else ""
        reason = f"The project has {keys}, to be disabled or revoked first{webhook}. Then it can be deleted."
        raise _refused_deletion(ProjectHasActiveKeys, project, reason)


def _refused_deletion(kind: type[Refused], project: Project, reason: str, field: str | None = None) -> Refused:
    return kind(project, {}, reason=reason, action="delete", field=field)
