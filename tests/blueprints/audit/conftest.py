"""A project with a log, what makes it longer, and what is needed to tamper with it.

No context stays open: an app context shared by two requests would let the second be the first one's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import ApiKey, Environment
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.trail import Actor, ActorKind, AuditLog, Refused, acting_as, drop_triggers, read_log
from erebus.upgrading import owner_connection
from tests.blueprints.people import register


@dataclass(frozen=True)
class Place:
    """A project, outside of any session."""

    id: str
    slug: str
    owner_id: str


@contextmanager
def acting(user: User) -> Iterator[None]:
    with acting_as(Actor(ActorKind.USER, user.id, user.name, user.image)):
        yield


@pytest.fixture
def project(app: Flask) -> Place:
    """A project of the owner's with somebody from support: 3 events."""
    with app.app_context():
        owner, helper = register("owner"), register("support")
        with acting(owner):
            with transaction():
                made = projects.create_project(owner, "My Chat App", Region.GLOBAL)
            with transaction():
                projects.add_member(made, helper, Role.SUPPORT)
        return Place(made.id, made.slug, owner.id)


@pytest.fixture
def change(app: Flask, project: Place) -> Callable[[Callable[[Project], object]], None]:
    """``change(lambda project: rename(project, "x"))`` makes a change as the owner; a refusal is kept to the log."""

    def change(make: Callable[[Project], object]) -> None:
        with app.app_context():
            found = db.session.get_one(Project, project.id)
            try:
                with acting(found.owner), transaction():
                    make(found)
            except Refused:
                pass

    return change


def only_key(project: Project) -> ApiKey:
    """Return the key of *project*, which has one."""
    return db.session.scalars(select(ApiKey).where(ApiKey.project_id == project.id)).one()


@pytest.fixture
def write(change: Callable[[Callable[[Project], object]], None]) -> Callable[[int], None]:
    """``write(3)`` makes three more events, each a key."""

    def make(project: Project, count: int) -> None:
        for number in range(count):
            keys.create_key(project, f"Key {number:03}", Environment.DEVELOPMENT, by=project.owner)

    return lambda count: change(lambda project: make(project, count))


@pytest.fixture
def refuse(change: Callable[[Callable[[Project], object]], None]) -> Callable[[], None]:
    """``refuse()`` makes one more event, a failure: a deletion with the wrong name typed."""
    return lambda: change(lambda project: projects.delete_project(project, "something else"))


@pytest.fixture
def log(app: Flask, project: Place) -> Callable[[], AuditLog]:
    """``log()`` is the project's log as it stands."""

    def log() -> AuditLog:
        with app.app_context():
            found = read_log(db.session.connection(), project.id)
            assert found
            return found

    return log


@pytest.fixture
def tamper(app: Flask, project: Place) -> Callable[[str, int], None]:
    """``tamper("description = 'x'", 2)`` changes event 2 without the triggers, as an owner of the tables can."""

    def tamper(assignment: str, number: int) -> None:
        with owner_connection(app.extensions["erebus"].settings) as connection:
            drop_triggers(connection)
            statement = f"UPDATE audit_events SET {assignment} WHERE log_id = '{project.id}' AND number = {number}"
            connection.exec_driver_sql(statement)

    return tamper


@pytest.fixture
def reader(project: Place, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser of somebody whose role is support."""
    return sign_in("support@example.com")
