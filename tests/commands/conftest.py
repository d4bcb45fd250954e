"""An installation with two projects, one of them deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from erebus import db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Region
from erebus.db import transaction
from erebus.trail import CheckpointFolder, drop_triggers, read_log, seal
from erebus.upgrading import owner_connection
from tests.conftest import PASSWORD, chain_key

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True)
class House:
    """The app, the two projects' ids, and what is done to their logs."""

    app: Flask
    kept: str
    deleted: str
    key: bytes

    @property
    def folder(self) -> CheckpointFolder:
        return CheckpointFolder(self.app.extensions["erebus"].settings.instance_path / "checkpoints")

    def run(self, *statements: str) -> None:
        """Run *statements* as an owner of the tables, with the triggers away for good."""
        with owner_connection(self.app.extensions["erebus"].settings) as connection:
            drop_triggers(connection)
            for statement in statements:
                connection.exec_driver_sql(statement)

    def pretend(self, log_id: str, number: int) -> None:
        """Keep a checkpoint that says that the log went on to *number*."""
        with self.app.app_context():
            log = read_log(db.session.connection(), log_id)
            assert log
            self.folder.keep(seal(replace(log, head_number=number), self.key, 0))


@pytest.fixture
def house(app: Flask, settings: dict[str, Any]) -> House:
    with app.app_context():
        draft = accounts.draft_account(name="Ada", email="ada@example.com", password=PASSWORD)
        with transaction():
            ada = accounts.register_user(draft)
        ids = []
        for title in ("Kept one", "Deleted one"):
            with transaction():
                ids.append(projects.create_project(ada, title, Region.EU).id)
        with transaction() as session:
            project = session.get_one(projects.Project, ids[1])
            projects.delete_project(project, "Deleted one")
    return House(app, *ids, chain_key(settings))
