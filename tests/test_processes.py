"""Several processes of several threads on one database: nothing is lost, and each log keeps exactly its newest 100."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, func, select

from erebus import create_app, db
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import ApiKey, Environment
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Project, Region
from erebus.db import transaction
from erebus.trail import AuditEvent, verify
from tests.blueprints.projects.conftest import app_context, log, owner
from tests.conftest import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Barrier

    from flask import Flask

__all__ = ["app_context", "log", "owner"]
PROCESSES, THREADS, TURNS = 3, 2, 20
PATIENCE = 300  # seconds; a test that needs them has failed
TITLES = ("One", "Two", "Three")
_shared: list[Any] = []  # what a process was given at its start: a barrier cannot be sent later


def share(barrier: Barrier, settings: dict[str, Any]) -> None:
    app = create_app(settings)
    with app.app_context():
        event.listen(db.engine, "connect", wait_longer)
    _shared[:] = [barrier, app]


def wait_longer(connection: Any, _record: object) -> None:
    """Let nobody give up on a machine that is busy with other things: that the app does is held by `test_errors`."""
    cursor = connection.cursor()
    cursor.execute(
        f"PRAGMA busy_timeout = {PATIENCE * 1000}" if DATABASE == "sqlite" else f"SET lock_timeout = '{PATIENCE}s'"
    )
    if DATABASE == "postgresql":
        connection.commit()  # or the first rollback would take the setting back
    cursor.close()


def work(number: int) -> None:
    """Add keys to all three projects in each transaction, in another order each time."""
    barrier, app = _shared

    def add(thread: int) -> None:
        barrier.wait(PATIENCE)
        for turn in range(TURNS):
            with app.app_context(), transaction():
                add_keys(f"Key {number}-{thread}-{turn}", step=1 if (thread + turn + number) % 2 else -1)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(add, range(THREADS)))


def add_keys(label: str, step: int) -> None:
    by = db.session.scalars(select(User)).one()
    for title in sorted(TITLES):  # the rows of projects are locked in one order by whoever locks several
        db.session.scalars(select(Project).where(Project.title == title).with_for_update()).one()
    for title in TITLES[::step]:
        project = db.session.scalars(select(Project).where(Project.title == title)).one()
        keys.create_key(project, label, Environment.DEVELOPMENT, by=by)
        db.session.flush()


def test_processes_that_write_to_several_logs_in_opposite_orders_lose_nothing(
    app: Flask, settings: dict[str, Any], owner: User, log: Callable[[str], list[AuditEvent]]
) -> None:
    with transaction():
        projects = [services.create_project(owner, title, Region.GLOBAL) for title in TITLES]
    ids = [project.id for project in projects]
    before = [verify(db.session.connection(), log_id).head_number for log_id in ids]
    db.session.remove()
    db.engine.dispose()
    context = multiprocessing.get_context("spawn")
    given = (context.Barrier(PROCESSES * THREADS), settings)

    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=share, initargs=given) as pool:
        list(pool.map(work, range(PROCESSES)))

    written = PROCESSES * THREADS * TURNS
    assert db.session.scalar(select(func.count(ApiKey.id))) == 3 * written
    for log_id, head in zip(ids, before, strict=True):
        found = verify(db.session.connection(), log_id)
        assert (found.finding, found.head_number) == ("", head + written)
        numbers = [event.number for event in log(log_id)]
        assert numbers == list(range(found.head_number, found.head_number - 100, -1))
