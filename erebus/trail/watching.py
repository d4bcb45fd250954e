"""Rows that are changed without passing through the session: by a bulk statement, or by the database's own cascades.

They are loaded before, with what a line needs to know of them, and looked at again afterwards: what is gone was
deleted, what differs was updated. So the log tells what came about, whatever the statement said.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ForeignKeyConstraint, select
from sqlalchemy.orm import Session, object_mapper

from erebus.trail import registry
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, Key, changed_names
from erebus.trail.rows import Row, among, fields_of, holding, identity_of, read_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log

_READER = "erebus_reader"
Place = tuple[Any, Key]
"""A row: its mapper and its primary key."""
_ACTIVE = {"CASCADE", "SET NULL", "SET DEFAULT"}


class Told(NamedTuple):
    """What a line needs to know of an entity beside its fields."""

    label: str
    about: dict[str, Any]
    log: Log


@dataclass(frozen=True)
class Watched:
    """A row as it was before a statement."""

    mapper: Mapper[Any]
    key: Key
    row: Row
    told: Told


def tell(target: object, connection: Connection) -> Told:
    """Return what a line needs to know of *target*, which may be read with *connection*."""
    model = type(target)
    description = registry.description_of(model)
    about = {name: look(target) for name, look in description.about.items()}
    return Told(str(description.label(target)), about, registry.attachment_of(model).log_of(target, connection))


def watch(
    mapper: Mapper[Any],
    connection: Connection,
    *criteria: Any,  # noqa: ANN401 - any expression
    lock: bool = False,
    parameters: Any = None,  # noqa: ANN401 - as a statement takes them
) -> list[Watched]:
    """Return the rows of *mapper*, and of what inherits from it, that fulfil *criteria*; with *lock*, locked."""
    statement = select(mapper.class_).where(*criteria)
    if lock:
        statement = statement.with_for_update(of=mapper.local_table)
    with _reader(connection) as reader:
        found = reader.scalars(statement, parameters).unique().all()
        told = {(object_mapper(o), identity_of(object_mapper(o), o)): tell(o, connection) for o in found}
    return [Watched(mapper, key, row, told[mapper, key]) for mapper, key, row in _read(connection, list(told))]


def compare(connection: Connection, watched: list[Watched], actor: Actor) -> list[Capture]:
    """Return what has become of the rows that were *watched*, in their order."""
    now = {(m, key): row for m, key, row in _read(connection, [(w.mapper, w.key) for w in watched])}
    changed = [(w.mapper, w.key) for w in watched if (w.mapper, w.key) in now and _changes(w, now[w.mapper, w.key])]
    told = _tell_rows(connection, changed)
    captures = []
    for w in watched:
        row = now.get((w.mapper, w.key))
        if row is None:
            captures.append(_capture(w, DELETE, _told_part(w.mapper, w.row), {}, actor))
        elif names := _changes(w, row):
            then = replace(w, row=row, told=told.get((w.mapper, w.key), w.told))
            captures.append(_capture(then, UPDATE, {n: w.row[n] for n in names}, {n: row[n] for n in names}, actor))
    return captures


def created(mapper: Mapper[Any], connection: Connection, keys: Collection[Key], actor: Actor) -> list[Capture]:
    """Return the creation of each row of *mapper* with one of *keys*."""
    told = _tell_rows(connection, [(mapper, key) for key in keys])
    rows = [Watched(m, key, row, told[m, key]) for m, key, row in _read(connection, list(told))]
    return [_capture(w, CREATE, {}, _told_part(mapper, w.row), actor) for w in rows]


def dependants(connection: Connection, watched: list[Watched]) -> list[Watched]:
    """Return the rows that the database deletes, or unlinks, by itself when those *watched* are deleted."""
    return _follow(connection, watched, set(), "ondelete")


def followers(connection: Connection, watched: list[Watched]) -> list[Watched]:
    """Return the rows whose foreign keys the database changes by itself when the keys of those *watched* change."""
    return _follow(connection, watched, set(), "onupdate")


def _follow(connection: Connection, watched: list[Watched], seen: set[Place], rule: str) -> list[Watched]:
    found: list[Watched] = []
    for child, constraint in references(frozenset(t for w in watched for t in w.mapper.tables), rule):
        rows = [
            w
            for criterion in holding([e.parent for e in constraint.elements], _referred(constraint, watched))
            for w in watch(child, connection, criterion)
        ]
        fresh = [w for w in rows if (w.mapper, w.key) not in seen]
        seen |= {(w.mapper, w.key) for w in fresh}
        if rule == "ondelete" and getattr(constraint, rule).upper() == "CASCADE" and fresh:
            found += _follow(connection, fresh, seen, rule)
        found += fresh
    return found


def _referred(constraint: ForeignKeyConstraint, watched: list[Watched]) -> list[Key]:
    """Return the values by which *constraint* refers to the rows *watched*, which may be of several classes."""
    parents = [e.column for e in constraint.elements]
    names = {w.mapper: [_name_of(w.mapper, c) for c in parents] for w in watched if parents[0].table in w.mapper.tables}
    named = ((w.row, names[w.mapper]) for w in watched if w.mapper in names)
    return [tuple(row[n] for n in own) for row, own in named if all(row.get(n) is not None for n in own)]


def references(tables: frozenset[Any], rule: str) -> list[tuple[Mapper[Any], ForeignKeyConstraint]]:
    """Return the foreign keys to one of *tables* that make the database itself change rows, with their mappers."""
    return [
        (mapper, constraint)
        for mapper in registry.audited_mappers()
        if mapper.local_table is not None and not mapper.concrete
        for constraint in getattr(mapper.local_table, "foreign_key_constraints", ())
        if constraint.referred_table in tables
        and (getattr(constraint, rule) or "").upper() in _ACTIVE
        and not (mapper.inherits is not None and constraint.referred_table in mapper.inherits.tables)
        and (mapper.inherits is None or mapper.local_table is not mapper.inherits.local_table)
    ]


def _name_of(mapper: Mapper[Any], column: Any) -> str:  # noqa: ANN401 - a column
    return str(mapper.get_property_by_column(column).key)


def _changes(watched: Watched, row: Row) -> list[str]:
    return changed_names(_told_part(watched.mapper, watched.row), _told_part(watched.mapper, row))


def _told_part(mapper: Mapper[Any], row: Row) -> Row:
    fields = fields_of(mapper, registry.description_of(mapper.class_))
    return {n: v for n, v in row.items() if n in fields}


def _capture(watched: Watched, action: str, before: Row, after: Row, actor: Actor) -> Capture:
    model, key, told = watched.mapper.class_, watched.key, watched.told
    return Capture(model, key, key, action, before, after, watched.row, told.label, told.about, told.log, actor)


def _read(connection: Connection, keys: Collection[Place]) -> Iterator[tuple[Mapper[Any], Key, Row]]:
    """Yield the rows of *keys* that are there, in their order."""
    rows = {mapper: read_rows(mapper, connection, found) for mapper, found in _by_mapper(keys).items()}
    return ((mapper, key, rows[mapper][key]) for mapper, key in keys if key in rows[mapper])


def _tell_rows(connection: Connection, keys: Collection[Place]) -> dict[Place, Told]:
    """Return what lines need to know of the rows with *keys*, as they are now."""
    told: dict[Place, Told] = {}
    with _reader(connection) as reader:
        for mapper, found in _by_mapper(keys).items():
            for criterion in among(mapper, found):
                for target in reader.scalars(select(mapper.class_).where(criterion)).unique():
                    told[mapper, identity_of(mapper, target)] = tell(target, connection)
    return told


def tell_anew(mapper: Mapper[Any], connection: Connection, key: Key) -> Told:
    """Return what a line needs to know of the row with *key*, asked of an object that may load anything."""
    return _tell_rows(connection, [(mapper, key)])[mapper, key]


def _by_mapper(keys: Iterable[Place]) -> dict[Mapper[Any], list[Key]]:
    by_mapper: dict[Mapper[Any], list[Key]] = defaultdict(list)
    for mapper, key in keys:
        by_mapper[mapper].append(key)
    return by_mapper


@contextmanager
def _reader(connection: Connection) -> Iterator[Session]:
    """Yield a session that reads what *connection* sees, and leaves nothing behind in anybody's session."""
    with Session(connection, autoflush=False, join_transaction_mode="rollback_only", info={_READER: True}) as reader:
        yield reader


def is_reader(session: Session) -> bool:
    """Return whether *session* is one that only looks at rows for the log."""
    return _READER in session.info
