"""Which of several rows the database refused, as far as it says.

It names the constraint, PostgreSQL the values too, SQLite the columns of a unique one. They are compared with what the
objects hold, or looked for in the table; nothing of what the database says is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from erebus.trail.best_effort import attempt_to, leaving_idle
from erebus.trail.changes import CREATE
from erebus.trail.constraints import NOT_NULL, UNIQUE, speaks_of, stopped, violation
from erebus.trail.links import row_between
from erebus.trail.shapes import field_in, shape_of
from erebus.trail.tried_links import ids_in

if TYPE_CHECKING:
    from erebus.trail.constraints import Violation
    from erebus.trail.rows import Key
    from erebus.trail.tried import Tried


def blamed(found: list[Tried], error: BaseException | None) -> list[Tried]:
    """Return those of *found* that the database refused with *error*; all of them, if it does not say which."""
    if len(found) > 1 and isinstance(error, (DBAPIError, StaleDataError)):
        found = _with_links(found, error) or found
    for step in (_with_values, _with_nothing, _with_taken_values):
        if len(found) > 1 and isinstance(error, IntegrityError):
            found = step(found, error) or found
    return found


def _with_links(found: list[Tried], error: DBAPIError | StaleDataError) -> list[Tried]:
    """Return those whose links were to change in the table that is spoken of; PostgreSQL shows to what."""
    return [t for t in found if any(_is_refused(t, name, error) for name in shape_of(t.mapper).links)]


def _is_refused(tried: Tried, name: str, error: DBAPIError | StaleDataError) -> bool:
    link = shape_of(tried.mapper).links[name]
    before, after = (Counter(ids_in(values.get(name) or "")) for values in (tried.capture.before, tried.capture.after))
    changed = [*(after - before), *(before - after)]
    if not changed or link.secondary is None or not stopped(error, link.secondary):
        return False
    if isinstance(error, StaleDataError):
        return True
    return any(speaks_of(error, link.secondary, row_between(link, tried.row, far)) for far in changed)


def _with_values(found: list[Tried], error: IntegrityError) -> list[Tried]:
    """Return those with the values that PostgreSQL shows."""
    return [t for t in found if any(speaks_of(error, table, _by_column(t)) for table in t.mapper.tables)]


def _by_column(tried: Tried) -> dict[str, Any]:
    row, columns = tried.row, shape_of(tried.mapper).columns
    return {columns[name].name: value for name, value in row.items() if name in columns}


def _with_nothing(found: list[Tried], error: IntegrityError) -> list[Tried]:
    """Return those that lack the value that must not be missing."""
    return [t for t in found if _lacks(t, violation(error, t.mapper))]


def _lacks(tried: Tried, found: Violation | None) -> bool:
    if found is None or found.kind != NOT_NULL or not found.columns:
        return False
    after, field = tried.capture.after, field_in(tried.mapper, found.columns[0])
    return (tried.capture.action == CREATE or field in after) and after.get(field) is None


def _with_taken_values(found: list[Tried], error: IntegrityError) -> list[Tried]:
    """Return those whose values another row has, or another one of *found*."""
    wanted = {id(t): values for t in found if (values := _unique_values(t, violation(error, t.mapper)))}
    counts = Counter(wanted.values())
    several = [t for t in found if id(t) in wanted and counts[wanted[id(t)]] > 1]
    return several or [t for t in found if id(t) in wanted and _is_taken(t, dict(wanted[id(t)]))]


def _unique_values(tried: Tried, found: Violation | None) -> tuple[tuple[str, Any], ...]:
    """Return the values of *tried* that must be unique, by field; none, if one of them is not known."""
    if found is None or found.kind != UNIQUE:
        return ()
    row, fields = tried.row, [field_in(tried.mapper, column) for column in found.columns]
    is_known = all(isinstance(row.get(f), Hashable) and row.get(f) is not None for f in fields)
    return tuple((f, row[f]) for f in fields) if is_known else ()


def _is_taken(tried: Tried, values: dict[str, Any]) -> bool:
    shape, connection = shape_of(tried.mapper), tried.connection
    if connection is None:
        return False
    key = [shape.columns[name] for name in shape.key]
    wanted = select(*key).where(*(shape.columns[name] == value for name, value in values.items()))
    with leaving_idle(connection):
        rows: list[Key] = attempt_to(lambda: [tuple(row) for row in connection.execute(wanted)], [])
    return any(tried.capture.action == CREATE or row != tried.capture.identity for row in rows)
