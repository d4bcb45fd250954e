"""What the pages of projects read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flask_login import current_user
from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import joinedload, selectinload

from erebus.blueprints.keys.models import ApiKey, KeyStatus
from erebus.blueprints.projects.models import TITLE_KEY_MAX, Membership, Project, title_key
from erebus.db import db
from erebus.permissions import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erebus.blueprints.auth.models import User


_NAMES_AT_MOST = 50  # in a menu; beyond that, the list has a search

# What every page of a project asks: put together once, which costs as much as the database's own work

_SCOPE = (
    select(Project, Membership.role)
    .join(Membership, Membership.project_id == Project.id)
    .where(Project.slug == bindparam("slug"), Membership.user_id == bindparam("user"))
)
_NAMES = (
    select(Project.slug, Project.title)
    .join(Membership, Membership.project_id == Project.id)
    .where(Membership.user_id == bindparam("user"))
    .order_by(case((Project.slug == bindparam("first"), 0), else_=1), Project.title_key, Project.id)
    .limit(_NAMES_AT_MOST)
)
_MEMBERS = select(func.count()).where(Membership.project_id == bindparam("project"))


class ProjectName(NamedTuple):
    """A project as a menu has it."""

    slug: str
    title: str


@dataclass(frozen=True)
class KeyCounts:
    """How many keys of a project are in which state; dormant ones are active or disabled as well."""

    active: int
    disabled: int
    revoked: int
    dormant: int

    @property
    def total(self) -> int:
        """All keys there are."""
        return self.active + self.disabled + self.revoked


def find_scope(slug: str) -> tuple[Project, Role] | None:
    """Return the project *slug* and what the reader is in it; None if there is none, or they are no member."""
    found = db.session.execute(_SCOPE, {"slug": slug, "user": current_user.id}).first()
    return (found.Project, found.role) if found else None


def find_memberships(user: User, text: str = "") -> Sequence[Membership]:
    """Return the memberships of *user* in projects whose title contains *text*, by title."""
    statement = select(Membership).join(Membership.project).where(Membership.user_id == user.id)
    key = title_key(text)
    if len(key) > TITLE_KEY_MAX:
        return ()  # in no title; and SQLite refuses a pattern of more than 50,000 bytes
    if key:
        statement = statement.where(Project.title_key.contains(key, autoescape=True))
    statement = statement.options(joinedload(Membership.project).selectinload(Project.memberships))
    return db.session.scalars(statement.order_by(Project.title_key, Project.id)).all()


def find_names(user_id: str, first: str) -> Sequence[ProjectName]:
    """Return the projects of the user *user_id*, at most 50: the one whose slug is *first*, then by title."""
    return [ProjectName(*name) for name in db.session.execute(_NAMES, {"user": user_id, "first": first})]


def find_members(project: Project) -> Sequence[Membership]:
    """Return who is a member of *project*: the owner first, then by role and name."""
    statement = select(Membership).where(Membership.project_id == project.id).options(selectinload(Membership.user))
    rank = {role: -place for place, role in enumerate(Role)}
    return sorted(db.session.scalars(statement), key=lambda m: (rank[m.role], m.user.name.casefold(), m.id))


def count_members(project: Project) -> int:
    """Return how many members *project* has."""
    return db.session.scalar(_MEMBERS, {"project": project.id}) or 0


def count_keys(projects: Iterable[Project], dormant_days: int) -> dict[str, KeyCounts]:
    """Return how many keys of each of *projects*, by id, are in which state; unused for *dormant_days* is dormant."""
    keys: dict[str, list[ApiKey]] = {project.id: [] for project in projects}
    for key in db.session.scalars(select(ApiKey).where(ApiKey.project_id.in_(keys))):
        keys[key.project_id].append(key)
    return {project_id: _count(found, dormant_days) for project_id, found in keys.items()}


def _count(keys: list[ApiKey], dormant_days: int) -> KeyCounts:
    statuses = [key.status for key in keys]
    active, disabled, revoked = (statuses.count(status) for status in KeyStatus)
    return KeyCounts(active, disabled, revoked, dormant=sum(key.is_dormant(dormant_days) for key in keys))
