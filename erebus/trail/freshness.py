"""Which objects are known to hold what their rows do: what was *before* is then known without a look at the row.

An object is as fresh as the statement that filled it, if nobody else can have changed the row since: because the
statement locked it, or because a write of this transaction fails if what it has read was changed meanwhile (SQLite once
a transaction has begun, PostgreSQL from REPEATABLE READ on). That is decided a statement; of an object only the number
of its statement is kept, by SQLAlchemy itself (``runid``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Join, Table, event, inspect

from erebus.trail.rows import known_before
from erebus.trail.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import DeclarativeBase, InstanceState, Mapper, ORMExecuteState

    from erebus.trail.rows import Row

_MARK = "erebus_mark"
Tables = frozenset[Any]
NO_TABLES: Tables = frozenset()


class Freshness:
    """What a transaction knows of the objects that it has loaded or written; void once it gives locks back.

    *runs* are the statements that loaded objects, by their numbers; *held* is what the fresh objects that a running
    flush is going to write held of their rows before it.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.runs: dict[int, Any] = {}
        self.held: dict[InstanceState[Any], Row] = {}
        self._refreshed: dict[InstanceState[Any], Any] = {}
        self._locked: dict[int, tuple[Any, Tables]] = {}
        self._doubtful: set[InstanceState[Any]] = set()
        self._known: set[InstanceState[Any]] = set()
        self._deleted: set[Any] = set()

    def refreshed(self, state: InstanceState[Any], statement: Any, names: Collection[str] | None) -> None:  # noqa: ANN401 - of any kind
        """Keep that *statement* loaded the attributes *names* of *state*, or all: it is fresh if it holds no others."""
        if names is None or not known_before(state, shape_of(state.mapper).columns).keys() - {*names}:
            self._refreshed[state] = statement
        else:
            self._doubtful.add(state)

    def know(self, state: InstanceState[Any]) -> None:
        """Keep that *state* holds what its row does, which nobody else can change any more."""
        self._known.add(state)

    def doubt(self, state: InstanceState[Any]) -> None:
        """Keep that *state* may hold something else than its row does, from now on until it is loaded anew."""
        self._known.discard(state)
        self._refreshed.pop(state, None)
        self._doubtful.add(state)

    def lose(self, state: InstanceState[Any]) -> None:
        """Keep that the row of *state* was deleted: no object of its key is known to hold what a row does."""
        self._deleted.add(state.key)

    def is_fresh(self, state: InstanceState[Any], *, are_reads_held: bool) -> bool:
        """Return whether *state* holds what its row does; *are_reads_held* if what was read cannot change unnoticed."""
        if self._deleted and state.key in self._deleted:
            return False
        if state in self._known:
            return True
        statement = self._refreshed.get(state)
        if statement is None and state.runid is not None and state not in self._doubtful:
            statement = self.runs.get(state.runid)
        return statement is not None and (are_reads_held or self._locks(statement).issuperset(state.mapper.tables))

    def _locks(self, statement: Any) -> Tables:  # noqa: ANN401 - of any kind
        """Return the tables whose rows *statement* locked, worked out once."""
        if id(statement) not in self._locked:
            self._locked[id(statement)] = statement, _locked_tables(statement)
        return self._locked[id(statement)][1]


def listen(base: type[DeclarativeBase]) -> None:
    """Hear what is loaded of all classes mapped on *base*, now and later."""
    event.listen(base, "load", _loaded, raw=True, propagate=True)
    event.listen(base, "refresh", _refreshed, raw=True, propagate=True)


def follow(state: ORMExecuteState, freshness: Freshness) -> None:
    """Let the objects that a statement loads be known to *freshness*."""
    state.update_execution_options(**{_MARK: (freshness.runs, state.statement, freshness)})


# Without a context nothing was loaded: a merge, or a bulk statement, has set values.


def _loaded(_state: InstanceState[Any], context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own, or None
    # Runs once an object, which is why it calls nothing: it costs half a microsecond, nearly all of it the call itself.
    if context is not None and (mark := context.execution_options.get(_MARK)) is not None:
        mark[0][context.runid] = mark[1]


def _refreshed(state: InstanceState[Any], context: Any, names: Collection[str] | None) -> None:  # noqa: ANN401 - the same
    if context is not None and (mark := context.execution_options.get(_MARK)) is not None:
        mark[2].refreshed(state, mark[1], names)


def _locked_tables(statement: Any) -> Tables:  # noqa: ANN401 - of any kind
    """Return the tables in which *statement* locks the rows of the objects that it loads: none where in doubt.

    Only plain classes count, for an alias may stand for a query, whose rows no lock reaches. With OF, what is joined
    by an option or a relationship may be of the same class and is not locked.
    """
    lock = getattr(statement, "_for_update_arg", None)
    if lock is None or (lock.read and lock.key_share):  # FOR KEY SHARE lets others write
        return NO_TABLES
    entities = _classes(statement)
    if lock.of and (statement._with_options or any(_joins(entity) for entity in entities)):  # noqa: SLF001 - there is no public name for them
        return NO_TABLES
    return frozenset(table for element in lock.of or entities for table in _tables_of(element))


def _classes(statement: Any) -> list[type]:  # noqa: ANN401 - of any kind
    """Return the plain classes among what a query asks for: as `column_descriptions`, which takes ten times as long."""
    found = (c._annotations.get("parententity") for c in getattr(statement, "_raw_columns", ()))  # noqa: SLF001 - there are no public names for them
    return [e.class_ for e in found if e is not None and e.is_mapper]


def _joins(entity: type) -> bool:
    mapper: Mapper[Any] = inspect(entity)
    return any(r.lazy == "joined" for r in mapper.relationships)


def _tables_of(element: Any) -> Collection[Any]:  # noqa: ANN401 - a class, or a table, or a join of them
    if isinstance(element, type):
        mapper: Mapper[Any] = inspect(element)
        return mapper.tables
    if isinstance(element, Join):
        return (*_tables_of(element.left), *_tables_of(element.right))
    return (element,) if isinstance(element, Table) else ()
