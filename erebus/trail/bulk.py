"""Bulk statements of the ORM (``update``, ``delete``, ``insert`` and upsert of a class), told row by row.

The rows are looked at, and locked, before the statement and again after it, in a number of statements that does not
grow with them but by one each 500. What cannot be followed truthfully is refused in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Delete, Update
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.sql.visitors import iterate

from erebus.trail import registry
from erebus.trail.buffer import buffer_of
from erebus.trail.cascading import dependants, followers
from erebus.trail.changes import DELETE, UPDATE
from erebus.trail.connections import hold_reads, use, write
from erebus.trail.following import INSTEAD, dml, invoke, refuse_new_keys
from erebus.trail.freshness import Freshness, follow
from erebus.trail.guard import reason_in
from erebus.trail.inserting import insert
from erebus.trail.rows import among
from erebus.trail.shapes import shape_of
from erebus.trail.tried_in_bulk import changing
from erebus.trail.watching import Watched, compare, is_reader, watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection, Result
    from sqlalchemy.orm import Mapper, ORMExecuteState

    from erebus.trail.changes import Key


def execute(state: ORMExecuteState) -> Result[Any] | None:
    """Run a bulk statement of an audited class and capture what it did; leave everything else to the session."""
    mapper = state.bind_mapper
    if state.is_select and not is_reader(state.session):
        follow(state, buffer_of(state.session).freshness)
    if not (state.is_update or state.is_delete or state.is_insert) or state.is_from_statement or mapper is None:
        return None
    if "parententity" not in dml(state).table._annotations or registry.is_exempt(mapper.class_):  # noqa: SLF001 - as SQLAlchemy tells a statement of a class from one of its table
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
    run = insert if state.is_insert else _change
    return run(state, mapper, connection)


def _check(state: ORMExecuteState) -> None:
    """Flush what comes before the statement. Raises RuntimeError if what it does could not be told apart."""
    session, statement = state.session, dml(state)
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
    statement = dml(state)
    if (
        isinstance(statement, Delete)
        and mapper.inherits is not None
        and mapper.local_table not in mapper.inherits.tables
    ):
        kept = mapper.inherits.local_table.description
        message = f"a bulk deletion of {mapper.class_.__name__} would leave its rows in {kept}. {INSTEAD}"
        raise RuntimeError(message)
    watched = _affected(state, mapper, connection)
    children = (dependants if isinstance(statement, Delete) else followers)(connection, watched)
    action = DELETE if isinstance(statement, Delete) else UPDATE
    result = invoke(state, statement, changing(connection, _with_values(state, mapper, watched), action))
    returned = result.freeze() if statement._returning else None  # noqa: SLF001 - its public name breaks on a class
    count = len(returned.data) if returned else getattr(result, "rowcount", -1)
    if count > len(watched):
        message = "rows appeared while a bulk statement ran: nothing of it may be committed. Roll back and try again."
        raise RuntimeError(message)
    captures = compare(connection, [*children, *watched], registry.actor_for(mapper.class_))
    if isinstance(statement, Update):
        refuse_new_keys(mapper, captures)
    buffer_of(state.session).captures += captures
    return returned() if returned else result


def _affected(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that the statement is going to meet: by its criteria, or by the keys among its parameters."""
    clause = dml(state).whereclause
    if isinstance(state.parameters, list):
        criteria = among(mapper, _listed_keys(state, mapper, state.parameters))
        return [w for criterion in criteria for w in watch(mapper, connection, criterion, lock=True)]
    return watch(mapper, connection, *([] if clause is None else [clause]), lock=True, parameters=state.parameters)


def _with_values(
    state: ORMExecuteState, mapper: Mapper[Any], watched: list[Watched]
) -> Iterator[tuple[Watched, Mapping[Any, Any]]]:
    """Yield the rows *watched* with the values that the statement is to set."""
    if isinstance(state.parameters, list):
        given = dict(zip(_listed_keys(state, mapper, state.parameters), state.parameters, strict=True))
        yield from ((w, given.get(w.key, {})) for w in watched)
        return
    values = getattr(dml(state), "_values", None) or {}  # a deletion sets none
    yield from ((w, values) for w in watched)


def _listed_keys(state: ORMExecuteState, mapper: Mapper[Any], rows: list[Any]) -> list[Key]:
    """Return the keys among the parameters *rows* of an update. Raises RuntimeError if there are none."""
    names = shape_of(mapper).key
    is_by_key = state.is_update and state.execution_options.get("dml_strategy", "auto") in {"auto", "bulk"}
    if not is_by_key or any(name not in row for row in rows for name in names):
        message = f"a list of parameters must be rows with the primary key of {mapper.class_.__name__}, to be updated."
        raise RuntimeError(message)
    return [tuple(row[name] for name in names) for row in rows]
