"""Real databases, and people, projects and keys made through the services.

``EREBUS_TEST_DATABASE`` is ``sqlite`` (a file, the default) or ``postgresql`` (a server from a wheel, one a run). The
migrations run once a worker; each test gets a copy of what they made.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from erebus import config, create_app, db
from erebus.db import transaction
from erebus.trail import acting_as
from erebus.upgrading import upgrade_all
from tests.databases import Databases, Files, Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient, FlaskCliRunner

PASSWORD = "correct horse battery staple 9"
DATABASE = os.environ.get("EREBUS_TEST_DATABASE", "sqlite")

_MEMORY, _ROOM = Path("/dev/shm"), 8 * 2**30  # noqa: S108 - folders of their own are made in it


def _has_room(folder: Path) -> bool:
    """Whether tests can write there, and run what they wrote."""
    is_there = folder.is_dir() and os.access(folder, os.W_OK)
    return is_there and shutil.disk_usage(folder).free > _ROOM and not os.statvfs(folder).f_flag & os.ST_NOEXEC


if _has_room(_MEMORY):  # processes are killed here and no machine is: what they wrote outlives them in memory as well
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# How long a machine takes over an example says nothing about the example.
hypothesis.settings.register_profile("erebus", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("erebus")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Spare the collector what is there for good: modules, and thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Iterator[Databases]:
    """Where databases come from."""
    if DATABASE == "sqlite":
        yield Files(tmp_path_factory.mktemp("templates"))
        return
    postgres = Postgres(f"erebus-{testrun_uid[:8]}")
    yield postgres
    postgres.close()


@pytest.fixture
def blank_database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    with databases.lend(tmp_path / "blank.db") as url:
        yield url


@pytest.fixture(scope="session")
def migrated(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A template as the migrations make it."""
    return databases.template(partial(_migrate, tmp_path_factory.mktemp("migrated")))


def _migrate(folder: Path, url: str) -> None:
    app = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "TESTING": True})
    upgrade_all(app.extensions["erebus"])
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def database_url(databases: Databases, migrated: str, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own."""
    with databases.lend(tmp_path / "erebus.db", migrated) as url:
        yield url


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
