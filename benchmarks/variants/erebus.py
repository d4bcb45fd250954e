"""The trail, everything included: sentences, numbers, cap, keyed chain, triggers, authorizer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import DeclarativeBase

from benchmarks.models import Models, declare
from benchmarks.variants import Variant
from erebus import trail

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

CAPACITY = 100
ADA = trail.Actor(trail.ActorKind.USER, id="user_1", name="Ada Lovelace", address="192.0.2.7", user_agent="Mozilla/5.0")


class Base(DeclarativeBase):
    """The base of this variant."""


def install(engine: Engine) -> Variant:
    """Make the tables with their triggers, attach the trail, and describe both classes as Erebus does."""
    models = declare(Base)
    Base.metadata.create_all(engine)
    trail.metadata.create_all(engine)
    with engine.begin() as connection:
        if trail.missing_triggers(connection):
            trail.make_triggers(connection)
    engine.dispose()
    trail.guard_connections(engine)
    trail.use_key(engine, bytes(range(32)))
    trail.attach(Base, main=trail.Log("platform", None, 1000), log_of=_log_of, actor_of=lambda: ADA, clock=_clock)
    _describe(models)
    return Variant(models)


def _log_of(entity: Any, _connection: Connection) -> trail.Log:  # noqa: ANN401 - either class
    project_id = getattr(entity, "project_id", None) or entity.id
    return trail.Log(project_id, project_id, CAPACITY)


def _clock() -> int:
    return time.time_ns() // 1_000_000


def _renaming(change: trail.ChangeSet) -> str:
    return f"{change['environment']} API key '{change.before('label')}' to '{change.after('label')}'"


def _key(change: trail.ChangeSet) -> str:
    return f"{change['environment']} API key '{change.label}'"


def _describe(models: Models) -> None:
    project = trail.AuditDescription(
        entity_type="project",
        label=lambda project: project.title,
        recorded=("title", "region", "status", "webhook_url"),
        words=(trail.Words("create", "Created project", ("Created", "create"), lambda c: f"project '{c.label}'"),),
    )
    key = trail.AuditDescription(
        entity_type="api_key",
        label=lambda key: key.label,
        recorded=("label", "environment", "status", "prefix", "project_id"),
        secret=("digest",),
        words=(
            trail.Words("create", "Generated new API key", ("Created", "create"), _key),
            trail.Words("update", "Updated API key", ("Renamed", "rename"), _renaming, lambda c: c.changed("label")),
            trail.Words("delete", "Deleted API key", ("Deleted", "delete"), _key),
        ),
    )
    trail.describe(models.project, project)
    trail.describe(models.key, key)
