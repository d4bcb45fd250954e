"""What is hard about the log itself: the cases O-G1 to O-G10 (O-G2's inside is in ``tests/test_db.py``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import time_machine
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from erebus import trail
from erebus.db import prepare
from erebus.trail import registry
from erebus.trail.chain import digest, link
from tests.conftest import DATABASE
from tests.databases import Databases
from tests.trail.conftest import CAPACITY, KEY, Base, Book, Note, Shelf, kept, log_of
from tests.trail.test_ring import add_books
from tests.trail.value_models import Sample

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def reattach() -> Iterator[Callable[..., None]]:
    """``reattach(clock=…)`` attaches the trail again with other functions, for this test."""
    usual = registry.attachment_of(Book)

    def reattach(**others: Any) -> None:
        given = {"log_of": usual.log_of, "actor_of": usual.actor_of, "clock": usual.clock}
        trail.attach(Base, main=usual.main, **{**given, **others})

    yield reattach
    reattach()


def test_eight_threads_that_write_one_log_leave_no_gap(engine: Engine, session: Session) -> None:
    """O-G1."""
    barrier = Barrier(8)

    def write(worker: int) -> None:
        barrier.wait(20)
        for turn in range(20):
            with Session(engine) as own:
                own.connection(execution_options={"erebus_write": True})
                own.add(Book(shelf_id="a", title=f"{worker} {turn}"))
                own.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert session.scalar(select(func.count()).select_from(Book)) == 160
    assert [e.number for e in kept(session)] == list(range(152, 162))
    found = trail.verify(session.connection(), "a")
    assert (found.is_sound, found.head_number) == (True, 161)


def test_of_two_who_read_and_then_write_outside_of_transaction_none_is_lost(session: Session, book: Book) -> None:
    """O-G2: the second fails, and is told so; on PostgreSQL from REPEATABLE READ on."""
    options = {} if DATABASE == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    engine = create_engine(session.get_bind().url, **options)
    prepare(engine)
    trail.use_key(engine, KEY)
    session.rollback()
    with Session(engine) as first, Session(engine) as second:
        counts = [s.get_one(Book, 1).pages or 0 for s in (first, second)]
        first.get_one(Book, 1).pages = counts[0] + 1
        first.commit()
        second.get_one(Book, 1).pages = counts[1] + 1
        with pytest.raises(OperationalError, match=r"locked|could not serialize"):
            second.commit()
        second.rollback()
    engine.dispose()

    assert [(e.status, e.changes[0]["before"], e.changes[0]["after"]) for e in kept(session)[2:]] == [
        (True, 412, 413),
        (False, 412, 413),
    ]
    assert book.pages == 413


def test_a_capacity_that_the_settings_lower_is_that_of_new_logs_only(
    engine: Engine, session: Session, reattach: Callable[..., None]
) -> None:
    """O-G3: one that is there changes by the command, at once, and that is an event."""
    with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
        trail.change_capacity(connection, "a", 30, trail.SYSTEM, int(time.time() * 1000))
    add_books(session, 20)
    reattach(log_of=lambda entity, connection: log_of(entity, connection)._replace(capacity=12))
    session.add(Shelf(id="b"))
    session.commit()
    add_books(session, 20)
    add_books(session, 20, "b")
    assert (len(kept(session)), len(kept(session, "b"))) == (30, 12)

    session.rollback()
    with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
        trail.change_capacity(connection, "a", 12, trail.SYSTEM, int(time.time() * 1000))

    assert [e.number for e in kept(session)] == list(range(32, 44))
    assert kept(session)[-1].description == "Changed capacity of the log from 30 to 12 events; 19 displaced"


def test_of_events_of_one_moment_the_first_are_displaced(session: Session, reattach: Callable[..., None]) -> None:
    """O-G4."""
    reattach(clock=lambda: 1_900_000_000_000)
    for turn in range(25):
        session.add(Book(shelf_id="a", title=f"Book {turn}"))
        session.commit()

    events = kept(session)
    assert {e.created_at for e in events} == {1_900_000_000_000}
    assert [(e.number, e.entity_label) for e in events] == [(n, f"Book {n - 2}") for n in range(17, 27)]


def test_a_clock_that_is_put_back_an_hour_changes_no_order(session: Session) -> None:
    """O-G5: the times stand still, the ids go back with the clock."""
    for hour in (20, 19, 19.5, 21):
        with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=hour), tick=False):
            session.add(Book(shelf_id="a", title=f"{hour}"))
            session.commit()

    events = kept(session)[1:]
    assert [(e.number, e.entity_label) for e in events] == [(2, "20"), (3, "19"), (4, "19.5"), (5, "21")]
    evening = int(datetime(2030, 1, 1, 20, tzinfo=UTC).timestamp() * 1000)
    assert [e.created_at - evening for e in events] == [0, 0, 0, 3_600_000]
    assert sorted(events, key=lambda e: e.id) == [events[1], events[2], events[0], events[3]]


def test_what_the_log_writes_and_displaces_is_no_event_itself(session: Session) -> None:
    """O-G6."""
    for _ in range(3):
        add_books(session, CAPACITY)

    events = kept(session)
    assert [e.number for e in events] == list(range(22, 32))
    assert {e.entity_type for e in events} == {"book"}
    assert trail.log_ids(session.connection()) == ["a"]


@pytest.fixture
def chatham(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Process and database live where it is 12:45 hours later, or 13:45 in their summer."""
    if DATABASE == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {engine.url.database} SET timezone TO 'Pacific/Chatham'"))
        engine.dispose()
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Pacific/Chatham")
        time.tzset()
        yield
    time.tzset()


def test_times_are_utc_wherever_the_process_and_the_server_are(chatham: None, session: Session) -> None:
    """O-G7."""
    before = datetime.now(UTC)
    session.add(Sample(label="one", moment=NOON.astimezone(timezone(timedelta(hours=-7)))))
    session.commit()
    if DATABASE == "postgresql":
        assert session.scalar(select(func.current_setting("TIMEZONE"))) == "Pacific/Chatham"
    assert time.localtime().tm_gmtoff > 12 * 3600

    (told,) = kept(session, "rest")
    at = datetime.fromtimestamp(told.created_at / 1000, UTC)
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(UTC)
    assert next(c["after"] for c in told.changes if c["field"] == "moment") == "2026-11-24T12:00:00Z"
    session.expire_all()
    assert session.scalars(select(Sample)).one().moment == NOON


HARD: list[dict[str, Any]] = [
    {"data": {"b": [0.1 + 0.2, 1e22, 1e-7, -0.0], "a": {"é": "\u2028", "": None}}},
    {"data": {"a": 10**17, "c": True}},
    {"price": Decimal("1.5000"), "weight": 0.1 + 0.2},
    {"price": Decimal("99999999.9999"), "weight": 5e-324},
    {"moment": datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))},
    {"moment": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)},
]


@pytest.mark.parametrize("values", HARD)
def test_what_was_hashed_is_what_a_reader_gets_back(engine: Engine, session: Session, values: dict[str, Any]) -> None:
    """O-G8."""
    session.add(sample := Sample(label="one", **values))
    session.commit()
    shuffled = dict(reversed(list(values.get("data", {}).items())))
    sample.data = shuffled or None
    session.commit()
    session.rollback()
    engine.dispose()

    with engine.connect() as connection:
        log = trail.read_log(connection, "rest")
        assert trail.verify(connection, "rest").is_sound
    assert log is not None
    (told,) = log.events  # the same document in another order is no change
    assert told.hash == link(bytes(32), 1, told.created_at, digest(KEY, "rest", told.content()))


def test_values_are_read_as_they_are_documented(session: Session) -> None:
    """O-G8."""
    values = {k: v for part in HARD[::-1] for k, v in part.items()}
    session.add(Sample(label="one", **values))
    session.commit()

    (told,) = kept(session, "rest")
    assert {c["field"]: c["after"] for c in told.changes if c["field"] in values} == {
        "data": '{"a": {"": null, "é": "\\u2028"}, "b": [0.30000000000000004, 1e+22, 1e-07, -0.0]}',
        "price": "1.5",
        "weight": "0.30000000000000004",
        "moment": "2026-03-28T20:45:00.123456Z",
    }


# A model in another database


@pytest.fixture
def elsewhere(databases: Databases, tmp_path: Path) -> Iterator[Engine]:
    """Another database with the tables of the models, which has no log."""
    with databases.lend(tmp_path / "other.db") as url:
        engine = create_engine(url)
        prepare(engine)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


def notes(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Note.text)))


@pytest.mark.past_the_log("the note is in another database than the log")
@pytest.mark.parametrize("also_here", [True, False])
def test_a_model_in_another_database_is_refused(
    engine: Engine, session: Session, elsewhere: Engine, also_here: bool
) -> None:
    """O-G9."""
    with Session(engine, binds={Note: elsewhere}) as two:
        if also_here:
            two.add(Book(shelf_id="a", title="Dune"))
        two.add(Note(text="there"))
        with pytest.raises(RuntimeError, match="two databases"):
            two.commit()
        two.rollback()

    assert notes(elsewhere) == []
    assert [(e.status, e.entity_type) for e in kept(session)[1:] + kept(session, "rest")] == [(False, "note")]


@pytest.mark.skipif(DATABASE == "sqlite", reason="SQLite has no two-phase commit")
@pytest.mark.past_the_log("the note is in another database than the log")
@pytest.mark.parametrize("fails", [None, "here", "there"])
def test_in_two_phases_both_databases_are_changed_or_neither(
    engine: Engine, session: Session, elsewhere: Engine, fails: str | None
) -> None:
    """O-G9: the log is in the main database, also for what failed."""
    with Session(engine, binds={Note: elsewhere}, twophase=True) as two:
        two.add_all([Note(text="there"), Book(shelf_id="a", title="Dune")])
        two.flush()
        if fails:  # PostgreSQL prepares no transaction with a NOTIFY
            two.execute(text("NOTIFY somebody"), bind_arguments={"mapper": Book if fails == "here" else Note})
            with pytest.raises(DBAPIError):
                two.commit()
            two.rollback()
        else:
            two.commit()

    assert notes(elsewhere) == ([] if fails else ["there"])
    assert session.scalars(select(Book.title)).all() == ([] if fails else ["Dune"])
    assert [(e.status, e.entity_label) for e in kept(session)[1:]] == [(not fails, "Dune")]
    assert [(e.status, e.entity_type) for e in kept(session, "rest")] == [(not fails, "note")]
