"""Projects, who is a member of them, and the slugs that were ever given.

The rules are those of ``product.md`` (*Projects*, *People*). The services keep them under a lock; what is written here
as a constraint is the backstop, for whoever writes without them.
"""

from __future__ import annotations

import enum
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from erebus import clock
from erebus.db import Identified, Model, Timestamp, choice
from erebus.permissions import Role

if TYPE_CHECKING:
    from erebus.blueprints.auth.models import User

TITLE_MIN, TITLE_MAX = 3, 100
TITLE_KEY_MAX = 3 * TITLE_MAX  # one letter can fold into three
SLUG_MAX = 60
WEBHOOK_URL_MAX = 261  # "https://" and the longest name that DNS knows


class Region(enum.StrEnum):
    """Where a project's data lies: chosen at creation, never changed."""

    GLOBAL = "global"
    EU = "eu"


class ProjectStatus(enum.StrEnum):
    """What can be done in a project: archived is read-only."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    ARCHIVED = "archived"


def title_key(title: str) -> str:
    """Return what two titles share that read the same: whatever their case, spaces and way of writing accents."""
    one_way = unicodedata.normalize("NFC", " ".join(title.split()))
    return unicodedata.normalize("NFC", one_way.casefold())


class Project(Identified, Model):
    """What keys, members and a log belong to."""

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("owner_id", "title_key"),
        CheckConstraint(f"length(title) BETWEEN {TITLE_MIN} AND {TITLE_MAX}", name="title_length"),
        CheckConstraint("webhook_url IS NULL OR webhook_url LIKE 'https://_%'", name="webhook_url_https"),
    )
    id_prefix = "proj_"

    slug: Mapped[str] = mapped_column(String(SLUG_MAX), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    title_key: Mapped[str] = mapped_column(String(TITLE_KEY_MAX))
    region: Mapped[Region] = mapped_column(
        choice(Region, "region"),
        default=Region.GLOBAL,
    )
    status: Mapped[ProjectStatus] = mapped_column(
        choice(ProjectStatus, "status"),
        default=ProjectStatus.ACTIVE,
    )
    webhook_url: Mapped[str | None] = mapped_column(String(WEBHOOK_URL_MAX))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)

    owner: Mapped[User] = relationship("User")
    memberships: Mapped[list[Membership]] = relationship(
        "Membership", back_populates="project", cascade="all, delete-orphan", order_by="Membership.id"
    )

    @validates("title")
    def _fold(self, _name: str, title: str) -> str:
        self.title_key = title_key(title)
        return title

    @property
    def is_archived(self) -> bool:
        """Whether nothing but the status can be changed."""
        return self.status is ProjectStatus.ARCHIVED


class Membership(Identified, Model):
    """What somebody is in a project."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("project_id", "user_id"),
        Index(
            "ix_memberships_one_owner",
            "project_id",
            unique=True,
            sqlite_where=text("role = 'owner'"),
            postgresql_where=text("role = 'owner'"),
        ),
    )
    id_prefix = "member_"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role, "role"))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)

    project: Mapped[Project] = relationship("Project", back_populates="memberships")
    user: Mapped[User] = relationship("User")


class Slug(Model):
    """A slug that was given once. Rows are never deleted, so that none is given twice: no foreign key, on purpose."""

    __tablename__ = "slugs"

    slug: Mapped[str] = mapped_column(String(SLUG_MAX), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(40))
