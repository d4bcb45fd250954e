"""A project p with its log, and the news of all logs as one line of text an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import MetaData
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from erebus import trail
from tests.trail.cases.models import Base, Project, attach

News = Callable[[], list[str]]


@pytest.fixture(scope="session", autouse=True)
def _attached_to_cases() -> None:
    attach()


@pytest.fixture
def tables() -> MetaData:
    """The tables of the cases."""
    return Base.metadata


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on a database with the projects p and q."""
    with Session(engine) as session:
        session.add_all([Project(id="p"), Project(id="q")])
        session.commit()
        yield session


@pytest.fixture
def news(session: Session, engine: Engine) -> Iterator[News]:
    """``news()`` gives what was committed to the logs since it was last asked, ``update task 1 points 3→5``.

    The log's name stands before what is not in p. In the end every log must be sound.
    """
    seen: dict[str, int] = {"p": 1, "q": 1}

    def news() -> list[str]:
        lines = []
        with engine.connect() as connection:
            for log_id in sorted(trail.log_ids(connection)):
                log = trail.read_log(connection, log_id)
                assert log is not None
                fresh = [e for e in reversed(log.events) if e.number > seen.get(log_id, 0)]
                lines += [("" if log_id == "p" else f"{log_id}: ") + line(e) for e in fresh]
                seen[log_id] = max([seen.get(log_id, 0), *(e.number for e in fresh)])
        return lines

    yield news
    with engine.connect() as connection:
        assert all(trail.verify(connection, log_id).is_sound for log_id in trail.log_ids(connection))


def line(event: trail.AuditEvent) -> str:
    """One event as a line."""
    if event.entity_type == "table":
        return f"past the log {event.entity_id}: {event.reason}"
    told = []
    for change in event.changes:
        before, after = change.get("before"), change.get("after")
        value = f"{before}→{after}" if event.action == "update" else (after if event.action == "create" else before)
        told.append(f"{change['field']} {value}")
    failed = "" if event.status else "not done: "
    return " ".join((f"{failed}{event.action} {event.entity_type} {event.entity_id}", ", ".join(told))).strip()
