"""Fixtures with which a plugin tests itself: ``pytest_plugins = ["erebus.testing"]`` in its ``conftest.py``.

A plugin overrides `erebus_plugins`. Each test gets a migrated database of its own: a SQLite file or, where
``EREBUS_TEST_DATABASE_URL`` names a PostgreSQL server whose user may make databases, a database there. Only tests
import this module: the app needs no pytest.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, make_url, pool

from erebus.app import create_app
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.scope import PLATFORM
from erebus.trail import read_log, verify
from erebus.upgrading import upgrade_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from erebus.plugins import Plugin
    from erebus.trail import AuditEvent

PASSWORD = "correct horse battery staple 9"  # noqa: S105 - of people who exist in tests only
SERVER = "EREBUS_TEST_DATABASE_URL"


@dataclass(frozen=True)
class Account:
    """Somebody who has signed up."""

    id: str
    name: str
    email: str


@dataclass(frozen=True)
class Workspace:
    """A project: *slug* is its part of an address."""

    id: str
    slug: str


@pytest.fixture
def erebus_plugins() -> Iterable[Plugin]:
    """Return the plugins that are tested: override it."""
    return ()


@pytest.fixture
def erebus_settings() -> dict[str, Any]:
    """Return further settings of the app: override it where the plugin needs some."""
    return {}


@pytest.fixture
def erebus_database_url(tmp_path: Path) -> Iterator[str]:
    """Yield the address of an empty database of the test's own."""
    server = os.environ.get(SERVER)
    if not server:
        yield f"sqlite:///{tmp_path / 'erebus.db'}"
        return
    url, name = make_url(server).set(drivername="postgresql+psycopg"), f"erebus_test_{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def erebus_app(
    erebus_database_url: str, erebus_settings: dict[str, Any], erebus_plugins: Iterable[Plugin], tmp_path: Path
) -> Iterator[Flask]:
    """Yield the app with the plugins, migrated. Forms need no token; nothing of it is pushed."""
    own = {"DATABASE_URL": erebus_database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True}
    app = create_app({**own, **erebus_settings}, plugins=erebus_plugins)
    app.config["WTF_CSRF_ENABLED"] = False
    upgrade_all(app.extensions["erebus"])
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def erebus_user(erebus_app: Flask) -> Callable[[str], Account]:
    """``erebus_user("Ada Byron")`` signs somebody up; the first one becomes the platform's admin."""

    def make(name: str) -> Account:
        email = f"{name.lower().replace(' ', '.')}@example.com"
        with erebus_app.app_context():
            draft = accounts.draft_account(name=name, email=email, password=PASSWORD)
            with transaction():
                user = accounts.register_user(draft)
            return Account(user.id, user.name, user.email)

    return make


@pytest.fixture
def erebus_project(erebus_app: Flask) -> Callable[..., Workspace]:
    """``erebus_project(ada, "Engine", support=eve)`` makes a project of Ada's with Eve as a member."""

    def make(owner: Account, title: str = "Engine", **members: Account) -> Workspace:
        with erebus_app.app_context(), transaction() as session:
            project = projects.create_project(session.get_one(User, owner.id), title, Region.EU)
            session.add(project)
            made = Workspace(project.id, project.slug)
        for role, member in members.items():
            with erebus_app.app_context(), transaction() as session:
                user = session.get_one(User, member.id)
                projects.add_member(session.get_one(Project, made.id), user, Role(role))
        return made

    return make


@pytest.fixture
def erebus_client(erebus_app: Flask) -> Callable[..., FlaskClient]:
    """``erebus_client(ada)`` gives a browser in which Ada is signed in; ``erebus_client()`` one of nobody's."""

    def make(user: Account | None = None) -> FlaskClient:
        client = erebus_app.test_client()
        if user is not None:
            answer = client.post("/login", data={"email": user.email, "password": PASSWORD})
            assert answer.location, answer.text  # noqa: S101 - pytest's own way to fail
        return client

    return make


@pytest.fixture
def audit_log(erebus_app: Flask) -> Callable[..., tuple[AuditEvent, ...]]:
    """``audit_log(project)`` gives its events, newest first; ``audit_log()`` the platform's. The log must verify."""

    def read(project: Workspace | None = None) -> tuple[AuditEvent, ...]:
        with erebus_app.app_context():
            connection = db.session.connection()
            log = read_log(connection, project.id if project else PLATFORM.id)
            if log is None:
                return ()
            found = verify(connection, log)
            assert found.is_sound, found.finding  # noqa: S101 - the same
            return log.events

    return read
