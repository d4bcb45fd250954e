"""What of a class lies in columns, and what of that is told: worked out once.

A value in memory is what the row holds only where the column gives back exactly what was put in: text, whole numbers,
truth values, enumerations and the like.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import CHAR, Boolean, Column, Date, Enum, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import RelationshipDirection

from erebus.trail.derived import derived
from erebus.trail.registry import description_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Mapper, RelationshipProperty

    from erebus.trail.description import AuditDescription

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
    """What is told of the entities of a mapper: *fields* that lie in columns, with values if they are *recorded*.

    *inexact* are the recorded ones of which what is set may not be what the row then holds; *links* are many-to-many
    relationships. *written* are the attributes with which a row, or a link, is written;
    *wanted* the fields of which must be known what they were before an update, whatever is set; *automatic* those that
    any update may change.
    """

    shape: Shape
    description: AuditDescription
    fields: frozenset[str]
    recorded: frozenset[str]
    unrecorded: frozenset[str]
    inexact: frozenset[str]
    links: frozenset[str]
    written: frozenset[str]
    wanted: frozenset[str]
    automatic: frozenset[str]


@derived
def scope_of(mapper: Mapper[Any]) -> Scope:
    """Return what is told of the entities of *mapper*."""
    shape, description = shape_of(mapper), description_of(mapper.class_)
    told = {*description.recorded, *description.secret}
    silent = {*description.ignored, *({shape.version} - told)}
    links = frozenset(k for k, r in shape.links.items() if k in told or (k not in silent and not _is_told_elsewhere(r)))
    fields = frozenset(shape.columns.keys() - silent)
    recorded = fields & {*description.recorded}
    automatic = fields & shape.automatic
    return Scope(
        shape=shape,
        description=description,
        fields=fields,
        recorded=recorded,
        unrecorded=fields - recorded,
        inexact=recorded - shape.exact.keys(),
        links=links,
        written=shape.references | links | shape.columns.keys(),
        wanted=recorded | (fields & shape.late) | automatic,
        automatic=automatic,
    )


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
