"""Several processes that fail at once share the counters: the limits hold, and no failure that was answered is lost."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from erebus import trail
from erebus.db import prepare
from erebus.trail.bursts import HOUR, MINUTE, PER_ACTOR, PER_LOG
from tests.trail.conftest import CAPACITY, KEY, Base, Book, Shelf, kept, log_of
from tests.trail.test_attempts import BookIsLent

pytestmark = pytest.mark.tampers("other processes write here, and the oracle hears but this one")
PROCESSES, TIMES, PATIENCE = 4, 50, 60
START = 1_800_000_000_000  # milliseconds since 1970; for everybody, all of the time


def now() -> int:
    return START


def fail_often(url: str, number: int, actors: int, barrier: Barrier, answers: Connection) -> None:
    """Fail in a process of its own, in two ways in turn, as one of so many actors; tell each when it is answered."""
    main = trail.Log("rest", None, CAPACITY)
    trail.attach(Base, main=main, log_of=log_of, actor_of=lambda: trail.current_actor() or trail.SYSTEM, clock=now)
    engine = create_engine(url)
    prepare(engine)
    trail.use_key(engine, KEY)
    barrier.wait(PATIENCE)
    for turn in range(TIMES):
        name = f"user_{number * TIMES + turn if actors > 1 else 0}"
        with trail.acting_as(trail.Actor(trail.ActorKind.USER, name, name, None)), Session(engine) as session:
            session.connection(execution_options={"erebus_write": True})
            (fail_at_a_constraint if turn % 2 else be_refused)(session)
        answers.send(turn)
    engine.dispose()


def fail_at_a_constraint(session: Session) -> None:
    session.add(Book(shelf_id="a"))  # without a title
    with pytest.raises(IntegrityError):
        session.commit()


def be_refused(session: Session) -> None:
    trail.note(session, BookIsLent(session.get_one(Book, 1), {"title": "Emma"}, reason="Lent."))
    session.rollback()


@contextmanager
def failing(engine: Engine, actors: int) -> Iterator[list[tuple[BaseProcess, Connection]]]:
    """Let processes fail at once, and give each with the end of the pipe on which it tells what was answered."""
    with Session(engine) as session:
        session.add_all([Shelf(id="a"), Book(id=1, shelf_id="a", title="Dune")])
        session.commit()
    engine.dispose()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # what takes long is imported once
    barrier, started = context.Barrier(PROCESSES), []
    for number in range(PROCESSES):
        here, there = context.Pipe(duplex=False)
        given = (engine.url.render_as_string(hide_password=False), number, actors, barrier, there)
        process = context.Process(target=fail_often, args=given)
        process.start()
        there.close()
        started.append((process, here))
    try:
        yield started
    finally:
        for process, here in started:
            process.kill()
            process.join()
            here.close()


def answers(here: Connection, least: int = TIMES) -> int:
    """Return how many failures were answered as soon as *least* were, or when the process is gone."""
    count = 0
    try:
        while count < least:
            here.recv()
            count += 1
    except EOFError:
        pass
    return count


def lines_of(engine: Engine) -> list[trail.AuditEvent]:
    """The kept lines of failures, in a log that is sound."""
    with Session(engine) as session:
        assert trail.verify(session.connection(), "a").finding == ""
        return [event for event in kept(session) if not event.status]


def counted(engine: Engine) -> int:
    with Session(engine) as session:
        return sum(burst.count for burst in trail.open_bursts(session.connection(), "a"))


def head(engine: Engine) -> int:
    with engine.connect() as connection:
        return trail.verify(connection, "a").head_number


@pytest.mark.parametrize(("actors", "lines"), [(1, PER_ACTOR - 1), (PROCESSES * TIMES, PER_LOG - 1)])
def test_processes_share_the_counters_and_lose_none(engine: Engine, actors: int, lines: int) -> None:
    with failing(engine, actors) as started:
        assert [answers(here) for _, here in started] == [TIMES] * PROCESSES
        assert [process.join(PATIENCE) or process.exitcode for process, _ in started] == [0] * PROCESSES

    made = 2  # events, before
    assert head(engine) == made + lines
    assert counted(engine) == PROCESSES * TIMES - lines
    trail.settle_due(engine, START + (MINUTE if actors == 1 else HOUR))
    assert head(engine) == made + lines + 1
    assert lines_of(engine)[-1].description.startswith(f"{PROCESSES * TIMES - lines} more attempts failed")
    assert counted(engine) == 0


def test_a_process_that_is_killed_while_it_fails_takes_no_answered_failure_with_it(engine: Engine) -> None:
    with failing(engine, actors=1) as started:
        victim, here = started[0]
        known = answers(here, least=13)  # of no batch of failures the last
        victim.kill()
        victim.join(PATIENCE)
        known += answers(here)
        others = [answers(here) for _, here in started[1:]]

    assert victim.exitcode == -signal.SIGKILL
    assert 13 <= known < TIMES
    assert others == [TIMES] * (PROCESSES - 1)
    kept_of = PER_ACTOR - 1 + counted(engine)
    assert head(engine) == 2 + PER_ACTOR - 1
    assert known + sum(others) <= kept_of <= known + sum(others) + 1  # one was written, and not answered any more
