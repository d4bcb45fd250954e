"""What the app's own connections cannot do to the log: as a role that owns nothing, or under SQLite's authorizer.

The rows are those of the table of bypasses that was tried out before the ring was built. Each is refused, by the
statement or by the commit, and leaves the log as it was.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from erebus import trail
from erebus.commands.roles import grant
from erebus.db import prepare
from erebus.protection import powers, what_is_left
from erebus.trail.tables import audit_events, audit_logs
from tests.trail.bypasses import BYPASSES, COLUMNS, ON_POSTGRESQL, forged
from tests.trail.conftest import KEY, Shelf, definitions
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

REFUSED = (
    r"audit_\w+: |permission denied|must be owner|FOREIGN KEY|ck_audit_logs_capacity"
    r"|refused on a connection of the app|may not be modified"
)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The owner's engine, on events 5 to 14 of log a and event 1 of log b."""
    with Session(engine) as session:
        session.add_all([Shelf(id="a"), Shelf(id="b")])
        session.commit()
        add_books(session, 13)
    return engine


@pytest.fixture
def role(filled: Engine) -> Iterator[str]:
    """A PostgreSQL role as the command makes it."""
    name = f"app_{uuid.uuid4().hex}"
    with filled.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        grant(connection, name)
    yield name
    with filled.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


@pytest.fixture
def app(filled: Engine, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine as the app has it."""
    url = filled.url.render_as_string(hide_password=False)
    if ON_POSTGRESQL:
        url = make_url(url).set(username=request.getfixturevalue("role")).render_as_string(hide_password=False)
    engine = create_engine(url)
    prepare(engine)
    trail.guard_connections(engine)
    trail.use_key(engine, KEY)
    yield engine
    engine.dispose()


def state(engine: Engine) -> list[object]:
    """All that is kept, of logs that are sound, and the triggers."""
    with engine.connect() as connection:
        for log in ("a", "b"):
            assert trail.verify(connection, log).finding == ""
        rows = [connection.execute(table.select()).all() for table in (audit_events, audit_logs)]
        return [sorted(map(repr, found)) for found in rows] + [definitions(connection)]


def run(connection: Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.execute(text(statement))


@pytest.mark.parametrize("bypass", BYPASSES)
def test_it_is_refused_and_leaves_the_log_as_it_was(filled: Engine, app: Engine, bypass: str) -> None:
    before = state(filled)

    with (
        pytest.raises(DBAPIError, match=REFUSED),
        app.connect().execution_options(erebus_write=True) as connection,
        connection.begin(),
    ):
        run(connection, BYPASSES[bypass])

    assert state(filled) == before


@pytest.mark.parametrize("number", [3, 4])
def test_an_event_below_the_seam_does_not_come_back_into_a_slot_that_is_free(app: Engine, number: int) -> None:
    with app.connect().execution_options(erebus_write=True) as connection, connection.begin():
        trail.change_capacity(connection, "a", 20, trail.SYSTEM, 1)

    with pytest.raises(DBAPIError, match="audit_events: "), app.connect() as connection, connection.begin():
        run(connection, [forged(number=number, slot=number)])

    with app.connect() as connection:
        assert trail.verify(connection, "a").first == 5


def test_what_the_app_does_is_not_refused(app: Engine) -> None:
    with Session(app) as session:
        for count in (1, 3, 7, 35):
            session.connection(execution_options={"erebus_write": True})
            add_books(session, count)
        session.connection(execution_options={"erebus_write": True})
        session.add(Shelf(id="c"))
        session.commit()
    for capacity in (30, 12, 100):
        with app.connect().execution_options(erebus_write=True) as connection, connection.begin():
            trail.change_capacity(connection, "a", capacity, trail.SYSTEM, 1)

    with app.connect() as connection:
        assert trail.missing_triggers(connection) == []
        assert [trail.verify(connection, log).head_number for log in "abc"] == [14 + 46 + 3, 1, 1]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="COPY is PostgreSQL's")
@pytest.mark.parametrize("number", [9, 15])
def test_copy_is_refused(filled: Engine, app: Engine, number: int) -> None:
    before = state(filled)
    with app.connect() as connection, connection.begin():
        cursor = connection.connection.cursor()
        with cursor.copy("COPY (SELECT * FROM audit_events WHERE number = 14) TO STDOUT") as copied:
            line = b"".join(copied).split(b"\t")

    line[COLUMNS.index("log_id")], line[COLUMNS.index("slot")] = b"b", str(number % 10).encode()
    line[COLUMNS.index("number")] = str(number).encode()
    with (
        pytest.raises(psycopg.Error, match="is not an append"),
        app.connect() as connection,
        connection.connection.cursor().copy("COPY audit_events FROM STDIN") as copying,
    ):
        copying.write(b"\t".join(line))

    assert state(filled) == before


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite knows no roles")
def test_a_temporary_log_does_not_stand_in_for_the_real_one_even_where_it_can_be_made(
    filled: Engine, app: Engine, role: str
) -> None:
    with filled.begin() as connection:
        connection.execute(text(f"GRANT TEMP ON DATABASE {filled.url.database} TO {role}"))
    before = state(filled)

    with pytest.raises(DBAPIError, match="audit_events: "), app.connect() as connection, connection.begin():
        run(connection, BYPASSES["a temporary log in front of the real one"])

    assert state(filled) == before


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite knows no roles")
def test_the_role_owns_nothing_and_may_make_nothing(filled: Engine, role: str) -> None:
    with filled.connect() as connection:
        assert powers(connection, role) == []
        assert what_is_left(connection, role) == []
        assert powers(connection, "postgres") != []
