"""What a mapped object holds of its row, and what has to be read from the database because it holds it not.

A value in memory is believed only where the column gives back exactly what was put in (`erebus.trail.shapes`). Any
other (a decimal number, a JSON document that may have been changed in place, a type of somebody's own) is read from the
row, before the change and after it, as far as its value is recorded at all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Join, Select, Table, bindparam, inspect, select, tuple_
from sqlalchemy.orm.base import NEVER_SET, NO_VALUE
from sqlalchemy.sql import ClauseElement

from erebus.trail.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, FromClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import InstanceState, Mapper

    from erebus.trail.shapes import Shape

Key = tuple[Any, ...]
Row = dict[str, Any]
_MUTABLE = (dict, list, set)
CHUNK = 500  # keys in one statement: far below what either database takes


# What an object holds


def known_before(state: InstanceState[Any], names: Iterable[str]) -> Row:
    """Return the values of *names* before the object's changes, as far as they are held and can be believed."""
    committed, held = state.committed_state, state.dict
    row: Row = {}
    for name in names:
        value = committed[name] if name in committed else held.get(name, NO_VALUE)
        if value is not NO_VALUE and value is not NEVER_SET and not isinstance(value, _MUTABLE):
            row[name] = value
    return row


def known_after(state: InstanceState[Any], names: Iterable[str], shape: Shape, *, is_new: bool) -> Row:
    """Return the values of *names* that the row has now, as far as they are held and can be believed.

    What a type of somebody's own makes of None is not known: JSON has a null of its own.
    """
    held, exact = state.dict, shape.exact
    row: Row = {}
    for name in names:
        value = held.get(name, NO_VALUE)
        if value is NO_VALUE:
            if is_new and name in shape.null:
                row[name] = None
        elif name in exact and (value is None or isinstance(value, exact[name])):
            row[name] = value
    return row


def held_values(state: InstanceState[Any], names: Iterable[str]) -> Row:
    """Return the values of *names* that the object has in memory: of an attempt, what was to be written."""
    held = state.dict
    return {n: v for n in names if n in held and not isinstance(v := held[n], ClauseElement)}


def key_of(state: InstanceState[Any], mapper: Mapper[Any]) -> Key:
    """Return the primary key of the row of *state*, or the one that it is going to have."""
    return tuple(state.key[1]) if state.key else key_now(state, mapper)


def key_now(state: InstanceState[Any], mapper: Mapper[Any]) -> Key:
    """Return the primary key that *state* holds: after a flush, the one that its row has now."""
    held = state.dict
    try:
        return tuple([held[name] for name in shape_of(mapper).key])
    except KeyError:
        return tuple(mapper.primary_key_from_instance(state.obj()))


def identity_of(mapper: Mapper[Any], target: object) -> Key:
    """Return the primary key of *target*: that of its row, or the one that it is going to have."""
    state = inspect(target)
    return tuple(state.key[1]) if state.key else tuple(mapper.primary_key_from_instance(target))


# What the database holds


def read_row(mapper: Mapper[Any], connection: Connection, identity: Key) -> Row:
    """Return the row as the database has it now; empty if it is gone."""
    return read_rows(mapper, connection, [identity]).get(identity, {})


def read_rows(
    mapper: Mapper[Any], connection: Connection, identities: Collection[Key], *, lock: bool = False
) -> dict[Key, Row]:
    """Return the rows with the keys *identities*, by key, in as few statements as 500 keys each allow.

    With *lock* nobody else may change them from then on; they are locked in the order of their keys.
    """
    shape, found = shape_of(mapper), {}
    for values in _found(mapper, connection, list(identities), lock=lock):
        row = dict(zip(shape.columns, values, strict=True))
        found[tuple(row[k] for k in shape.key)] = row
    return found


def _found(mapper: Mapper[Any], connection: Connection, keys: list[Key], *, lock: bool) -> Iterator[Iterable[Any]]:
    if len(keys) == 1 and None not in keys[0]:  # in most flushes
        yield from connection.execute(_reading_one(mapper, lock), {f"key_{i}": v for i, v in enumerate(keys[0])})
        return
    for criterion in among(mapper, keys):
        yield from connection.execute(_reading(mapper, lock).where(criterion))


@cache
def _reading(mapper: Mapper[Any], lock: bool) -> Select[Any]:  # noqa: FBT001 - part of the key of a cache
    """Return the statement that reads rows of *mapper*, put together once: that takes longer than to run it."""
    statement = select(*shape_of(mapper).columns.values()).select_from(mapper.persist_selectable)
    if lock and _is_lockable(mapper.persist_selectable):
        return statement.order_by(*mapper.primary_key).with_for_update(key_share=True)
    return statement


@cache
def _reading_one(mapper: Mapper[Any], lock: bool) -> Select[Any]:  # noqa: FBT001 - the same
    key = (column == bindparam(f"key_{i}") for i, column in enumerate(mapper.primary_key))
    return _reading(mapper, lock).where(*key)


def _is_lockable(selectable: FromClause) -> bool:
    """Return whether PostgreSQL can lock the rows of *selectable*: those of tables, unless one may be missing."""
    if isinstance(selectable, Join):
        is_whole = not (selectable.isouter or selectable.full)
        return is_whole and _is_lockable(selectable.left) and _is_lockable(selectable.right)
    return isinstance(selectable, Table)


def among(mapper: Mapper[Any], identities: Collection[Key]) -> Iterator[ColumnElement[bool]]:
    """Yield criteria that together find the rows with the keys *identities*, at most 500 each."""
    return holding(mapper.primary_key, identities)


def holding(columns: Sequence[ColumnElement[Any]], values: Collection[Key]) -> Iterator[ColumnElement[bool]]:
    """Yield criteria that together find the rows that hold one of *values* in *columns*, at most 500 each."""
    keys = list(values)
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        if len(columns) > 1:
            yield tuple_(*columns).in_(chunk)
        elif len(chunk) == 1:
            yield columns[0] == chunk[0][0]
        else:
            yield columns[0].in_([key for (key,) in chunk])
