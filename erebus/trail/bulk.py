"""Bulk statements of the ORM (``update``, ``delete``, ``insert`` and upsert of a class), told row by row.

The rows are looked at, and locked, before the statement and again after it, in a number of statements that does not
grow with them but by one each 500. What cannot be followed truthfully is refused in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Delete, Row, Update
from sqlalchemy.engine.result import null_result
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.expression import ColumnClause, UpdateBase
from sqlalchemy.sql.visitors import iterate

from erebus.trail import registry
from erebus.trail.buffer import buffer_of
from erebus.trail.cascading import dependants, followers
from erebus.trail.changes import DELETE
from erebus.trail.connections import hold_reads, use, write
from erebus.trail.freshness import Freshness, follow
from erebus.trail.guard import TAKEN_OVER, reason_in
from erebus.trail.rows import among, holding, shape_of
from erebus.trail.watching import Watched, compare, created, is_reader, watch

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Result
    from sqlalchemy.orm import Mapper, ORMExecuteState

    from erebus.trail.actor import Actor
    from erebus.trail.changes import Capture, Key

_INSTEAD = "Change the objects in a session one by one instead."


def execute(state: ORMExecuteState) -> Result[Any] | None:
    """Run a bulk statement of an audited class and capture what it did; leave everything else to the session."""
    mapper = state.bind_mapper
    if state.is_select and not is_reader(state.session):
        follow(state, buffer_of(state.session).freshness)
    if not (state.is_update or state.is_delete or state.is_insert) or state.is_from_statement or mapper is None:
        return None
    if "parententity" not in _dml(state).table._annotations or registry.is_exempt(mapper.class_):  # noqa: SLF001 - as SQLAlchemy tells a statement of a class from one of its table
        return None
    if reason_in(state.execution_options):
        return None
    _check(state)
    connection = state.session.connection(bind_arguments=dict(state.bind_arguments))
    buffer = buffer_of(state.session)
    use(state.session, buffer, connection)
    hold_reads(connection)
    write(buffer, connection)
    buffer.freshness = Freshness()
    run = _insert if state.is_insert else _change
    return run(state, mapper, connection)


def _invoke(state: ORMExecuteState, statement: Any) -> Result[Any]:  # noqa: ANN401 - an insertion, update or deletion
    buffer = buffer_of(state.session)
    buffer.is_in_bulk = True
    try:
        return state.invoke_statement(statement, execution_options=TAKEN_OVER)
    finally:
        buffer.is_in_bulk = False


def _check(state: ORMExecuteState) -> None:
    """Flush what comes before the statement. Raises RuntimeError if what it does could not be told apart."""
    session, statement = state.session, _dml(state)
    if buffer_of(session).runs_flush(session):
        message = "no bulk statement in the middle of a flush: run it in before_flush, or in after_flush_postexec"
        raise RuntimeError(message)
    if any(isinstance(e, UpdateBase) and e is not statement for e in iterate(statement)):
        message = "one statement may not change rows twice: run what stands inside it by itself"
        raise RuntimeError(message)
    is_flushing = session._flushing  # noqa: SLF001 - there is no public name for it
    if session.autoflush and state.execution_options.get("autoflush", True) and not is_flushing:
        session.flush()


# Updates and deletions


def _change(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> Result[Any]:
    statement = _dml(state)
    if (
        isinstance(statement, Delete)
        and mapper.inherits is not None
        and mapper.local_table not in mapper.inherits.tables
    ):
        kept = mapper.inherits.local_table.description
        message = f"a bulk deletion of {mapper.class_.__name__} would leave its rows in {kept}. {_INSTEAD}"
        raise RuntimeError(message)
    watched = _affected(state, mapper, connection)
    children = (dependants if isinstance(statement, Delete) else followers)(connection, watched)
    result = _invoke(state, statement)
    returned = result.freeze() if statement._returning else None  # noqa: SLF001 - its public name breaks on a class
    count = len(returned.data) if returned else getattr(result, "rowcount", -1)
    if count > len(watched):
        message = "rows appeared while a bulk statement ran: nothing of it may be committed. Roll back and try again."
        raise RuntimeError(message)
    captures = compare(connection, [*children, *watched], _actor(mapper))
    if isinstance(statement, Update):
        _refuse_new_keys(mapper, captures)
    buffer_of(state.session).captures += captures
    return returned() if returned else result


def _refuse_new_keys(mapper: Mapper[Any], captures: list[Capture]) -> None:
    if any(c.action == DELETE for c in captures):
        message = f"a bulk statement may not change the primary key of {mapper.class_.__name__}. {_INSTEAD}"
        raise RuntimeError(message)


def _affected(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that the statement is going to meet: by its criteria, or by the keys among its parameters."""
    clause = _dml(state).whereclause
    if isinstance(state.parameters, list):
        criteria = among(mapper, _listed_keys(state, mapper, state.parameters))
        return [w for criterion in criteria for w in watch(mapper, connection, criterion, lock=True)]
    return watch(mapper, connection, *([] if clause is None else [clause]), lock=True, parameters=state.parameters)


def _listed_keys(state: ORMExecuteState, mapper: Mapper[Any], rows: list[Any]) -> list[Key]:
    """Return the keys among the parameters *rows* of an update. Raises RuntimeError if there are none."""
    names = shape_of(mapper).key
    is_by_key = state.is_update and state.execution_options.get("dml_strategy", "auto") in {"auto", "bulk"}
    if not is_by_key or any(name not in row for row in rows for name in names):
        message = f"a list of parameters must be rows with the primary key of {mapper.class_.__name__}, to be updated."
        raise RuntimeError(message)
    return [tuple(row[name] for name in names) for row in rows]


# Insertions and upserts


def _insert(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> Result[Any]:
    statement = _dml(state)
    if any("replace" in str(prefix).lower() for prefix, _ in statement._prefixes):  # noqa: SLF001 - no public name
        message = (
            f"INSERT OR REPLACE deletes rows of {mapper.class_.__name__} without a word: use on_conflict_do_update."
        )
        raise RuntimeError(message)
    watched = _in_the_way(state, mapper, connection)
    children = followers(connection, watched)
    keys = [getattr(mapper.class_, name) for name in shape_of(mapper).key]
    result = _invoke(state, statement.returning(*keys)).freeze()
    wanted = len(result.metadata.keys) - len(keys)
    made = dict.fromkeys(_key(row, len(keys)) for row in result.data)
    met = {w.key for w in watched}
    captures = compare(connection, [*children, *watched], _actor(mapper))
    _refuse_new_keys(mapper, captures)
    captures += created(mapper, connection, [key for key in made if key not in met], _actor(mapper))
    buffer_of(state.session).captures += captures
    return result().columns(*range(wanted)) if wanted else null_result()


def _key(row: Any, width: int) -> Key:  # noqa: ANN401 - a row, or the one value of it
    return tuple(row)[-width:] if isinstance(row, (Row, tuple)) else (row,)


def _in_the_way(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that an upsert may update: those that have the values of its conflict columns."""
    clause = _dml(state)._post_values_clause  # noqa: SLF001 - there is no public name for it
    if not hasattr(clause, "update_values_to_set"):
        return []
    columns = _conflict_columns(mapper, clause)
    names = {c.key: a.key for a in mapper.column_attrs for c in a.columns}
    values = [tuple(_plain(mapper, row, {c.key, names[c.key]}) for c in columns) for row in _rows(state)]
    criteria = holding(columns, values)
    return [w for criterion in criteria for w in watch(mapper, connection, criterion, lock=True)]


def _conflict_columns(mapper: Mapper[Any], clause: Any) -> list[Any]:  # noqa: ANN401 - of either dialect
    table: Any = mapper.local_table
    name = getattr(clause, "constraint_target", None)  # of PostgreSQL only
    named = [c for c in (*table.constraints, *table.indexes) if name is not None and c.name == name]
    elements = [*(c for constraint in named for c in constraint.columns), *(clause.inferred_target_elements or ())]
    by_name = {c.name: c for c in table.c}
    columns = [by_name.get(getattr(e, "name", e)) if isinstance(e, (str, ColumnClause)) else None for e in elements]
    if not columns or any(column is None for column in columns):
        message = f"an upsert of {mapper.class_.__name__} must name the columns of its conflict. {_INSTEAD}"
        raise RuntimeError(message)
    return columns


def _rows(state: ORMExecuteState) -> list[dict[Any, Any]]:
    """Return the values to be inserted, a mapping a row."""
    statement, parameters = _dml(state), state.parameters
    if isinstance(parameters, list):
        return [dict(row) for row in parameters]
    if statement._multi_values:  # noqa: SLF001 - there is no public name for what `values` was given
        return [dict(row) for rows in statement._multi_values for row in rows]  # noqa: SLF001 - the same
    return [{**(statement._values or {}), **cast("dict[str, Any]", parameters or {})}]  # noqa: SLF001 - the same


def _plain(mapper: Mapper[Any], row: dict[Any, Any], names: Collection[str]) -> object:
    """Return the value under one of *names*. Raises RuntimeError when it is none that can be looked for before."""
    for given, value in row.items():
        bound = getattr(value, "value", value) if isinstance(value, ClauseElement) else value
        if getattr(given, "key", given) in names and not isinstance(bound, ClauseElement):
            return bound
    message = f"an upsert of {mapper.class_.__name__} needs plain values for its conflict columns. {_INSTEAD}"
    raise RuntimeError(message)


def _dml(state: ORMExecuteState) -> Any:  # noqa: ANN401 - an insertion, an update or a deletion
    return state.statement


def _actor(mapper: Mapper[Any]) -> Actor:
    return registry.attachment_of(mapper.class_).actor_of()
