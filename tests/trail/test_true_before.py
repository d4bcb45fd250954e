"""What was before is what the row held when the change hit it, whatever the object held: others write meanwhile."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest
from sqlalchemy import create_engine, event, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.pool import StaticPool

from erebus import trail
from erebus.trail.tables import audit_logs
from tests.conftest import DATABASE
from tests.trail.conftest import KEY, Base, Book, Scrap, Shelf, kept
from tests.trail.value_models import Employee, Engineer, Paper, Sample, Seat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

ON_SQLITE = DATABASE == "sqlite"
SPIED = f"{select(audit_logs.c.head_number, audit_logs.c.head_time)} \nWHERE"
"""What the oracle asks after each line."""


@pytest.fixture
def keeping(engine: Engine) -> Iterator[Session]:
    """A session that keeps what it holds beyond its commits."""
    with Session(engine, expire_on_commit=False) as keeping:
        yield keeping


@pytest.fixture
def theirs(keeping: Session, book: Book) -> Book:
    """The book as `keeping` holds it from an earlier transaction: 'Dune', of 412 pages."""
    found = keeping.get_one(Book, book.id)
    keeping.commit()
    return found


def meanwhile(engine: Engine, model: type, key: Any, **values: Any) -> None:
    """Change the row of *model* with *key* in a session of another."""
    with Session(engine) as other:
        found = other.get_one(model, key)
        for name, value in values.items():
            setattr(found, name, value)
        other.commit()


def statements(engine: Engine) -> list[str]:
    """The statements that are run on *engine* from now on."""
    run: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: run.append(given[2]))
    return run


def sent(engine: Engine) -> list[str]:
    """What the drivers of connections that *engine* makes from now on are given to run, by whomever."""
    run: list[str] = []

    class Spied(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **options: Any) -> Self:
            run.append(query)
            return super().execute(query, *given, **options)

    def trace(statement: str) -> None:
        if not statement.startswith("--") and run[-1:] != [statement]:  # a trigger's, and once more after it
            run.append(statement)

    def spy(driver: Any, _record: object) -> None:
        if ON_SQLITE:
            driver.set_trace_callback(trace)
        else:
            driver.cursor_factory = Spied

    event.listen(engine, "connect", spy)
    return run


def changes(session: Session, log_id: str = "a", back: int = 1) -> dict[str, tuple[Any, Any]]:
    """What the newest event tells of each field, or that *back* before it."""
    session.rollback()
    return {c["field"]: (c.get("before"), c.get("after")) for c in kept(session, log_id)[-back].changes}


# Updates


def test_an_update_tells_the_value_of_the_row_and_not_the_one_held(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    meanwhile(engine, Book, theirs.id, title="Emma")
    theirs.title = "Persuasion"
    keeping.commit()

    assert changes(session) == {"title": ("Emma", "Persuasion")}


def test_a_value_that_the_row_has_already_is_no_event(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    meanwhile(engine, Book, theirs.id, title="Emma")
    theirs.title = "Emma"
    keeping.commit()

    assert changes(session) == {"title": ("Dune", "Emma")}


def test_what_was_set_and_set_back_is_not_written_and_not_told(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    meanwhile(engine, Book, theirs.id, title="Emma")
    theirs.title, theirs.pages = "x", 500
    theirs.title = "Dune"
    keeping.commit()

    assert changes(session) == {"pages": (412, 500)}
    assert session.get_one(Book, theirs.id).title == "Emma"


def test_the_label_and_the_log_are_those_of_the_row(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    session.add(Shelf(id="b"))
    session.commit()
    meanwhile(engine, Book, theirs.id, title="Emma", shelf_id="b")
    theirs.pages = 500
    keeping.commit()

    assert changes(session, "b") == {"pages": (412, 500)}
    assert kept(session, "b")[-1].entity_label == "Emma"


def test_a_second_flush_still_tells_the_row(engine: Engine, session: Session, keeping: Session, theirs: Book) -> None:
    """What it did not write itself, the object does not hold after the first flush either."""
    meanwhile(engine, Book, theirs.id, title="Emma")
    theirs.pages = 500
    keeping.flush()
    theirs.title = "Persuasion"
    keeping.commit()

    assert changes(session) == {"title": ("Emma", "Persuasion"), "pages": (412, 500)}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_was_set_is_not_taken_for_what_the_row_made_of_it(session: Session, *, is_deleted: bool) -> None:
    """The column has four places: the first flush leaves the price as it was."""
    session.add(sample := Sample(label="one", price=Decimal("1.5")))
    session.commit()
    sample.price, sample.number = Decimal("1.50004"), 8
    session.flush()
    if is_deleted:
        session.delete(sample)
    else:
        sample.price = Decimal(2)
    session.commit()

    assert changes(session, "rest")["price"] == ("1.5", None if is_deleted else "2")


def test_what_was_loaded_anew_in_part_is_not_taken_for_the_row(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    meanwhile(engine, Book, theirs.id, title="Emma", pages=1)
    keeping.refresh(theirs, ["pages"])
    theirs.title, theirs.pages = "Persuasion", 2
    keeping.commit()

    assert changes(session) == {"title": ("Emma", "Persuasion"), "pages": (1, 2)}


def test_an_object_that_comes_from_an_earlier_session_is_compared_with_its_row(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    keeping.expunge(theirs)
    meanwhile(engine, Book, theirs.id, title="Emma")
    with Session(engine) as fresh:
        fresh.add(theirs)
        theirs.title = "Persuasion"
        fresh.commit()

    assert changes(session) == {"title": ("Emma", "Persuasion")}


def test_a_row_that_is_read_and_then_changed_by_another_is_never_told_wrong(
    engine: Engine, session: Session, book: Book
) -> None:
    """In the middle of the transaction: SQLite refuses the write, PostgreSQL tells what the row had."""
    session.rollback()
    assert book.title == "Dune"
    meanwhile(engine, Book, book.id, title="Emma")
    book.title = "Persuasion"
    if ON_SQLITE:
        with pytest.raises(DBAPIError, match="locked"):
            session.commit()
        session.rollback()
        assert session.get_one(Book, book.id).title == "Emma"
    else:
        session.commit()
        assert changes(session) == {"title": ("Emma", "Persuasion")}


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has no other")
def test_where_what_was_read_holds_a_row_that_another_changed_cannot_be_written(engine: Engine, book: Book) -> None:
    with Session(engine.execution_options(isolation_level="REPEATABLE READ")) as holding:
        mine = holding.get_one(Book, book.id)
        meanwhile(engine, Book, book.id, title="Emma")
        mine.title = "Persuasion"
        with pytest.raises(DBAPIError, match="could not serialize"):
            holding.commit()


@pytest.mark.skipif(not ON_SQLITE, reason="a driver of SQLite")
@pytest.mark.parametrize("is_expired", [True, False])
def test_an_engine_that_begins_with_the_first_write_only_tells_the_row(
    engine: Engine, session: Session, book: Book, *, is_expired: bool
) -> None:
    """The driver's legacy mode: what was read before the first write was read in no transaction."""
    legacy = create_engine(engine.url)
    trail.use_key(legacy, KEY)
    with Session(legacy, expire_on_commit=is_expired) as mine:
        found = mine.get_one(Book, book.id)
        assert found.title == "Dune"
        meanwhile(engine, Book, book.id, title="Emma")
        found.title = "Persuasion"
        mine.commit()
    legacy.dispose()

    assert changes(session) == {"title": ("Emma", "Persuasion")}


@pytest.mark.skipif(not ON_SQLITE, reason="a driver of SQLite")
def test_nobody_gets_in_between_the_look_and_the_write(engine: Engine, session: Session, book: Book) -> None:
    """The transaction begins with the look, also where the driver would begin it with the write."""
    key = book.id
    session.rollback()
    legacy = create_engine(engine.url)
    trail.use_key(legacy, KEY)

    def meddle(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE books"):
            meanwhile(engine, Book, key, title="Emma")

    event.listen(legacy, "before_cursor_execute", meddle)
    with Session(legacy) as mine:
        mine.get_one(Book, key).title = "Persuasion"
        with pytest.raises(DBAPIError, match="locked"):
            mine.commit()
    legacy.dispose()


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has no locks of rows")
@pytest.mark.parametrize("is_text", [True, False])
def test_a_savepoint_that_rolls_back_gives_its_locks_back(
    engine: Engine, session: Session, book: Book, *, is_text: bool
) -> None:
    session.rollback()
    if is_text:
        session.execute(text("SAVEPOINT mine"))
        session.refresh(book, with_for_update=True)
        session.execute(text("ROLLBACK TO mine"))
    else:
        savepoint = session.begin_nested()
        session.refresh(book, with_for_update=True)
        savepoint.rollback()
    assert book.title == "Dune"
    meanwhile(engine, Book, book.id, title="Emma")
    book.title = "Persuasion"
    session.commit()

    assert changes(session) == {"title": ("Emma", "Persuasion")}


@pytest.mark.skipif(not ON_SQLITE, reason="a database of SQLite")
def test_two_sessions_on_one_connection_of_the_driver_have_no_lock_between_them() -> None:
    """As a database in memory has it."""
    shared = create_engine("sqlite://", poolclass=StaticPool)
    trail.use_key(shared, KEY)
    Base.metadata.create_all(shared)
    trail.metadata.create_all(shared)
    with shared.begin() as connection:
        trail.make_triggers(connection)
    with Session(shared) as one, Session(shared) as other:
        one.add(Sample(id=1, label="one"))
        one.commit()
        other.add(Sample(id=2, label="begun"))
        other.flush()
        found = one.get_one(Sample, 1)
        other.get_one(Sample, 1).label = "two"
        other.commit()
        found.label = "three"
        one.commit()
        assert changes(one, "rest") == {"label": ("two", "three")}


@pytest.mark.past_the_log("the option is tried")
def test_a_statement_past_the_log_is_no_secret_to_the_next_update(session: Session, book: Book) -> None:
    session.refresh(book, with_for_update=True)
    session.execute(text("UPDATE books SET pages = 7"), execution_options={trail.UNAUDITED: "import"})
    book.pages = 8
    session.commit()

    assert changes(session) == {"pages": (7, 8)}


# Deletions, keys of two parts, entities in two tables


def test_a_deletion_tells_the_last_values_of_the_row(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    meanwhile(engine, Book, theirs.id, title="Emma", pages=None)
    keeping.delete(theirs)
    keeping.commit()

    assert changes(session) == {"title": ("Emma", None), "colour": ("red", None), "code": (None, None)}
    assert kept(session)[-1].entity_label == "Emma"


@pytest.mark.filterwarnings("ignore:DELETE statement on table:sqlalchemy.exc.SAWarning")
def test_a_deletion_of_what_another_has_deleted_is_no_event(
    engine: Engine, session: Session, keeping: Session, theirs: Book
) -> None:
    """SQLAlchemy only warns of it."""
    with Session(engine) as other:
        other.delete(other.get_one(Book, theirs.id))
        other.commit()
    keeping.delete(theirs)
    keeping.commit()

    session.rollback()
    assert [(e.action, e.entity_type) for e in kept(session)[1:]] == [("create", "book"), ("delete", "book")]


@pytest.mark.filterwarnings("ignore:DELETE statement on table:sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("is_same", [True, False])
def test_what_was_made_and_deleted_here_is_no_event_when_a_cascade_comes_upon_it_again(
    session: Session, *, is_same: bool
) -> None:
    """By the same object, or by another of the same row."""
    session.add(shelf := Shelf(id="b", books=[book := Book(title="Dune")]))
    session.flush()
    if not is_same:
        session.expunge(book)
    session.delete(session.get_one(Book, book.id))
    session.flush()
    session.delete(shelf)
    session.commit()

    assert kept(session, "b") == []


def test_an_orphan_is_told_with_the_last_values_of_its_row(engine: Engine, session: Session, book: Book) -> None:
    with Session(engine, expire_on_commit=False) as keeping:
        shelf = keeping.get_one(Shelf, "a")
        assert [b.title for b in shelf.books] == ["Dune"]
        keeping.commit()
        meanwhile(engine, Book, book.id, title="Emma")
        shelf.books.clear()
        keeping.commit()

    assert changes(session)["title"] == ("Emma", None)
    assert kept(session)[-1].action == "delete"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_rows_with_a_key_of_two_parts_are_found(engine: Engine, session: Session, *, is_deleted: bool) -> None:
    session.add_all([Seat(row="a", number=n, note=f"seat {n}") for n in (1, 2)])
    session.commit()
    with Session(engine, expire_on_commit=False) as keeping:
        seats = keeping.scalars(select(Seat).order_by(Seat.number)).all()
        keeping.commit()
        meanwhile(engine, Seat, ("a", 2), note="free")
        for seat in seats:
            if is_deleted:
                keeping.delete(seat)
            else:
                seat.note = "new"
        keeping.commit()

    after = None if is_deleted else "new"
    assert changes(session, "rest", back=2)["note"] == ("seat 1", after)
    assert changes(session, "rest")["note"] == ("free", after)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_entity_in_two_tables_is_told_as_both_held_it(engine: Engine, session: Session, *, is_deleted: bool) -> None:
    session.add(Engineer(id=1, name="Ada", language="Analytical"))
    session.commit()
    with Session(engine, expire_on_commit=False) as keeping:
        engineer = keeping.get_one(Engineer, 1)
        keeping.commit()
        meanwhile(engine, Engineer, 1, name="Eve", language="C")
        if is_deleted:
            keeping.delete(engineer)
        else:
            engineer.name, engineer.language = "Joan", "Python"
        keeping.commit()

    after = (None, None) if is_deleted else ("Joan", "Python")
    assert changes(session, "rest") == {"name": ("Eve", after[0]), "language": ("C", after[1])}


@pytest.mark.past_the_log("the option is used")
@pytest.mark.skipif(ON_SQLITE, reason="SQLite has no locks of rows")
def test_a_lock_on_the_upper_of_two_tables_holds_nothing_in_the_lower(engine: Engine, session: Session) -> None:
    session.add(Engineer(id=1, name="Ada", language="Analytical"))
    session.commit()
    upper = Employee.__table__
    with Session(engine) as mine:
        engineer = mine.scalars(select(Engineer).with_for_update(of=upper)).one()
        with engine.begin() as connection:
            statement = text("UPDATE engineers SET language = 'C'")
            connection.execute(statement, execution_options={trail.UNAUDITED: "beside the upper table"})
        engineer.language = "Python"
        mine.commit()

    assert changes(session, "rest") == {"language": ("C", "Python")}


def test_a_version_is_no_proof_that_a_row_was_left_alone(engine: Engine, session: Session) -> None:
    """A bulk statement, or another program, changes the row and leaves its version."""
    session.add(Paper(id=1, title="Draft"))
    session.commit()
    with Session(engine, expire_on_commit=False) as keeping:
        paper = keeping.get_one(Paper, 1)
        keeping.commit()
        session.execute(update(Paper).values(title="Second draft", revision=Paper.revision))
        session.commit()
        paper.title = "Final"
        keeping.commit()

    assert changes(session, "rest") == {"title": ("Second draft", "Final")}


# What it costs


def test_a_thousand_objects_are_looked_up_in_a_few_statements(engine: Engine, session: Session) -> None:
    session.add_all([Seat(row=r, number=n, note="old") for r in "ab" for n in range(500)])
    session.commit()
    with Session(engine, expire_on_commit=False) as keeping:
        seats = keeping.scalars(select(Seat)).all()
        keeping.commit()
        meanwhile(engine, Seat, ("b", 499), note="other")
        run = statements(engine)
        for seat in seats:
            seat.note = "new"
        keeping.flush()
        looks = [statement for statement in run if statement.startswith("SELECT") and "seats" in statement]
        keeping.commit()

    assert len(looks) == 2 + 2  # of 500 rows before, and of the one that was not as held its values and its label
    assert changes(session, "rest")["note"] == ("other", "new")


LOADED: dict[str, Any] = {
    "get": lambda session, key: session.get(Book, key, with_for_update=True),
    "select": lambda session, key: session.scalars(select(Book).where(Book.id == key).with_for_update()).one(),
    "no key": lambda session, key: session.scalars(
        select(Book).where(Book.id == key).with_for_update(key_share=True)
    ).one(),
    "of": lambda session, key: session.scalars(
        select(Book).join(Shelf).where(Book.id == key).with_for_update(of=Book)
    ).one(),
    "joined": lambda session, key: session.scalars(
        select(Book).options(joinedload(Book.shelf, innerjoin=True)).where(Book.id == key).with_for_update()
    ).one(),
    "refreshed": lambda session, key: _refreshed(session, session.get(Book, key)),
    "anew": lambda session, key: session.get(Book, key) and _anew(session, key),
}


def _refreshed(session: Session, book: Book) -> Book:
    session.refresh(book, with_for_update=True)
    return book


def _anew(session: Session, key: int) -> Book:
    statement = select(Book).where(Book.id == key).with_for_update()
    return session.scalars(statement, execution_options={"populate_existing": True}).one()


@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("way", LOADED)
def test_a_row_that_was_locked_as_it_was_loaded_is_not_read_again(
    engine: Engine, session: Session, book: Book, way: str, *, is_deleted: bool
) -> None:
    """On SQLite nothing has to be locked for that."""
    key = book.id
    session.rollback()
    found = LOADED[way](session, key)
    run = statements(engine)
    if is_deleted:
        session.delete(found)
    else:
        found.title, found.pages = "Emma", 500
    session.flush()

    assert [statement.split()[0] for statement in run] == ["DELETE" if is_deleted else "UPDATE"]
    session.commit()


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_made_or_written_here_is_not_read_again(engine: Engine, session: Session, count: int) -> None:
    session.add_all(books := [Book(shelf_id="a", title="x", pages=1, code="c", internal="i") for _ in range(count)])
    session.flush()
    run = statements(engine)
    for value in (2, 3):
        for book in books:
            book.pages = value
        session.flush()
    session.commit()

    assert not [statement for statement in run if statement.startswith("SELECT") and "FROM books" in statement]


@pytest.mark.skipif(ON_SQLITE, reason="on SQLite everything that a transaction reads holds")
@pytest.mark.parametrize("way", ["unlocked", "key share"])
def test_a_row_that_another_may_change_is_read_and_locked_once(
    engine: Engine, session: Session, book: Book, way: str
) -> None:
    key = book.id
    session.rollback()
    lock = {"unlocked": False, "key share": {"read": True, "key_share": True}}[way]
    found = session.get_one(Book, key, with_for_update=lock)
    run = statements(engine)
    found.title = "Emma"
    session.flush()
    found.title = "Persuasion"
    session.flush()
    session.commit()

    locking = [statement for statement in run if "FOR NO KEY UPDATE" in statement and "FROM books" in statement]
    assert len(locking) == 1


def test_an_audited_update_costs_the_lines_own_statements_and_nothing_else(engine: Engine, session: Session) -> None:
    """On SQLite two (read the head, write the line), on PostgreSQL one."""
    session.add_all([book := Book(shelf_id="a", title="Dune"), scrap := Scrap(text="x")])
    session.commit()
    rows = (Scrap, scrap.id, "text"), (Book, book.id, "title")
    session.close()
    engine.dispose()
    run, counts = sent(engine), []
    for model, key, name in rows:
        session.connection()
        session.rollback()
        run.clear()
        setattr(session.get_one(model, key, with_for_update=True), name, "new")
        session.commit()
        counts.append(len([statement for statement in run if not statement.startswith(SPIED)]))

    assert counts[1] - counts[0] == (2 if ON_SQLITE else 1), run
