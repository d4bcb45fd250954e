"""The units of work: each is one transaction, the same lines for every variant but for what a view writes by hand."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from benchmarks.models import new_key, new_project
from erebus.db import WRITES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine

    from benchmarks.variants import Variant

MANY = 1000
_numbers = count(1)


class Bench:
    """A variant at work on a database. The method of a unit does it once, and returns how many seconds it took."""

    def __init__(self, engine: Engine, variant: Variant) -> None:
        """Work with *variant* on the tables behind *engine*."""
        self.engine, self.models, self.tell = engine, variant.models, variant.tell

    def create(self) -> float:
        """A project and its first key."""
        project = new_project(self.models, next(_numbers))
        key = new_key(self.models, project.id, next(_numbers))
        with self._timed() as (session, taken):
            session.add_all([project, key])
            self.tell(session, "create", project, {})
            self.tell(session, "create", key, {})
        return taken()

    def update(self, key_id: str | None = None) -> float:
        """A key gets another label; it is read with a lock, as Erebus's services do."""
        return self._update(key_id or self.a_key(), {"with_for_update": True})

    def update_unlocked(self) -> float:
        """A key gets another label; it is read without a lock."""
        return self._update(self.a_key(), {})

    def delete(self) -> float:
        """A key is deleted; it is read with a lock."""
        key_id = self.a_key()
        with self._timed() as (session, taken):
            key = session.get_one(self.models.key, key_id, with_for_update=True)
            self.tell(session, "delete", key, {"label": key.label, "status": key.status})
            session.delete(key)
        return taken()

    def insert_many(self) -> float:
        """1,000 keys in one flush."""
        project_id = self.a_project()
        keys = [new_key(self.models, project_id, next(_numbers)) for _ in range(MANY)]
        with self._timed() as (session, taken):
            session.add_all(keys)
            for key in keys:
                self.tell(session, "create", key, {})
        return taken()

    def update_many(self) -> float:
        """1,000 keys get another label in one flush; what is timed begins when they have been read, with a lock."""
        project_id = self.a_project(MANY)
        with Session(self.engine) as session:
            session.connection(execution_options=WRITES)
            of_project = select(self.models.key).where(self.models.key.project_id == project_id).with_for_update()
            keys = session.scalars(of_project).all()
            begun = time.perf_counter()
            for key in keys:
                before, key.label = {"label": key.label}, f"Key {next(_numbers)}"
                self.tell(session, "update", key, before)
            session.commit()
            return time.perf_counter() - begun

    def two_flushes(self, key_ids: list[str], pause: float) -> None:
        """Two keys get other labels, with *pause* seconds of other work between the two flushes."""
        with Session(self.engine) as session:
            session.connection(execution_options=WRITES)
            for key_id in key_ids:
                key = session.get_one(self.models.key, key_id, with_for_update=True)
                before, key.label = {"label": key.label}, f"Key {next(_numbers)}"
                self.tell(session, "update", key, before)
                session.flush()
                if pause and key_id is key_ids[0]:
                    time.sleep(pause)
            session.commit()

    # Nothing may be looked at after a commit: that would begin a transaction, which ends with a ROLLBACK, and with it
    # psycopg forgets the statements that it has prepared.

    def a_project(self, keys: int = 0) -> str:
        """Make a project with *keys* keys; return its id."""
        project = new_project(self.models, next(_numbers))
        with Session(self.engine) as session:
            session.add(project)
            session.add_all([new_key(self.models, project.id, next(_numbers)) for _ in range(keys)])
            session.commit()
        return str(inspect(project).identity[0])

    def a_key(self, project_id: str | None = None) -> str:
        """Make a key, in a project of its own unless one is given; return its id."""
        key = new_key(self.models, project_id or self.a_project(), next(_numbers))
        with Session(self.engine) as session:
            session.add(key)
            session.commit()
        return str(inspect(key).identity[0])

    def _update(self, key_id: str, options: dict[str, Any]) -> float:
        with self._timed() as (session, taken):
            key = session.get_one(self.models.key, key_id, **options)
            before, key.label = {"label": key.label}, f"Key {next(_numbers)}"
            self.tell(session, "update", key, before)
        return taken()

    @contextmanager
    def _timed(self) -> Iterator[tuple[Session, Callable[[], float]]]:
        """Commit what the block does; the second part says how long that took, the session's making included."""
        ended = 0.0
        begun = time.perf_counter()
        with Session(self.engine) as session:
            session.connection(execution_options=WRITES)
            yield session, lambda: ended - begun
            session.commit()
        ended = time.perf_counter()
