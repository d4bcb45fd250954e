"""The trail's own statements on the driver's cursor: errors, and the transaction, are SQLAlchemy's all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from erebus.trail import driver
from tests.conftest import DATABASE

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

ON_SQLITE = DATABASE == "sqlite"
INSERT = f"INSERT INTO shelves (id) VALUES ({'?' if ON_SQLITE else '%s'})"


def test_a_statement_that_the_database_refuses_raises_what_sqlalchemy_makes_of_it(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            driver.first(connection, "SELECT 1 FROM nowhere", ())
        connection.rollback()
        with pytest.raises(DBAPIError):
            driver.write(connection, "INSERT INTO nowhere VALUES (1)", [()])
        connection.rollback()

        assert raised.value.statement == "SELECT 1 FROM nowhere"
        assert driver.first(connection, "SELECT 1", ()) == (1,)


def test_what_is_written_first_thing_on_a_connection_is_committed_with_it(engine: Engine) -> None:
    with engine.connect() as connection:
        assert driver.write(connection, INSERT, [("z1",), ("z2",)]) == 2
        connection.commit()
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM shelves WHERE id LIKE 'z%' ORDER BY id")).all() == ["z1", "z2"]


@pytest.mark.skipif(ON_SQLITE, reason="a file does not hang up")
def test_a_connection_that_is_lost_leaves_the_pool(engine: Engine) -> None:
    with engine.connect() as connection:
        pid = driver.first(connection, "SELECT pg_backend_pid()", ())
        with engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": (pid or (0,))[0]})
        with pytest.raises(OperationalError):
            driver.first(connection, "SELECT 1", ())
        assert connection.invalidated
