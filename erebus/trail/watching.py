"""Rows that are changed without passing through the session: by a bulk statement, or by the database's own cascades.

They are loaded before, with their links and what a line needs to know of them, and looked at again afterwards: what is
gone was deleted, what differs was updated. So the log tells what came about, whatever the statement said.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, object_mapper

from erebus.trail import registry
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, Key, changed_names
from erebus.trail.links import with_links
from erebus.trail.rows import Row, among, identity_of, read_rows
from erebus.trail.shapes import scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log

_READER = "erebus_reader"
Place = tuple[Any, Key]
"""A row: its mapper and its primary key."""


class Told(NamedTuple):
    """What a line needs to know of an entity beside its fields."""

    label: str
    about: dict[str, Any]
    log: Log


class Follow(NamedTuple):
    """What makes a row's foreign key follow: the row referred to, and the names there of what is called so here."""

    leader: Watched
    names: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Watched:
    """A row as it was before a statement, its links included, and what its foreign keys are going to *follow*."""

    mapper: Mapper[Any]
    key: Key
    row: Row
    told: Told
    follows: list[Follow] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """The row's mapper and key."""
        return self.mapper, self.key


def tell(target: object, connection: Connection) -> Told:
    """Return what a line needs to know of *target*, which may be read with *connection*."""
    model = type(target)
    description = registry.description_of(model)
    about = {name: look(target) for name, look in description.about.items()} if description.about else {}
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


def compare(
    connection: Connection, watched: Sequence[Watched], actor: Actor, leaders: Mapping[Watched, Row] | None = None
) -> list[Capture]:
    """Return what has become of the rows that were *watched*, in their order.

    *leaders* are the rows as they are now of what the watched ones follow and is not watched itself.
    """
    now = _rows_now(connection, watched, {**(leaders or {})})
    changed = [(w.mapper, _key(w.mapper, now[w])) for w in watched if w in now and _changes(w, now[w])]
    told = _tell_rows(connection, changed)
    captures = []
    for w in watched:
        row = now.get(w)
        if row is None:
            captures.append(_capture(w, w.key, DELETE, _set_part(w.mapper, w.row), {}, actor))
        elif names := _changes(w, row):
            key = _key(w.mapper, row)
            then = replace(w, row=row, told=told.get((w.mapper, key), w.told))
            captures.append(
                _capture(then, key, UPDATE, {n: w.row[n] for n in names}, {n: row[n] for n in names}, actor)
            )
    return captures


def _rows_now(connection: Connection, watched: Sequence[Watched], now: dict[Watched, Row]) -> dict[Watched, Row]:
    """Return the rows that are there, by what was watched: what leads first, for what follows has its key from it."""
    for group in ([w for w in watched if not w.follows], [w for w in watched if w.follows]):
        keys = {w: _key(w.mapper, _expected(w, now)) for w in group}
        rows = {(m, key): row for m, key, row in _read(connection, [(w.mapper, key) for w, key in keys.items()])}
        now |= {w: rows[w.mapper, key] for w, key in keys.items() if (w.mapper, key) in rows}
    return now


def _expected(watched: Watched, now: Mapping[Watched, Row], path: tuple[Watched, ...] = ()) -> Row:
    """Return the row as what it follows has changed it; what follows itself, by a *path* of others, is as it was."""
    row = dict(now.get(watched, watched.row))
    for leader, names in () if watched in path else watched.follows:
        lead = _expected(leader, now, (*path, watched))
        row |= {own: lead[name] for own, name in names.items() if row.get(own) is not None}
    return row


def _key(mapper: Mapper[Any], row: Row) -> Key:
    return tuple(row[name] for name in shape_of(mapper).key)


def created(mapper: Mapper[Any], connection: Connection, keys: Collection[Key], actor: Actor) -> list[Capture]:
    """Return the creation of each row of *mapper* with one of *keys*."""
    told = _tell_rows(connection, [(mapper, key) for key in keys])
    rows = [Watched(m, key, row, told[m, key]) for m, key, row in _read(connection, list(told))]
    return [_capture(w, w.key, CREATE, {}, _set_part(mapper, w.row), actor) for w in rows]


def _changes(watched: Watched, row: Row) -> list[str]:
    return changed_names(_told_part(watched.mapper, watched.row), _told_part(watched.mapper, row))


def _told_part(mapper: Mapper[Any], row: Row) -> Row:
    scope = scope_of(mapper)
    return {n: v for n, v in row.items() if n in scope.fields or n in scope.links}


def _set_part(mapper: Mapper[Any], row: Row) -> Row:
    """Return what is told of *row*, without links of which there are none."""
    links = shape_of(mapper).links
    return {n: v for n, v in _told_part(mapper, row).items() if v or n not in links}


def _capture(  # noqa: PLR0913, PLR0917 - the parts of a capture
    watched: Watched, key: Key, action: str, before: Row, after: Row, actor: Actor
) -> Capture:
    model, told = watched.mapper.class_, watched.told
    return Capture(model, watched.key, key, action, before, after, watched.row, told.label, told.about, told.log, actor)


def _read(connection: Connection, keys: Collection[Place]) -> Iterator[tuple[Mapper[Any], Key, Row]]:
    """Yield the rows of *keys* that are there, and their links, in their order."""
    by_mapper = _by_mapper(keys).items()
    rows = {m: with_links(m, connection, read_rows(m, connection, found)) for m, found in by_mapper}
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
