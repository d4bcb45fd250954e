"""API keys: everything about a key but its secret, of which only a digest is kept."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from erebus import clock
from erebus.db import Identified, Model, Timestamp, choice

if TYPE_CHECKING:
    from erebus.blueprints.auth.models import User
    from erebus.blueprints.projects.models import Project

LABEL_MIN, LABEL_MAX = 3, 100
REASON_MAX = 200


class Environment(enum.StrEnum):
    """What a key is for; fixed at creation and readable from the secret's first letters."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"

    @property
    def prefix(self) -> str:
        """What the secrets of its keys start with."""
        return "dv-er-" if self is Environment.DEVELOPMENT else "sk-er-"


class KeyStatus(enum.StrEnum):
    """Whether a key works: active and disabled by turns, revoked for good."""

    ACTIVE = "active"
    DISABLED = "disabled"
    REVOKED = "revoked"


class ApiKey(Identified, Model):
    """A key of a project. *prefix* and *last_four* are what may be seen of its secret.

    *status_changes* counts how often its status changed, for longer than the log remembers: since its creation, or
    since *status_counted_since* where the key is older than the count; None before the first one of those.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint(f"length(label) BETWEEN {LABEL_MIN} AND {LABEL_MAX}", name="label_length"),
        CheckConstraint("(status = 'revoked') = (revoked_reason IS NOT NULL)", name="revoked_reason"),
        CheckConstraint("(status = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_at"),
        Index(
            "ix_api_keys_label_in_use",
            "project_id",
            "label",
            unique=True,
            sqlite_where=text("status <> 'revoked'"),
            postgresql_where=text("status <> 'revoked'"),
        ),
    )
    id_prefix = "key_"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    label: Mapped[str] = mapped_column(String(LABEL_MAX))
    environment: Mapped[Environment] = mapped_column(choice(Environment, "environment"))
    status: Mapped[KeyStatus] = mapped_column(
        choice(KeyStatus, "status"),
        default=KeyStatus.ACTIVE,
    )
    prefix: Mapped[str] = mapped_column(String(6))
    last_four: Mapped[str] = mapped_column(String(4))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_by_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column(Timestamp)
    revoked_reason: Mapped[str | None] = mapped_column(String(REASON_MAX))
    revoked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    status_changes: Mapped[int | None] = mapped_column(default=0)
    status_counted_since: Mapped[datetime | None] = mapped_column(Timestamp)

    project: Mapped[Project] = relationship(
        "Project", backref=backref("keys", cascade="all, delete-orphan", order_by="ApiKey.id")
    )
    created_by: Mapped[User] = relationship("User")

    @property
    def is_active(self) -> bool:
        """Whether the key can be used."""
        return self.status is KeyStatus.ACTIVE

    @property
    def is_revoked(self) -> bool:
        """Whether the key is out of use for good."""
        return self.status is KeyStatus.REVOKED

    def is_dormant(self, days: int) -> bool:
        """Whether the key was not used for *days* days, and could be: derived, never stored (``product.md``)."""
        return not self.is_revoked and (self.last_used_at or self.created_at) < clock.now() - timedelta(days=days)
