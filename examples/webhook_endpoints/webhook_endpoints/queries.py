"""What the pages of webhook endpoints read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from erebus.db import db
from webhook_endpoints.models import WebhookEndpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erebus.blueprints.projects.models import Project


def find_endpoints(project: Project) -> Sequence[WebhookEndpoint]:
    """Return the endpoints of *project*, oldest first."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.project_id == project.id)
    return db.session.scalars(statement.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)).all()


def find_endpoint(project: Project, endpoint_id: str) -> WebhookEndpoint | None:
    """Return the endpoint *endpoint_id* of *project*, if there is one."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    return db.session.scalar(statement.where(WebhookEndpoint.project_id == project.id))


def count_endpoints(project: Project) -> int:
    """Return how many endpoints *project* has."""
    return db.session.scalar(select(func.count()).where(WebhookEndpoint.project_id == project.id)) or 0
