"""Many-to-many links: what they lead to, and whose they are when what they lead to goes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from erebus.trail import registry
from erebus.trail.derived import derived
from erebus.trail.rows import Key, Row, holding
from erebus.trail.shapes import scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, RelationshipProperty

    Link = RelationshipProperty[Any]


def read_links(link: Link, connection: Connection, rows: Iterable[Row]) -> dict[Key, str]:
    """Return what *link* leads to from the entities with *rows*: the keys, sorted, as one text, by `near_end`."""
    here = [remote for _local, remote in link.synchronize_pairs]
    there = [remote for _local, remote in link.secondary_synchronize_pairs or ()]
    found: dict[Key, list[str]] = defaultdict(list)
    for criterion in holding(here, {near_end(link, row) for row in rows}):
        for values in connection.execute(select(*here, *there).where(criterion)):
            found[tuple(values[: len(here)])].append(",".join(str(part) for part in values[len(here) :]))
    return {key: ", ".join(sorted(keys)) for key, keys in found.items()}


def read_link(link: Link, connection: Connection, row: Row) -> str:
    """Return what *link* leads to from the entity with *row*."""
    return read_links(link, connection, [row]).get(near_end(link, row), "")


def near_end(link: Link, row: Row) -> Key:
    """Return the values by which *link* refers to the entity with *row*."""
    return tuple(row[name] for name in _names(link.parent, (local for local, _remote in link.synchronize_pairs)))


def row_between(link: Link, row: Row, far: str) -> Row:
    """Return what the row holds by which *link* leads from the entity with *row* to what it refers to as *far*."""
    names = _names(link.parent, (local for local, _remote in link.synchronize_pairs))
    here = {r.name: row[n] for n, (_l, r) in zip(names, link.synchronize_pairs, strict=True) if n in row}
    there = [remote.name for _local, remote in link.secondary_synchronize_pairs or ()]
    return {**here, **dict(zip(there, far.split(","), strict=False))}


def with_links(mapper: Mapper[Any], connection: Connection, rows: dict[Key, Row]) -> dict[Key, Row]:
    """Return *rows* of *mapper* with the many-to-many links that it tells."""
    shape, links = shape_of(mapper), {}
    for name in scope_of(mapper).links if rows else ():
        found = read_links(shape.links[name], connection, rows.values())
        links[name] = {key: found.get(near_end(shape.links[name], row), "") for key, row in rows.items()}
    return {key: {**row, **{name: found[key] for name, found in links.items()}} for key, row in rows.items()}


@derived
def leading_to(mapper: Mapper[Any]) -> tuple[Link, ...]:
    """Return the told links that lead to entities of *mapper*."""
    return tuple(
        link for link in _every_link(None) if mapper.isa(link.mapper) and link.key in scope_of(link.parent).links
    )


def far_names(link: Link) -> list[str]:
    """Return the attributes of what *link* leads to by which it refers to it."""
    return _names(link.mapper, (local for local, _remote in link.secondary_synchronize_pairs or ()))


def owners(link: Link, ends: Collection[Row]) -> Iterator[ColumnElement[bool]]:
    """Yield criteria that together find the entities from which *link* leads to those with the rows *ends*."""
    names = far_names(link)
    there = [remote for _local, remote in link.secondary_synchronize_pairs or ()]
    for criterion in holding(there, {tuple(row[name] for name in names) for row in ends}):
        linking = select(*(remote for _local, remote in link.synchronize_pairs)).where(criterion)
        yield tuple_(*(local for local, _remote in link.synchronize_pairs)).in_(linking)


def _names(mapper: Mapper[Any], columns: Iterable[Any]) -> list[str]:
    return [str(mapper.get_property_by_column(column).key) for column in columns]


@derived
def _every_link(_of_all: None) -> list[Link]:
    """Return the many-to-many relationships of the audited classes, each once."""
    return [r for m in registry.audited_mappers() for r in shape_of(m).links.values() if r.parent is m]
