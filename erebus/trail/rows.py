"""What a mapped object holds of its row, and what has to be read from the database because it holds it not.

A value in memory is believed only where the column gives back exactly what was put in: text, whole numbers, truth
values, enumerations and the like. Any other (a decimal number, a JSON document that may have been changed in place, a
type of somebody's own) is read from the row, before the change and after it, as far as its value is recorded at all.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    Date,
    Enum,
    Integer,
    Join,
    LargeBinary,
    String,
    Table,
    Uuid,
    inspect,
    select,
    tuple_,
)
from sqlalchemy.orm import RelationshipDirection
from sqlalchemy.orm.base import NEVER_SET, NO_VALUE
from sqlalchemy.sql import ClauseElement

from erebus.trail.registry import description_of, version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, FromClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import InstanceState, Mapper, RelationshipProperty

    from erebus.trail.description import AuditDescription

Key = tuple[Any, ...]
Row = dict[str, Any]
CHUNK = 500  # keys in one statement: far below what either database takes
_EXACT: tuple[tuple[type, type | tuple[type, ...]], ...] = (
    (Enum, object),
    (String, str),
    (Boolean, bool),
    (Integer, int),
    (LargeBinary, bytes),
    (Uuid, uuid.UUID),
    (Date, dt.date),
)


@dataclass(frozen=True)
class Shape:
    """What of a mapper lies in columns, by the key of its attribute; *links* are its many-to-many relationships.

    *exact* are the types of which a value in memory is what the row holds; *null* the attributes that a new row has
    none of unless they are set; *late* those that a flush may set after the row was written (``post_update``);
    *automatic* those that the database, or a default, sets with each update; *references* the relationships whose
    foreign key lies in the row itself.
    """

    columns: Mapping[str, Column[Any]]
    key: tuple[str, ...]
    exact: Mapping[str, type | tuple[type, ...]]
    null: frozenset[str]
    late: frozenset[str]
    automatic: frozenset[str]
    references: frozenset[str]
    links: Mapping[str, RelationshipProperty[Any]]
    version: str | None


@cache
def shape_of(mapper: Mapper[Any]) -> Shape:
    """Return the shape of *mapper*. Columns that are computed by the mapping alone are no part of it."""
    pairs = ((a.key, a.columns[0]) for a in mapper.column_attrs)
    columns = {k: c for k, c in pairs if isinstance(c, Column) and c.table in mapper.tables}
    by_column: dict[Any, str] = {c: a.key for a in mapper.column_attrs for c in a.columns}
    relationships = [r for r in mapper.relationships if not r.viewonly]
    return Shape(
        columns=columns,
        key=tuple(by_column[c] for c in mapper.primary_key),
        exact={k: kinds for k, c in columns.items() if (kinds := _exact(c))},
        null=frozenset(k for k, c in columns.items() if _is_null_unless_set(c)),
        late=frozenset(by_column[c] for r in relationships if r.post_update for c in r.local_columns if c in by_column),
        automatic=frozenset(k for k, c in columns.items() if c.onupdate is not None or c.server_onupdate is not None),
        references=frozenset(r.key for r in relationships if r.direction is RelationshipDirection.MANYTOONE),
        links={r.key: r for r in relationships if r.direction is RelationshipDirection.MANYTOMANY},
        version=by_column.get(mapper.version_id_col) if mapper.version_id_col is not None else None,
    )


def _exact(column: Column[Any]) -> type | tuple[type, ...] | None:
    if isinstance(column.type, CHAR):  # PostgreSQL pads it
        return None
    return next((kinds for kind, kinds in _EXACT if isinstance(column.type, kind)), None)


def _is_null_unless_set(column: Column[Any]) -> bool:
    has_source = column.default is not None or column.server_default is not None or column.computed is not None
    return not has_source and column.identity is None and not column.primary_key


@dataclass(frozen=True)
class Scope:
    """What is told of the entities of a mapper: *fields* that lie in columns, *recorded* those of them with values.

    *inexact* are the recorded ones of which what is set may not be what the row then holds; *links* are many-to-many
    relationships. *description* is held so that its id stays its own.
    """

    description: AuditDescription
    fields: frozenset[str]
    recorded: frozenset[str]
    inexact: frozenset[str]
    links: frozenset[str]


def fields_of(mapper: Mapper[Any], description: AuditDescription) -> Collection[str]:
    """Return the names of the fields of *mapper* whose changes are told."""
    return _scope(mapper, description).fields


def links_of(mapper: Mapper[Any], description: AuditDescription) -> Collection[str]:
    """Return the many-to-many relationships that *mapper* tells."""
    return _scope(mapper, description).links


def scope_of(mapper: Mapper[Any]) -> Scope:
    """Return what is told of the entities of *mapper*."""
    now, found = version(), _newest.get(mapper)
    if found is None or found[0] != now:
        found = _newest[mapper] = now, _scope(mapper, description_of(mapper.class_))
    return found[1]


_newest: dict[Mapper[Any], tuple[int, Scope]] = {}
_scopes: dict[tuple[Mapper[Any], int], Scope] = {}


def _scope(mapper: Mapper[Any], description: AuditDescription) -> Scope:
    found = _scopes.get((mapper, id(description)))
    if found is None:
        shape = shape_of(mapper)
        told = {*description.recorded, *description.secret}
        silent = {*description.ignored, *({shape.version} - told)}
        links = {k for k, r in shape.links.items() if k in told or (k not in silent and not _is_told_elsewhere(r))}
        fields = frozenset(shape.columns.keys() - silent)
        recorded = fields & {*description.recorded}
        found = Scope(description, fields, recorded, recorded - shape.exact.keys(), frozenset(links))
        _scopes[mapper, id(description)] = found
    return found


def _is_told_elsewhere(link: RelationshipProperty[Any]) -> bool:
    """Return whether the other side of *link* tells it: it names it, or neither does and it comes first."""
    here = (link.parent.class_.__name__, link.key)
    for other in link._reverse_property:  # noqa: SLF001 - there is no public name for the other side
        description = description_of(other.parent.class_)
        if (
            other.key in {*description.recorded, *description.secret}
            or (other.parent.class_.__name__, other.key) < here
        ):
            return True
    return False


def field_in(mapper: Mapper[Any], column: str) -> str:
    """Return the name of the field that lies in the column called *column*, or that name itself."""
    return next((key for key, c in shape_of(mapper).columns.items() if c.name == column), column)


# What an object holds


def known_before(state: InstanceState[Any], names: Iterable[str]) -> Row:
    """Return the values of *names* before the object's changes, as far as they are held and can be believed."""
    committed, held, row = state.committed_state, state.dict, {}
    for name in names:
        value = committed[name] if name in committed else held.get(name, NO_VALUE)
        if value is not NO_VALUE and value is not NEVER_SET and not isinstance(value, (dict, list, set)):
            row[name] = value
    return row


def known_after(state: InstanceState[Any], names: Iterable[str], shape: Shape, *, is_new: bool) -> Row:
    """Return the values of *names* that the row has now, as far as they are held and can be believed."""
    held, row = state.dict, {}
    for name in names:
        value = held.get(name, None if is_new and name in shape.null else NO_VALUE)
        if value is None and name not in shape.exact and name in held:
            continue  # what a type of somebody's own makes of None is not known: JSON has a null of its own
        if value is None or isinstance(value, shape.exact.get(name, ())):
            row[name] = value
    return row


def held_values(state: InstanceState[Any], names: Iterable[str]) -> Row:
    """Return the values of *names* that the object has in memory: of an attempt, what was to be written."""
    held = state.dict
    return {n: held[n] for n in names if n in held and not isinstance(held[n], ClauseElement)}


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
    statement = select(*shape.columns.values()).select_from(mapper.persist_selectable)
    if lock and _is_lockable(mapper.persist_selectable):
        statement = statement.order_by(*mapper.primary_key).with_for_update(key_share=True)
    for criterion in among(mapper, identities):
        for values in connection.execute(statement.where(criterion)):
            row = dict(zip(shape.columns, values, strict=True))
            found[tuple(row[k] for k in shape.key)] = row
    return found


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
