"""Models of the tests' own, on a base of their own: the engine knows nothing of Erebus, and is tested so."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ForeignKey, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from erebus import trail
from erebus.db import prepare
from tests.trail import collecting, oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import MetaData, Table
    from sqlalchemy.engine import Connection, Engine

    from tests.databases import Databases

KEY = bytes(range(32))
CAPACITY = 10


class Base(DeclarativeBase):
    """The base that the trail is attached to here."""


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[str] = mapped_column(primary_key=True)
    books: Mapped[list[Book]] = relationship(back_populates="shelf", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[str] = mapped_column(ForeignKey("shelves.id"))
    title: Mapped[str]
    colour: Mapped[Colour] = mapped_column(default=Colour.RED)
    pages: Mapped[int | None]
    code: Mapped[str | None]
    internal: Mapped[str | None]
    reads: Mapped[int] = mapped_column(default=0)
    shelf: Mapped[Shelf] = relationship(back_populates="books")


class Note(Base):
    """Nobody describes it."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Scrap(Base):
    """Exempt."""

    __tablename__ = "scraps"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


BOOK = trail.AuditDescription(
    entity_type="book",
    label=lambda book: book.title,
    recorded=("title", "colour", "pages"),
    secret=("code",),
    ignored=("reads",),
    names={"pages": "number of pages"},
    about={"shelf": lambda book: book.shelf_id},
    words=(
        trail.Words(
            "update",
            "Renamed book",
            ("Renamed", "rename"),
            lambda change: f"'{change.before('title')}' to '{change.after('title')}'",
            when=lambda change: change.changed("title"),
        ),
    ),
)


def log_of(entity: object, _connection: Connection) -> trail.Log:
    name = getattr(entity, "shelf_id", None) or (entity.id if isinstance(entity, Shelf) else "rest")
    return trail.Log(name, None if name == "rest" else name, CAPACITY)


@pytest.fixture(scope="session", autouse=True)
def _attached() -> None:
    trail.attach(
        Base,
        main=trail.Log("rest", None, CAPACITY),
        log_of=log_of,
        actor_of=lambda: trail.current_actor() or trail.SYSTEM,
        clock=lambda: int(datetime.now(UTC).timestamp() * 1000),
    )
    trail.describe(Shelf, trail.AuditDescription(entity_type="shelf", label=lambda shelf: shelf.id))
    trail.describe(Book, BOOK)
    trail.exempt(Scrap, "the tests look at what is left out")


@pytest.fixture(scope="session", autouse=True)
def _collected() -> None:
    collecting.listen()


@pytest.fixture(autouse=True)
def _oracle(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test: the log is whole, and tells how the rows came to be what they are."""
    collecting.begin()
    usual = _usual_engine(request)
    yield
    tampers, past_the_log = (request.node.get_closest_marker(name) for name in ("tampers", "past_the_log"))
    for marker in (tampers, past_the_log):
        assert marker is None or marker.args, "say why the oracle may not look"
    for engine in [] if tampers else collecting.engines():
        is_usual = usual is not None and usual.url == engine.url
        oracle.check(usual if is_usual else engine, is_replayed=past_the_log is None)
        engine.dispose()


def _usual_engine(request: pytest.FixtureRequest) -> Engine | None:
    """The test's engine, made before the oracle so that its database outlives the test's sessions and the oracle."""
    for name in ("engine", "blank_database_url"):
        if name in request.fixturenames:
            found = request.getfixturevalue(name)
            return found if name == "engine" else None
    return None


@pytest.fixture
def tables() -> MetaData:
    """The tables of the test's models: override it where they are others."""
    return Base.metadata


@pytest.fixture(scope="session")
def laid(databases: Databases) -> Callable[[MetaData], str]:
    """``laid(tables)`` gives a template with *tables* and those of the log."""
    templates: dict[frozenset[Table], str] = {}

    def laid(tables: MetaData) -> str:
        found = frozenset(tables.tables.values())
        if found not in templates:
            templates[found] = databases.template(partial(_lay_at, tables))
        return templates[found]

    return laid


def _lay_at(tables: MetaData, url: str) -> None:
    with engine_at(url) as engine:
        lay(tables, engine)


def lay(tables: MetaData, engine: Engine) -> None:
    """Make *tables* and those of the log, with their triggers, in an empty database."""
    with engine.begin() as connection:
        tables.create_all(connection)
        trail.metadata.create_all(connection)
        trail.make_triggers(connection)


@pytest.fixture
def engine(databases: Databases, laid: Callable[[MetaData], str], tables: MetaData, tmp_path: Path) -> Iterator[Engine]:
    """An engine on tables with their triggers, SQLite or PostgreSQL."""
    with databases.lend(tmp_path / "laid.db", laid(tables)) as url, engine_at(url) as engine:
        yield engine


@contextmanager
def engine_at(url: str, **options: Any) -> Iterator[Engine]:
    """An engine that is set up as the app's is."""
    engine = create_engine(url, **options)
    prepare(engine)
    trail.use_key(engine, KEY)
    yield engine
    engine.dispose()


@pytest.fixture
def log(engine: Engine) -> Engine:
    """An engine on a database with a full log a: events 5 to 14 of 14, capacity 10."""
    with Session(engine) as session:
        session.add(Shelf(id="a"))
        session.commit()
        session.add_all([Book(shelf_id="a", title=f"Book {n}") for n in range(13)])
        session.commit()
    return engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        session.add(Shelf(id="a"))
        session.commit()
        yield session


@pytest.fixture
def book(session: Session) -> Book:
    """A book on shelf a: events 1 (the shelf) and 2 are in the log."""
    book = Book(shelf_id="a", title="Dune", pages=412, code="s3cret", internal="x")
    session.add(book)
    session.commit()
    return book


def kept(session: Session, log_id: str = "a") -> list[trail.AuditEvent]:
    """The kept events, oldest first."""
    log = trail.read_log(session.connection(), log_id)
    return list(reversed(log.events)) if log else []


def definitions(connection: Connection) -> list[str]:
    """The triggers, and on PostgreSQL their functions, as the database would make them again."""
    if connection.dialect.name == "sqlite":
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
    else:
        found = """SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace(current_schema())
            ORDER BY 1"""
    return list(connection.execute(text(found)).scalars())
