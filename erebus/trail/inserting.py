"""Insertions and upserts of a class, told row by row: what an upsert may update is looked at, and locked, before."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Boolean, Row, literal_column, text
from sqlalchemy.engine.result import null_result
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.expression import ColumnClause

from erebus.trail import registry, tried_in_bulk
from erebus.trail.buffer import buffer_of
from erebus.trail.cascading import followers
from erebus.trail.following import INSTEAD, dml, invoke, refuse_new_keys
from erebus.trail.rows import holding
from erebus.trail.shapes import shape_of
from erebus.trail.watching import Watched, compare, created, watch

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Result
    from sqlalchemy.orm import Mapper, ORMExecuteState

    from erebus.trail.changes import Key

_INDEXED = text(
    "SELECT i.name, c.name, c.coll FROM pragma_index_list(:table, :schema) i, pragma_index_xinfo(i.name, :schema) c"
    ' WHERE i."unique" AND c.key'
)
"""The columns of the unique indexes of a table of SQLite, and by what each is compared."""
_BYTES = "BINARY"


def insert(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> Result[Any]:
    """Run an insertion, or an upsert, and capture what it made and what it changed."""
    statement = dml(state)
    if any("replace" in str(prefix).lower() for prefix, _ in statement._prefixes):  # noqa: SLF001 - no public name
        message = (
            f"INSERT OR REPLACE deletes rows of {mapper.class_.__name__} without a word: use on_conflict_do_update."
        )
        raise RuntimeError(message)
    watched = _in_the_way(state, mapper, connection)
    children = followers(connection, watched)
    keys = [getattr(mapper.class_, name) for name in shape_of(mapper).key]
    added = [*keys, *_proofs(state, connection)]
    tried = tried_in_bulk.inserting(state.session, mapper, _rows(state), connection)
    result = invoke(state, statement.returning(*added), tried).freeze()
    wanted = len(result.metadata.keys) - len(added)
    captures = compare(connection, [*children, *watched], registry.actor_for(mapper.class_))
    refuse_new_keys(mapper, captures)
    made = _made(mapper, [_last(row, len(added)) for row in result.data], {w.key for w in watched})
    captures += created(mapper, connection, made, registry.actor_for(mapper.class_))
    buffer_of(state.session).captures += captures
    return result().columns(*range(wanted)) if wanted else null_result()


def _last(row: Any, width: int) -> Key:  # noqa: ANN401 - a row, or the one value of it
    return tuple(row)[-width:] if isinstance(row, (Row, tuple)) else (row,)


def _made(mapper: Mapper[Any], rows: list[Key], met: Collection[Key]) -> list[Key]:
    """Return the keys of the *rows* that are new: of those that were not *met* before, all.

    Raises RuntimeError if PostgreSQL says that one of these was there: what it was is not known.
    """
    width = len(mapper.primary_key)
    fresh = {row[:width]: all(row[width:]) for row in rows if row[:width] not in met}
    if not all(fresh.values()):
        message = (
            f"an upsert met a {mapper.class_.__name__} that the look before it did not: another has just added it, or"
            " it is the same by a rule of the database alone. Roll back, and try again or change objects one by one."
        )
        raise RuntimeError(message)
    return list(fresh)


def _proofs(state: ORMExecuteState, connection: Connection) -> list[Any]:
    """Return what else has to be asked of each row: of PostgreSQL whether it is new, for nobody had locked it then."""
    is_asked = _is_upsert(state) and connection.dialect.name == "postgresql"
    return [literal_column("xmax = 0", Boolean)] if is_asked else []


def _is_upsert(state: ORMExecuteState) -> bool:
    return hasattr(dml(state)._post_values_clause, "update_values_to_set")  # noqa: SLF001 - there is no public name for it


def _in_the_way(state: ORMExecuteState, mapper: Mapper[Any], connection: Connection) -> list[Watched]:
    """Return the rows that an upsert may update: those that have the values of its conflict columns."""
    if not _is_upsert(state):
        return []
    columns = _conflict_columns(mapper, dml(state)._post_values_clause)  # noqa: SLF001 - the same
    names = [mapper.get_property_by_column(c).key for c in columns]
    values = [_plain(mapper, row, names) for row in _rows(state)]
    criteria = (c for compared in _compared(connection, columns) for c in holding(compared, values))
    found = (w for criterion in criteria for w in watch(mapper, connection, criterion, lock=True))
    return list({w.place: w for w in found}.values())


def _compared(connection: Connection, columns: list[Any]) -> list[list[Any]]:
    """Return *columns* as they are compared: by themselves, and on SQLite by each unique index that has them."""
    if connection.dialect.name != "sqlite":
        return [columns]
    found: dict[str, dict[str, str]] = defaultdict(dict)
    table = columns[0].table
    for index, name, collation in connection.execute(_INDEXED, {"table": table.name, "schema": table.schema or "main"}):
        found[index][name] = collation
    alike = [c for c in found.values() if c.keys() == {c.name for c in columns} and {*c.values()} != {_BYTES}]
    return [columns, *([_collated(c, collations[c.name]) for c in columns] for collations in alike)]


def _collated(column: Any, collation: str) -> Any:  # noqa: ANN401 - a column
    return column if collation == _BYTES else column.collate(collation)


def _conflict_columns(mapper: Mapper[Any], clause: Any) -> list[Any]:  # noqa: ANN401 - of either dialect
    table: Any = mapper.local_table
    name = getattr(clause, "constraint_target", None)  # of PostgreSQL only
    named = [c for c in (*table.constraints, *table.indexes) if name is not None and c.name == name]
    elements = [*(c for constraint in named for c in constraint.columns), *(clause.inferred_target_elements or ())]
    by_name = {c.name: c for c in table.c}
    columns = [by_name.get(getattr(e, "name", e)) if isinstance(e, (str, ColumnClause)) else None for e in elements]
    if not columns or any(column is None for column in columns):
        message = f"an upsert of {mapper.class_.__name__} must name the columns of its conflict. {INSTEAD}"
        raise RuntimeError(message)
    return columns


def _rows(state: ORMExecuteState) -> list[dict[Any, Any]]:
    """Return the values to be inserted, a mapping a row."""
    statement, parameters = dml(state), state.parameters
    if isinstance(parameters, list):
        return [dict(row) for row in parameters]
    if statement._multi_values:  # noqa: SLF001 - there is no public name for what `values` was given
        return [dict(row) for rows in statement._multi_values for row in rows]  # noqa: SLF001 - the same
    return [{**(statement._values or {}), **cast("dict[str, Any]", parameters or {})}]  # noqa: SLF001 - the same


def _plain(mapper: Mapper[Any], row: dict[Any, Any], names: Collection[str]) -> Key:
    """Return the values under *names*. Raises RuntimeError when one is none that can be looked for before."""
    given = tried_in_bulk.given(mapper, row)
    if any(n not in given or isinstance(given[n], ClauseElement) for n in names):
        message = f"an upsert of {mapper.class_.__name__} needs plain values for its conflict columns. {INSTEAD}"
        raise RuntimeError(message)
    return tuple(given[n] for n in names)
