"""Bulk statements of the ORM (``update``, ``delete``, ``insert`` and upsert of a class), told row by row.

The rows are looked at, and locked, before the statement and again after it, in a number of statements that does not
grow with them but by one each 500. What cannot be followed truthfully is refused in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Delete, Update, tuple_
from sqlalchemy.engine.result import null_result
from sqlalchemy.sql import ClauseElement

from erebus.trail import registry
from erebus.trail.buffer import buffer_of
from erebus.trail.changes import DELETE
from erebus.trail.connections import use
from erebus.trail.guard import TAKEN_OVER
from erebus.trail.rows import among, shape_of
from erebus.trail.watching import Watched, compare, created, dependants, watch

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Result
    from sqlalchemy.orm import Mapper, ORMExecuteState

    from erebus.trail.actor import Actor
    from erebus.trail.changes import Key

_INSTEAD = "Change the objects in a session one by one instead."


def execute(state: ORMExecuteState) -> Result[Any] | None:
    """Run a bulk statement of an audited class and capture what it did; leave everything else to the session."""
    mapper = state.bind_mapper
    if not (state.is_update or state.is_delete or state.is_insert) or state.is_from_statement or mapper is None:
        return None
    if "parententity" not in _dml(state).table._annotations or registry.is_exempt(mapper.class_):  # noqa: SLF001 - as SQLAlchemy tells a statement of a class from one of its table
        return None
    if state.session.autoflush and state.execution_options.get("autoflush", True):
        state.session.flush()
    connection = state.session.connection(bind_arguments=dict(state.bind_arguments))
    use(state.session, buffer_of(state.session), connection)
    run = _insert if state.is_insert else _change
    return run(state, mapper, connection)


# Updates and deletions


def _change(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> Result[Any]:
    statement = _dml(state)
    watched = _affected(state, mapper, connection)
    children = dependants(connection, watched) if isinstance(statement, Delete) else []
    result = state.invoke_statement(execution_options=TAKEN_OVER)
    returned = result.freeze() if statement._returning else None  # noqa: SLF001 - the public name fails for a whole class
    count = len(returned.data) if returned else getattr(result, "rowcount", -1)
    if count > len(watched):
        message = "rows appeared while a bulk statement ran: nothing of it may be committed. Roll back and try again."
        raise RuntimeError(message)
    captures = compare(connection, [*children, *watched], _actor(mapper))
    if isinstance(statement, Update) and any(c.action == DELETE for c in captures):
        message = f"a bulk update may not change the primary key of {mapper.class_.__name__}. {_INSTEAD}"
        raise RuntimeError(message)
    buffer_of(state.session).captures += captures
    return returned() if returned else result


def _affected(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that the statement is going to meet: by its criteria, or by the keys among its parameters."""
    if isinstance(state.parameters, list):
        keys = [tuple(row[k] for k in shape_of(mapper).key) for row in state.parameters]
        return [w for criterion in among(mapper, keys) for w in watch(mapper, connection, criterion, lock=True)]
    clause = _dml(state).whereclause
    return watch(mapper, connection, *([] if clause is None else [clause]), lock=True)


# Insertions and upserts


def _insert(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> Result[Any]:
    statement = _dml(state)
    if statement._prefixes:  # noqa: SLF001 - there is no public name for them
        message = (
            f"INSERT OR REPLACE deletes rows of {mapper.class_.__name__} without a word: use on_conflict_do_update."
        )
        raise RuntimeError(message)
    watched = _in_the_way(state, mapper, connection)
    wanted = len(statement._returning)  # noqa: SLF001 - the public name fails where a whole class is returned
    keys = [getattr(mapper.class_, name) for name in shape_of(mapper).key]
    result = state.invoke_statement(statement.returning(*keys), execution_options=TAKEN_OVER).freeze()
    made = {_key(row, len(keys)) for row in result.data}
    met = {w.key for w in watched}
    captures = compare(connection, watched, _actor(mapper))
    captures += created(mapper, connection, [key for key in made if key not in met], _actor(mapper))
    buffer_of(state.session).captures += captures
    return result().columns(*range(wanted)) if wanted else null_result()


def _key(row: Any, width: int) -> Key:  # noqa: ANN401 - a row, or the one value of it
    return tuple(row)[-width:] if isinstance(row, tuple) else (row,)


def _in_the_way(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that an upsert may update: those that have the values of its conflict columns."""
    clause = _dml(state)._post_values_clause  # noqa: SLF001 - there is no public name for it
    if not hasattr(clause, "update_values_to_set"):
        return []
    columns = _conflict_columns(mapper, clause)
    names = {c.key: a.key for a in mapper.column_attrs for c in a.columns}
    values = [tuple(_plain(mapper, row, {c.key, names[c.key]}) for c in columns) for row in _rows(state)]
    return watch(mapper, connection, tuple_(*columns).in_(values), lock=True)


def _conflict_columns(mapper: Mapper[Any], clause: Any) -> list[Any]:  # noqa: ANN401 - of either dialect
    table: Any = mapper.local_table
    if clause.constraint_target is not None:
        named = [c for c in (*table.constraints, *table.indexes) if c.name == clause.constraint_target]
        return [column for constraint in named[:1] for column in constraint.columns]
    elements = clause.inferred_target_elements or ()
    return [table.c[e] if isinstance(e, str) else table.c[e.key] for e in elements]


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
