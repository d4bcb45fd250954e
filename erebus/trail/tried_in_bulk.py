"""What a bulk statement was trying when the database refused it: told from the rows that it met, or was to insert.

What the statement itself was to compute is not known: such a field is told as ``(computed)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql import ClauseElement

from erebus.trail.best_effort import actor_of
from erebus.trail.changes import CREATE, Capture
from erebus.trail.shapes import scope_of, shape_of
from erebus.trail.tried import Tried, attempted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.rows import Row
    from erebus.trail.watching import Watched

COMPUTED = "(computed)"


def changing(
    connection: Connection, watched: Iterable[tuple[Watched, Mapping[Any, Any]]], action: str
) -> Iterator[Tried]:
    """Yield what was to be done to the rows *watched*, each with the values that were to be set."""
    for w, values in watched:
        scope = scope_of(w.mapper)
        after = {n: v for n, v in _told(w.mapper, values).items() if n in scope.fields}
        before = {n: w.row[n] for n in (after or scope.fields) if n in w.row}
        current = {n: w.row[n] for n in scope.description.recorded if n in w.row}
        model: type = w.mapper.class_
        told = (w.told.label, w.told.about, w.told.log, actor_of(model))
        yield Tried(Capture(model, w.key, w.key, action, before, after, current, *told), None, connection)


def inserting(
    session: Session, mapper: Mapper[Any], rows: Iterable[Mapping[Any, Any]], connection: Connection
) -> Iterator[Tried]:
    """Yield the creation of each of *rows*; nothing of them has been an object until now."""
    for row in rows:
        target = mapper.class_manager.new_instance()
        values = _told(mapper, row)
        for name, value in values.items():
            set_committed_value(target, name, value)
        yield from attempted(session, target, CREATE, {}, values, connection)


def given(mapper: Mapper[Any], values: Mapping[Any, Any]) -> Row:
    """Return *values* by the names of attributes; what the database is to work out stays an expression."""
    names = {c.key: a.key for a in mapper.column_attrs for c in a.columns} | {k: k for k in shape_of(mapper).columns}
    found: Row = {}
    for key, value in values.items():
        name = names.get(getattr(key, "key", key))
        if name is not None:
            found[name] = getattr(value, "value", value) if isinstance(value, ClauseElement) else value
    return found


def _told(mapper: Mapper[Any], values: Mapping[Any, Any]) -> Row:
    return {n: COMPUTED if isinstance(v, ClauseElement) else v for n, v in given(mapper, values).items()}
