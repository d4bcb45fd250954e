"""The trail's own statements of the hot path, on the driver's cursor.

What SQLAlchemy does around a statement (events, a context, a result with its columns looked up) costs as much as the
driver's own work, and an append needs none of it. An error is handed over, so that callers get SQLAlchemy's, and a
lost connection leaves the pool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


def first(connection: Connection, statement: str, parameters: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 - as the driver takes them
    """Run *statement* in the transaction of *connection*; return the first row of its result, if there is one.

    Raises what SQLAlchemy makes of the driver's errors, as the other one does.
    """
    _begin(connection)
    try:
        cursor = connection.connection.cursor()
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
    except BaseException as error:  # noqa: BLE001 - an interrupt, too, is SQLAlchemy's to handle
        _fail(connection, error, statement, parameters)
    return row


def write(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run *statement* with each of *rows*; return how many rows were written."""
    _begin(connection)
    try:
        cursor = connection.connection.cursor()
        cursor.executemany(statement, rows)
        count = cursor.rowcount
        cursor.close()
    except BaseException as error:  # noqa: BLE001 - the same
        _fail(connection, error, statement, rows)
    return count


def _begin(connection: Connection) -> None:
    """Let SQLAlchemy know that a transaction has begun: otherwise it would not commit it."""
    if not connection.in_transaction():
        connection.begin()


def _fail(connection: Connection, error: BaseException, statement: str, parameters: Any) -> NoReturn:  # noqa: ANN401 - the same
    connection._handle_dbapi_exception(error, statement, parameters, None, None)  # noqa: SLF001 - there is no public name for it
