"""The rules of webhook endpoints. Each function changes objects, and refuses what must not be; none commits.

That a URL is there once a project is the database's rule: `webhook_endpoints.audit` maps its constraint to
`UrlIsTaken`.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from erebus.blueprints.projects.models import Project
from erebus.blueprints.projects.webhooks import find_flaw, normalise
from erebus.db import db
from erebus.trail import Refused
from webhook_endpoints.models import EndpointStatus, WebhookEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 5
SECRET_PREFIX = "hook-er-"  # noqa: S105 - what secrets start with, so that a scanner knows them


class UrlIsNotAllowed(Refused):
    """What was given is no webhook URL; the attempt keeps it without what could be a credential."""


class UrlIsTaken(Refused):
    """The project has an endpoint with this URL already."""


class TooManyEndpoints(Refused):
    """The project has all the endpoints that it may have."""


class EndpointIsActive(Refused):
    """An endpoint is deleted only once it is paused."""


class ProjectIsArchived(Refused):
    """An archived project is read-only."""


def add_endpoint(project: Project, text: str) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint with the URL *text*, active; return it and its secret, which is kept nowhere else."""
    project = _lock(project.id)
    url = normalise(text) or ""
    flaw = find_flaw(url)
    attempted = {"url": flaw.printable if flaw else url}
    candidate = draft(project, attempted["url"])
    _check_not_archived(candidate, attempted, "create")
    if flaw:
        raise UrlIsNotAllowed(candidate, attempted, reason=flaw.reason, action="create", field="url")
    _check_room(candidate, attempted)
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    endpoint = WebhookEndpoint(project=project, url=url, digest=hashlib.sha256(secret.encode()).hexdigest())
    db.session.add(endpoint)
    return endpoint, secret


def draft(project: Project, url: str) -> WebhookEndpoint:
    """Return an endpoint that is in no session: what a refused creation is told by."""
    endpoint = WebhookEndpoint(project_id=project.id, url=url)
    set_committed_value(endpoint, "project", project)
    return endpoint


def pause(endpoint: WebhookEndpoint) -> None:
    """Let *endpoint* not be called until it is resumed. Refuses in an archived project."""
    _set_status(endpoint, EndpointStatus.PAUSED)


def resume(endpoint: WebhookEndpoint) -> None:
    """Let *endpoint* be called again. Refuses in an archived project."""
    _set_status(endpoint, EndpointStatus.ACTIVE)


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Delete *endpoint*. Refuses while it is active, and in an archived project."""
    _lock(endpoint.project_id)
    _check_not_archived(endpoint, {}, "delete")
    if endpoint.is_active:
        reason = "An active endpoint cannot be deleted: something may rely on it. Pause it first."
        raise EndpointIsActive(endpoint, {}, reason=reason, action="delete")
    db.session.delete(endpoint)


def taken_url(url: str) -> str:
    """Return why a project cannot have another endpoint with *url*, and what to do."""
    return f"The project already has an endpoint {url}. Give another URL, or resume that one if it is paused."


def _lock(project_id: str) -> Project:
    """Lock the row of the project until the transaction ends, and read it anew. NoResultFound if it is gone."""
    statement = select(Project).where(Project.id == project_id).with_for_update(key_share=True)
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _set_status(endpoint: WebhookEndpoint, status: EndpointStatus) -> None:
    _lock(endpoint.project_id)
    _check_not_archived(endpoint, {"status": status}, "update")
    endpoint.status = status


def _check_not_archived(endpoint: WebhookEndpoint, attempted: Mapping[str, Any], action: str) -> None:
    if endpoint.project.is_archived:
        reason = "The project is archived, which makes it read-only. Set its status to active first."
        raise ProjectIsArchived(endpoint, attempted, reason=reason, action=action)


def _check_room(candidate: WebhookEndpoint, attempted: Mapping[str, Any]) -> None:
    same = select(func.count()).where(WebhookEndpoint.project_id == candidate.project_id)
    if (db.session.scalar(same) or 0) >= LIMIT:
        reason = f"A project has at most {LIMIT} endpoints. Delete one that is not needed first."
        raise TooManyEndpoints(candidate, attempted, reason=reason, action="create")
