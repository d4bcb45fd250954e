"""How webhook endpoints are told in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.trail import AuditDescription, Rule, Words
from webhook_endpoints.services import UrlIsTaken, taken_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from erebus.trail import ChangeSet


def _endpoint(change: ChangeSet) -> str:
    return f"webhook endpoint '{change.label}' of project '{change.about['project']}'"


def _sets_status(status: str) -> Callable[[ChangeSet], bool]:
    return lambda change: change.changed("status") and change.after("status") == status


ENDPOINT = AuditDescription(
    entity_type="webhook_endpoint",
    label=lambda endpoint: endpoint.url,
    recorded=("url", "status", "project_id"),
    secret=("digest",),
    ignored=("created_at",),
    names={"url": "URL", "project_id": "project", "digest": "secret"},
    about={"project": lambda endpoint: endpoint.project.title},
    words=(
        Words("create", "Added webhook endpoint", ("Added", "add"), _endpoint),
        Words("update", "Paused webhook endpoint", ("Paused", "pause"), _endpoint, _sets_status("paused")),
        Words("update", "Resumed webhook endpoint", ("Resumed", "resume"), _endpoint, _sets_status("active")),
        Words("delete", "Deleted webhook endpoint", ("Deleted", "delete"), _endpoint),
    ),
    constraints={
        "uq_webhook_endpoints_project_id_url": Rule(UrlIsTaken, lambda endpoint: taken_url(endpoint.url), "url")
    },
)
