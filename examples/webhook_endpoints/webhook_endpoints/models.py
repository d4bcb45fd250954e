"""Webhook endpoints: everything about one but its secret, of which only a digest is kept."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from erebus import clock
from erebus.db import Identified, Model, Timestamp, choice

if TYPE_CHECKING:
    from erebus.blueprints.projects.models import Project

URL_MAX = 261  # "https://" and the longest name that DNS knows


class EndpointStatus(enum.StrEnum):
    """Whether an endpoint is called."""

    ACTIVE = "active"
    PAUSED = "paused"


class WebhookEndpoint(Identified, Model):
    """An address that is told what happens in a project. *digest*, the SHA-256 of its secret, signs deliveries."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (UniqueConstraint("project_id", "url"),)
    id_prefix = "hook_"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    url: Mapped[str] = mapped_column(String(URL_MAX))
    status: Mapped[EndpointStatus] = mapped_column(choice(EndpointStatus, "status"), default=EndpointStatus.ACTIVE)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)

    project: Mapped[Project] = relationship(
        "Project", backref=backref("webhook_endpoints", cascade="all, delete-orphan")
    )

    @property
    def is_active(self) -> bool:
        """Whether the endpoint is called."""
        return self.status is EndpointStatus.ACTIVE
