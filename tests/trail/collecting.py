"""Every event that is appended in this process, as soon as its transaction is committed, whoever appended it.

A spy on the two appends and on the ends of transactions. What a rollback takes back, whole or to a savepoint, is
dropped; a commit that fails drops its events, too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, select
from sqlalchemy.engine import Connection, Engine

from erebus.trail import ring_postgresql, ring_sqlite
from erebus.trail.tables import audit_logs

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

    from erebus.trail.events import Log, Written


@dataclass(frozen=True)
class Collected:
    """An event, and the number and the time that it was given."""

    log_id: str
    number: int
    time: int
    content: dict[str, Any]


@dataclass
class Work:
    """What one connection has appended and not yet committed, and how much of it there was at each savepoint."""

    events: list[Collected] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    is_committing: bool = False


_working: WeakKeyDictionary[Connection, Work] = WeakKeyDictionary()
_committed: dict[object, list[Collected]] = defaultdict(list)
_engines: dict[object, Engine] = {}


def listen() -> None:
    """Spy on every engine, once a process."""
    for ring in (ring_sqlite, ring_postgresql):
        ring.append = _spied(ring.append)
    for name, listener in (
        ("begin", _begin),
        ("commit", _commit),
        ("commit_twophase", _commit_twophase),
        ("rollback", _rollback),
        ("rollback_twophase", _rollback_twophase),
        ("savepoint", _savepoint),
        ("rollback_savepoint", _rollback_savepoint),
        ("handle_error", _error),
    ):
        event.listen(Engine, name, listener)


def begin() -> None:
    """Forget what earlier tests did."""
    _working.clear()
    _committed.clear()
    _engines.clear()


def engines() -> list[Engine]:
    """An engine a database in which something was appended."""
    return list(_engines.values())


def committed(engine: Engine) -> list[Collected]:
    """What was committed in the database of *engine*, in the order of the commits."""
    for connection in list(_working):
        _settle(connection)
    return list(_committed[_database(engine)])


def _database(engine: Engine) -> object:
    is_named = engine.dialect.name != "sqlite" or engine.url.database not in {None, "", ":memory:"}
    return (engine.dialect.name, engine.url.database) if is_named else id(engine.pool)


def _spied(append: Any) -> Any:
    @wraps(append)
    def spied(connection: Connection, log: Log, contents: list[dict[str, Any]], *rest: Any) -> Written:
        written: Written = append(connection, log, contents, *rest)
        columns = (audit_logs.c.head_number, audit_logs.c.head_time)
        head = connection.execute(select(*columns).where(audit_logs.c.id == log.id)).one()
        first = head.head_number - len(contents) + 1
        events = [Collected(log.id, first + i, head.head_time, c) for i, c in enumerate(contents)]
        _engines.setdefault(_database(connection.engine), connection.engine)
        _working.setdefault(connection, Work()).events.extend(events)
        return written

    return spied


def _begin(connection: Connection) -> None:
    _settle(connection)


def _commit(connection: Connection) -> None:
    if work := _working.get(connection):
        work.is_committing = True
        _committed[_database(connection.engine)] += work.events


def _settle(connection: Connection) -> None:
    """Believe the commit: since then nothing has taken it back."""
    if (work := _working.get(connection)) and work.is_committing:
        _working.pop(connection, None)


def _rollback(connection: Connection) -> None:
    work = _working.pop(connection, None)
    if work and work.is_committing:
        gone = set(map(id, work.events))
        found = _committed[_database(connection.engine)]
        found[:] = [e for e in found if id(e) not in gone]


def _error(context: ExceptionContext) -> None:
    if context.connection is not None and context.statement is None:
        work = _working.get(context.connection)
        if work and work.is_committing:
            _rollback(context.connection)


def _commit_twophase(connection: Connection, _xid: object, _is_prepared: bool) -> None:
    _commit(connection)


def _rollback_twophase(connection: Connection, _xid: object, _is_prepared: bool) -> None:
    _rollback(connection)


def _savepoint(connection: Connection, name: str) -> None:
    work = _working.setdefault(connection, Work())
    work.marks[name] = len(work.events)


def _rollback_savepoint(connection: Connection, name: str, _context: object) -> None:
    work = _working.get(connection)
    if work and name in work.marks:
        del work.events[work.marks.pop(name) :]
