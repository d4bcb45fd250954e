"""Many at once: nobody waits for each other in a ring, nothing is lost, and the numbers have no gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from erebus import trail
from erebus.db import prepare
from erebus.trail.ledger import lock
from tests.conftest import DATABASE, only_postgresql
from tests.trail.conftest import CAPACITY, KEY, Book, Note, Shelf, kept
from tests.trail.test_attempts import BookIsLent

PATIENCE = 20  # seconds; a test that needs them has failed
WRITERS = 6


@pytest.fixture
def shelves(engine: Engine) -> Engine:
    """Three shelves with a log each, of one event."""
    with Session(engine) as session:
        session.add_all([Shelf(id=name) for name in "abz"])
        session.commit()
    return engine


@pytest.fixture
def narrow(shelves: Engine) -> Iterator[Engine]:
    """An engine whose pool is one connection."""
    engine = create_engine(shelves.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=PATIENCE)
    prepare(engine)
    trail.use_key(engine, KEY)
    yield engine
    engine.dispose()


def writing(engine: Engine) -> Session:
    session = Session(engine)
    session.connection(execution_options={"erebus_write": True})
    return session


def at_once(*acts: Callable[[], object]) -> None:
    """Do all *acts* at once, each in a thread of its own; raise what any of them raises."""
    barrier = Barrier(len(acts))

    def act(what: Callable[[], object]) -> object:
        barrier.wait(PATIENCE)
        return what()

    with ThreadPoolExecutor(len(acts)) as pool:
        for future in [pool.submit(act, what) for what in acts]:
            future.result()


def assert_newest(engine: Engine, log_id: str, head: int) -> None:
    """The log holds exactly its newest events up to *head*, in a chain that holds."""
    with Session(engine) as session:
        assert trail.verify(session.connection(), log_id).finding == ""
        assert [e.number for e in kept(session, log_id)] == list(range(max(0, head - CAPACITY) + 1, head + 1))


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_writers_to_several_logs_in_opposite_orders_all_succeed(shelves: Engine, batch: int) -> None:
    def write(names: str) -> None:
        for turn in range(8):
            with writing(shelves) as session:
                for name in names:
                    session.add_all([Book(shelf_id=name, title=f"{turn}") for _ in range(batch)])
                    session.flush()
                session.commit()

    at_once(*[lambda names=names: write(names) for names in ("abz", "zba", "bza", "azb", "zab", "baz")])

    for name in "abz":
        assert_newest(shelves, name, 1 + WRITERS * 8 * batch)
    with Session(shelves) as session:
        assert session.scalar(select(func.count()).select_from(Book)) == 3 * WRITERS * 8 * batch


def test_every_rename_by_any_writer_is_told_and_the_last_one_is_what_is_stored(shelves: Engine) -> None:
    with Session(shelves) as session:
        session.add(Book(id=1, shelf_id="a", title="0"))
        session.commit()

    def count() -> None:
        for _ in range(10):
            with writing(shelves) as session:
                book = session.get_one(Book, 1, with_for_update=True)
                book.title = str(int(book.title) + 1)
                session.commit()

    at_once(*[count] * WRITERS)

    with Session(shelves) as session:
        titles = [int(e.changes[0]["after"]) for e in kept(session)]
        assert titles == list(range(10 * WRITERS - CAPACITY + 1, 10 * WRITERS + 1))
        assert session.get_one(Book, 1).title == str(10 * WRITERS)
    assert_newest(shelves, "a", 2 + 10 * WRITERS)


@pytest.mark.parametrize("counts", [[1] * 6, [8] * 6, [1, 8, 2, 12, 5, 6]])
def test_the_first_events_of_a_log_that_several_make_at_once_are_all_there(engine: Engine, counts: list[int]) -> None:
    def write(count: int) -> None:
        with writing(engine) as session:
            session.add_all([Note(text="first") for _ in range(count)])
            session.commit()

    at_once(*[lambda count=count: write(count) for count in counts])

    assert_newest(engine, "rest", sum(counts))


def test_failures_and_changes_of_several_logs_in_opposite_orders_all_arrive(shelves: Engine) -> None:
    with Session(shelves) as session:
        session.add_all([Book(id=900 + n, shelf_id=name, title=f"On {name}") for n, name in enumerate("abz")])
        session.commit()

    def refuse(writer: int, order: list[int]) -> None:
        ada = trail.Actor(trail.ActorKind.USER, f"user_{writer}", "Ada", None)
        with trail.acting_as(ada), writing(shelves) as session:
            for number in order:
                book = session.get_one(Book, 900 + number)
                session.add(Book(shelf_id=book.shelf_id, title="New"))
                trail.note(session, BookIsLent(book, {"title": "Emma"}, reason="Lent."))
            if writer % 2:
                session.commit()
            else:
                session.rollback()

    orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]]
    at_once(*[lambda n=n, order=order: refuse(n, order) for n, order in enumerate(orders)])

    for name in "abz":
        assert_newest(shelves, name, 2 + 6 + 3)
        with Session(shelves) as session:
            assert [e.status for e in kept(session, name)].count(False) == 6


@only_postgresql
@pytest.mark.parametrize("commits", [True, False])
def test_a_failure_for_a_log_that_was_never_made_waits_for_the_main_log_first(shelves: Engine, commits: bool) -> None:
    with Session(shelves) as session:
        session.add(Note(text="makes the main log"))
        session.add(Book(id=1, shelf_id="z", title="Dune"))
        session.commit()

    def fail() -> None:
        with writing(shelves) as session:
            trail.note(session, BookIsLent(session.get_one(Book, 1), {"title": "Emma"}, reason="Lent."))
            wanted = Book(shelf_id="zz", title="Emma")
            trail.note(session, BookIsLent(wanted, {}, reason="No such shelf.", action="create"))
            if commits:
                session.commit()

    with shelves.connect() as other, ThreadPoolExecutor(1) as pool:
        lock(other, "rest")
        failing = pool.submit(fail)
        until_somebody_waits(shelves, failing)
        lock(other, "z")  # a deadlock, if whoever waits for the main log held this one
        other.rollback()
        failing.result()

    assert_newest(shelves, "z", 3)
    assert_newest(shelves, "rest", 2)


@only_postgresql
def test_of_two_whose_own_rows_deadlock_one_changes_them_and_the_other_is_told_as_failed(shelves: Engine) -> None:
    with Session(shelves) as session:
        session.add_all([Book(id=n, shelf_id=name, title="Dune") for n, name in ((1, "a"), (2, "b"))])
        session.commit()
    barrier = Barrier(2)

    def swap(first: int, second: int) -> str:
        with Session(shelves) as session:
            session.get_one(Book, first).title = f"{first} then {second}"
            session.flush()
            barrier.wait(PATIENCE)
            session.get_one(Book, second).title = f"{first} then {second}"
            try:
                session.commit()
            except Exception as error:  # noqa: BLE001 - which one of the two it is, the database decides
                return type(error).__name__
            return ""

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(swap, (1, 2), (2, 1)))

    assert sorted(outcomes) == ["", "OperationalError"]
    with Session(shelves) as session:
        titles = set(session.scalars(select(Book.title)))
        changed = [e for name in "ab" for e in kept(session, name)[2:] if e.status]
        failed = [e for name in "ab" for e in kept(session, name)[2:] if not e.status]
        assert {e.changes[0]["after"] for e in changed} == titles
        assert len(titles) == 1
        assert len(changed) == 2
        assert failed
        assert all(e.reason == "An error stopped it (OperationalError)." for e in failed)


def until_somebody_waits(engine: Engine, working: Future[None]) -> None:
    """Return when a transaction of this database waits for a lock; raise what *working* raises before."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(waiting).scalar():
            if working.done():
                working.result()
                pytest.fail("nobody waited")


# A pool of one connection


def test_with_one_connection_a_change_and_its_lines_are_written(narrow: Engine) -> None:
    with Session(narrow) as session:
        session.add_all([Book(shelf_id=name, title="Dune") for name in "abz"])
        session.commit()

    for name in "abz":
        assert_newest(narrow, name, 2)


def test_with_one_connection_a_refusal_is_written_after_the_session_gave_its_own_back(narrow: Engine) -> None:
    with Session(narrow) as session:
        book = Book(shelf_id="a", title="Dune")
        session.add(book)
        session.commit()
        trail.note(session, BookIsLent(book, {"title": "Emma"}, reason="Lent."))
        session.rollback()
        book.title = "Emma"
        session.commit()

        assert [e.status for e in kept(session)] == [True, True, False, True]


@pytest.mark.parametrize("ends", ["rollback", "close"])
def test_with_one_connection_a_failed_flush_is_written_however_the_session_ends(narrow: Engine, ends: str) -> None:
    with Session(narrow) as session:
        session.add_all([Book(id=1, shelf_id="a", title="Dune")])
        session.commit()
        session.expunge_all()
        session.add(Book(id=1, shelf_id="a", title="Emma"))
        with pytest.raises(IntegrityError):
            session.commit()
        getattr(session, ends)()
        session.add(Book(id=2, shelf_id="a", title="Persuasion"))
        session.commit()

        assert [(e.status, e.entity_label) for e in kept(session)[2:]] == [(False, "Emma"), (True, "Persuasion")]


def test_with_one_connection_several_writers_take_turns(narrow: Engine) -> None:
    def write() -> None:
        for turn in range(5):
            with Session(narrow) as session:
                session.add(Book(shelf_id="a", title=str(turn)))
                session.commit()
            with Session(narrow) as session:
                session.add(Book(shelf_id="a"))  # without a title
                with pytest.raises(IntegrityError):
                    session.commit()

    at_once(*[write] * 4)

    with Session(narrow) as session:
        assert session.scalar(select(func.count()).select_from(Book)) == 20
        counted = sum(burst.count for burst in trail.open_bursts(session.connection(), "a"))
        head = trail.verify(session.connection(), "a").head_number
        assert head - 1 - 20 + counted == 20


# Slow readers


def test_a_slow_reader_sees_one_moment_and_keeps_nobody_waiting(shelves: Engine) -> None:
    with Session(shelves) as session:
        session.add_all([Book(shelf_id="a", title=str(n)) for n in range(30)])
        session.commit()
    halfway, written = Event(), Event()

    def read() -> list[str]:
        options = {} if DATABASE == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with shelves.connect().execution_options(yield_per=2, **options) as connection:
            rows = iter(connection.execute(select(Book.title).order_by(Book.id)))
            titles = [next(rows)[0]]
            head = _head(connection)
            halfway.set()
            assert written.wait(PATIENCE)
            titles += [title for (title,) in rows]
            assert _head(connection) == head
            return titles

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        assert halfway.wait(PATIENCE)
        for turn in range(12):
            with writing(shelves) as session:
                for book in session.scalars(select(Book)):
                    book.title = f"changed {turn}"
                session.commit()
        written.set()
        assert reading.result() == [str(n) for n in range(30)]

    assert_newest(shelves, "a", 31 + 12 * 30)


def test_whoever_reads_the_log_while_others_write_sees_it_whole(shelves: Engine) -> None:
    ended = Event()

    def write() -> None:
        for turn in range(20):
            with writing(shelves) as session:
                session.add_all([Book(shelf_id="a", title=str(turn)) for _ in range(1 + turn % 7)])
                session.commit()

    def read() -> int:
        looks = 0
        while not ended.is_set() or not looks:
            with shelves.connect() as connection:
                assert trail.verify(connection, "a").finding == ""
            looks += 1
        return looks

    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        at_once(write, write)
        ended.set()
        assert all(looks.result() for looks in reading)


def _head(connection: Connection) -> int:
    log = trail.read_head(connection, "a")
    assert log is not None
    return log.head_number
