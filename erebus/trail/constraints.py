"""Which constraint an error of the database speaks of. Its text never goes further than here: it holds bound values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import FromClause
    from sqlalchemy.orm import Mapper

UNIQUE, CHECK, NOT_NULL, FOREIGN_KEY = "unique", "check", "not null", "foreign key"
_SQLITE = re.compile(r"(UNIQUE|CHECK|NOT NULL|FOREIGN KEY) constraint failed(?:: (.*))?", re.DOTALL)
_KEY = re.compile(r"\((?P<columns>[^()=]+)\)=\((?P<values>.*)\)", re.DOTALL)  # Key (name)=(x) already exists.
_ROW = re.compile(r"\((?P<values>.*)\)", re.DOTALL)  # Failing row contains (1, x, null).
_WRITTEN = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (?P<table>.+?) (?:\(|SET |WHERE )")
_CLIPPED = 64  # bytes of a value that PostgreSQL shows of a failing row
_KINDS = {"23505": UNIQUE, "23514": CHECK, "23502": NOT_NULL, "23503": FOREIGN_KEY, "23001": FOREIGN_KEY}


@dataclass(frozen=True)
class Violation:
    """What kind of constraint was violated; its name, table and columns as far as the database says."""

    kind: str
    name: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()


def violation(error: BaseException | None, mapper: Mapper[Any] | None = None) -> Violation | None:
    """Return the constraint that *error* speaks of; SQLite names no unique one: it is found among those of *mapper*."""
    if not isinstance(error, IntegrityError) or error.orig is None:
        return None
    if (diagnosis := getattr(error.orig, "diag", None)) is not None:
        return _of_postgresql(diagnosis, mapper)
    return _of_sqlite(str(error.orig), mapper)


def stopped(error: DBAPIError | StaleDataError, table: FromClause) -> bool:
    """Return whether *error* stopped a statement that wrote rows of *table*, or the commit because of one of them."""
    if isinstance(error, StaleDataError):
        return f"on table '{table.description}' " in str(error)
    if error.statement:
        written = _WRITTEN.match(error.statement)
        return written is not None and written["table"].rpartition(".")[2].strip('"') == table.description
    found = violation(error)
    return found is not None and found.table == table.description


def speaks_of(error: DBAPIError, table: FromClause, values: Mapping[str, Any]) -> bool:
    """Return whether *error* may speak of a row of *table* with *values*, by column: only PostgreSQL tells any."""
    diagnosis = getattr(error.orig, "diag", None)
    detail = (diagnosis.message_detail if diagnosis is not None else None) or ""
    found, unknown = _KEY.search(detail), "(?!)"  # matches nothing: the other rows' values may be known
    if found is None:
        found, unknown = _ROW.search(detail), ".*"
    if found is None:
        return True
    names = found["columns"].split(", ") if found.re is _KEY else [c.name for c in table.columns]
    pattern = ", ".join(_as_shown(values[name]) if name in values else unknown for name in names)
    return re.fullmatch(pattern, found["values"], re.DOTALL) is not None


def _as_shown(value: object) -> str:
    """Return a pattern for what PostgreSQL shows of *value*: of any but plain text and numbers, anything."""
    if value is None:
        return "null"
    is_plain = type(value) in {str, int} and len(str(value).encode()) < _CLIPPED
    return re.escape(str(value)) if is_plain else ".*"


def _of_postgresql(diagnosis: Any, mapper: Mapper[Any] | None) -> Violation | None:  # noqa: ANN401 - the driver's own
    kind = _KINDS.get(diagnosis.sqlstate)
    if kind is None:
        return None
    name, column = diagnosis.constraint_name, diagnosis.column_name
    known = next((cs for n, cs in _unique_ones(mapper) if n == name), ())
    return Violation(kind, name, diagnosis.table_name, (column,) if column else known)


def _of_sqlite(text: str, mapper: Mapper[Any] | None) -> Violation | None:
    found = _SQLITE.match(text)
    if found is None:
        return None
    kind, said = found[1].lower(), found[2] or ""
    if kind == CHECK:
        return Violation(kind, said if said.isidentifier() else None)  # without a name, SQLite gives the whole rule
    parts = [part.rpartition(".") for part in said.split(", ")]
    columns, table = tuple(column for _, _, column in parts), parts[0][0] or None
    if kind == UNIQUE:
        return Violation(
            kind, next((n for n, cs in _unique_ones(mapper) if set(cs) == set(columns)), None), table, columns
        )
    return Violation(kind, None, table, columns if said else ())


def _unique_ones(mapper: Mapper[Any] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    for table in mapper.tables if mapper is not None else ():
        if isinstance(table, Table):
            yield from _of_table(table)


def _of_table(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    for constraint in table.constraints:
        if isinstance(constraint, (UniqueConstraint, PrimaryKeyConstraint)):
            columns = tuple(c.name for c in constraint.columns)
            usual = ("pkey",) if constraint is table.primary_key else (*columns, "key")  # what PostgreSQL calls it
            yield str(constraint.name or "_".join([table.name, *usual])), columns
    for index in table.indexes:
        if index.unique:
            yield str(index.name), tuple(c.name for c in index.columns)
