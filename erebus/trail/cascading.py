"""What the database changes by itself when rows go or their keys change: cascades, and links that lose their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.trail import registry
from erebus.trail.derived import derived
from erebus.trail.links import leading_to, owners
from erebus.trail.rows import holding
from erebus.trail.watching import Follow, watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ForeignKeyConstraint
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper

    from erebus.trail.rows import Key, Row
    from erebus.trail.watching import Place, Watched

_ACTIVE = {"CASCADE", "SET NULL", "SET DEFAULT"}


def dependants(connection: Connection, watched: list[Watched]) -> list[Watched]:
    """Return the rows that the database deletes, or unlinks, by itself when those *watched* are deleted.

    Those last that only lose a link to one of them.
    """
    found = list(_Walk(connection, watched, "ondelete").found.values())
    seen = {w.place for w in (*watched, *found)}
    ends = [(w.mapper, w.row) for w in (*watched, *found)]
    return [*found, *(w for w in linked(connection, ends) if w.place not in seen)]


def followers(connection: Connection, watched: list[Watched]) -> list[Watched]:
    """Return the rows whose foreign keys the database changes by itself when the keys of those *watched* change."""
    return list(_Walk(connection, watched, "onupdate").found.values())


def linked(connection: Connection, ends: Iterable[tuple[Mapper[Any], Row]]) -> list[Watched]:
    """Return the rows of the entities that tell a many-to-many link to one of *ends*."""
    found: dict[Place, Watched] = {}
    by_mapper: dict[Mapper[Any], list[Row]] = {}
    for mapper, row in ends:
        by_mapper.setdefault(mapper, []).append(row)
    for mapper, rows in by_mapper.items():
        for link in leading_to(mapper):
            for criterion in owners(link, rows):
                found |= {w.place: w for w in watch(link.parent, connection, criterion)}
    return list(found.values())


class _Walk:
    """A walk along the foreign keys with one rule, from rows that change to those that the database changes with them.

    *found* are these, each once, and those first that were found from others. A row that several foreign keys reach is
    gone on from by each that cascades, for each changes other columns of it; deleted it is once.
    """

    def __init__(self, connection: Connection, watched: list[Watched], rule: str) -> None:
        self.found: dict[Place, Watched] = {}
        self._connection, self._rule = connection, rule
        self._roots = {w.place for w in watched}
        self._gone_on: set[tuple[Place, ForeignKeyConstraint | None]] = set()
        self._follow(watched, frozenset())

    def _follow(self, watched: list[Watched], changing: frozenset[Any]) -> None:
        """Find the rows that refer to those *watched*, or to those of their columns that are *changing*."""
        for child, constraint in references(frozenset(t for w in watched for t in w.mapper.tables), self._rule):
            if changing and changing.isdisjoint(e.column for e in constraint.elements):
                continue
            rows = [w for w in _referring(self._connection, child, constraint, watched) if w.place not in self._roots]
            rows = [self.found.get(w.place, w) for w in rows]
            if self._rule == "onupdate":
                _bind(constraint, rows, watched)
            self._go_on(rows, constraint)
            self.found |= {w.place: w for w in rows}

    def _go_on(self, rows: list[Watched], constraint: ForeignKeyConstraint) -> None:
        if (getattr(constraint, self._rule) or "").upper() != "CASCADE":
            return
        is_update = self._rule == "onupdate"
        by = constraint if is_update else None
        fresh = [w for w in rows if (w.place, by) not in self._gone_on]
        self._gone_on |= {(w.place, by) for w in fresh}
        if fresh:
            self._follow(fresh, frozenset(e.parent for e in constraint.elements) if is_update else frozenset())


def _referring(
    connection: Connection, child: Mapper[Any], constraint: ForeignKeyConstraint, watched: list[Watched]
) -> list[Watched]:
    own = [e.parent for e in constraint.elements]
    return [w for c in holding(own, list(_referred(constraint, watched))) for w in watch(child, connection, c)]


def _bind(constraint: ForeignKeyConstraint, rows: list[Watched], watched: list[Watched]) -> None:
    """Let each of *rows* follow that of those *watched* to which *constraint* refers, if it is one that follows."""
    if (constraint.onupdate or "").upper() != "CASCADE":
        return
    leaders = _referred(constraint, watched)
    for w in rows:
        own = [_name_of(w.mapper, e.parent) for e in constraint.elements]
        if leader := leaders.get(tuple(w.row[n] for n in own)):
            names = [_name_of(leader.mapper, e.column) for e in constraint.elements]
            w.follows.append(Follow(leader, dict(zip(own, names, strict=True))))


def _referred(constraint: ForeignKeyConstraint, watched: list[Watched]) -> dict[Key, Watched]:
    """Return the rows *watched*, of whatever classes, by the values by which *constraint* refers to them."""
    parents = [e.column for e in constraint.elements]
    names = {w.mapper: [_name_of(w.mapper, c) for c in parents] for w in watched if parents[0].table in w.mapper.tables}
    named = ((tuple(w.row.get(n) for n in names[w.mapper]), w) for w in watched if w.mapper in names)
    return {values: w for values, w in named if None not in values}


class Referred(NamedTuple):
    """The fields of a mapper to which foreign keys lead that make the database itself change rows, by their rules."""

    ondelete: frozenset[str]
    onupdate: frozenset[str]


@derived
def referred(mapper: Mapper[Any]) -> Referred:
    """Return the fields of *mapper* on which rows depend that the database itself changes."""
    return Referred(*(_referred_by(mapper, rule) for rule in Referred._fields))


def _referred_by(mapper: Mapper[Any], rule: str) -> frozenset[str]:
    found = references(frozenset(mapper.tables), rule)
    return frozenset(_name_of(mapper, e.column) for _, c in found for e in c.elements)


def references(tables: frozenset[Any], rule: str) -> list[tuple[Mapper[Any], ForeignKeyConstraint]]:
    """Return the foreign keys to one of *tables* that make the database itself change rows, with their mappers."""
    return [
        (mapper, constraint)
        for mapper in registry.audited_mappers()
        if mapper.local_table is not None and not mapper.concrete
        for constraint in sorted(getattr(mapper.local_table, "foreign_key_constraints", ()), key=_columns)
        if constraint.referred_table in tables
        and (getattr(constraint, rule) or "").upper() in _ACTIVE
        and not (mapper.inherits is not None and constraint.referred_table in mapper.inherits.tables)
        and (mapper.inherits is None or mapper.local_table is not mapper.inherits.local_table)
    ]


def _columns(constraint: ForeignKeyConstraint) -> list[str]:
    return list(constraint.column_keys)


def _name_of(mapper: Mapper[Any], column: Any) -> str:  # noqa: ANN401 - a column
    return str(mapper.get_property_by_column(column).key)
