"""The demo, made once for the tests that only look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from erebus import create_app, db
from tests.databases import Databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.engine import Connection

DEMO_PASSWORD = "amber-otter-lantern-42"


@pytest.fixture(scope="session")
def told(databases: Databases, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app whose database holds the demo; nobody may change it."""
    folder = tmp_path_factory.mktemp("demo")
    with databases.lend(folder / "erebus.db", migrated) as url:
        app = create_app(
            {"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "TESTING": True, "DEMO_PASSWORD": DEMO_PASSWORD}
        )
        app.config["WTF_CSRF_ENABLED"] = False
        result = app.test_cli_runner().invoke(args=["erebus", "demo"])
        assert result.exit_code == 0, result.output
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def connection(told: Flask) -> Iterator[Connection]:
    """A connection to the demo's database, in the app's context."""
    with told.app_context():
        yield db.session.connection()
        db.session.rollback()
