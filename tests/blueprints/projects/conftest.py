"""People, a project with a member of each role, and what its log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from erebus.blueprints.auth.models import User
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.trail import AuditEvent, Refused, read_log
from tests.blueprints.people import register

PEOPLE = {"admin": Role.ADMIN, "developer": Role.DEVELOPER, "support": Role.SUPPORT}


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """The app, pushed: for tests that call services."""
    with app.app_context():
        yield


@pytest.fixture
def owner(app_context: None) -> User:
    """Somebody without projects."""
    return register("owner")


@pytest.fixture
def project(owner: User) -> Project:
    """A project of the owner's with a member of each role."""
    people = [(register(name), role) for name, role in PEOPLE.items()]
    with transaction():
        project = services.create_project(owner, "My Chat App", Region.GLOBAL)
        for user, role in people:
            services.add_member(project, user, role)
    return project


@dataclass(frozen=True)
class Attempt:
    """What came of a change: what it returned, or how it was refused."""

    result: object = None
    refused: Refused | None = None


@pytest.fixture
def attempt(app_context: None) -> Callable[[Callable[[], object]], Attempt]:
    """``attempt(lambda: services.rename(project, "x"))`` makes a change in a transaction of its own."""

    def attempt(change: Callable[[], object]) -> Attempt:
        try:
            with transaction():
                return Attempt(result=change())
        except Refused as refused:
            return Attempt(refused=refused)

    return attempt


@pytest.fixture
def log(app_context: None) -> Callable[[str], list[AuditEvent]]:
    """``log(project.id)`` is what the log says, newest first."""

    def log(log_id: str) -> list[AuditEvent]:
        db.session.rollback()
        found = read_log(db.session.connection(), log_id)
        return list(found.events) if found else []

    return log
