"""People, a project with a long log, and what is needed to tamper with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.trail import Actor, ActorKind, AuditLog, Refused, acting_as, drop_triggers, read_log
from tests.conftest import PASSWORD


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def register(name: str) -> User:
    """Make an account ``<name>@example.com``."""
    draft = accounts.draft_account(name=name.title(), email=f"{name}@example.com", password=PASSWORD)
    with transaction():
        return accounts.register_user(draft)


@pytest.fixture
def owner(app_context: None) -> User:
    return register("owner")


@pytest.fixture
def project(owner: User) -> Project:
    """A project of the owner's with somebody from support: 3 events."""
    helper = register("support")
    with acting_as(Actor(ActorKind.USER, owner.id, owner.name, owner.image)):
        with transaction():
            project = projects.create_project(owner, "My Chat App", Region.GLOBAL)
        with transaction():
            projects.add_member(project, helper, Role.SUPPORT)
    return project


@pytest.fixture
def write(owner: User, project: Project) -> Callable[[int], None]:
    """``write(3)`` makes three more events, each a key."""

    def write(count: int) -> None:
        with acting_as(Actor(ActorKind.USER, owner.id, owner.name, owner.image)), transaction():
            for number in range(count):
                keys.create_key(project, f"Key {number:03}", Environment.DEVELOPMENT, by=owner)

    return write


@pytest.fixture
def refuse(owner: User, project: Project) -> Callable[[], None]:
    """``refuse()`` makes one more event, a failure: a deletion with the wrong name typed."""

    def refuse() -> None:
        with acting_as(Actor(ActorKind.USER, owner.id, owner.name, owner.image)), pytest.raises(Refused), transaction():
            projects.delete_project(project, "something else")

    return refuse


@pytest.fixture
def log(project: Project) -> Callable[[], AuditLog]:
    """``log()`` is the project's log as it stands."""

    def log() -> AuditLog:
        db.session.rollback()
        found = read_log(db.session.connection(), project.id)
        assert found
        return found

    return log


@pytest.fixture
def tamper(project: Project) -> Callable[[str, int], None]:
    """``tamper("description = 'x'", 2)`` changes event 2 past the triggers, as an owner of the tables can."""

    def tamper(assignment: str, number: int) -> None:
        db.session.rollback()
        with db.engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
            drop_triggers(connection)
            statement = f"UPDATE audit_events SET {assignment} WHERE log_id = '{project.id}' AND number = {number}"
            connection.exec_driver_sql(statement)

    return tamper


@pytest.fixture
def reader(project: Project, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser of somebody whose role is support."""
    return sign_in("support@example.com")


__all__ = ["register"]
