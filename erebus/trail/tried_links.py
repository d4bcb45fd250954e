"""Many-to-many links as they were to be when a transaction failed: those that were read, and what was to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import PassiveFlag, object_mapper
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.best_effort import attempt_to, leaving_idle
from erebus.trail.changes import CREATE, DELETE, UPDATE, entity_id
from erebus.trail.links import far_names, read_link
from erebus.trail.rows import Row, held_values, identity_of
from erebus.trail.shapes import scope_of, shape_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import InstanceState

    from erebus.trail.links import Link

_HELD = PassiveFlag.PASSIVE_NO_INITIALIZE | PassiveFlag.INCLUDE_PENDING_MUTATIONS


def links_tried(target: object, action: str, connection: Connection | None, known: Row) -> tuple[Row, Row]:
    """Return the told links of *target* before and after what was tried: of an update, those that were to change.

    *known* are those that were read before; others are read now, or else believed as the object holds them.
    """
    state, mapper = instance_state(target), object_mapper(target)
    changing = {*known} | state.committed_state.keys()
    before, after = {}, {}
    for name in scope_of(mapper).links:
        if action != UPDATE or name in changing:
            link = shape_of(mapper).links[name]
            text = known[name] if name in known else "" if action == CREATE else _read(link, target, connection)
            before[name], after[name] = (", ".join(sorted(ids)) for ids in _changed(state, link, text))
    if action == UPDATE:
        return before, after
    told = before if action == DELETE else after
    told = {n: ids for n, ids in told.items() if ids}
    return (told, {}) if action == DELETE else ({}, told)


def changes_links(target: object) -> bool:
    """Return whether told links of *target* were to change: also where the object has not loaded them."""
    state = instance_state(target)
    return not scope_of(state.mapper).links.isdisjoint(state.committed_state)


def ids_in(text: str) -> list[str]:
    """Return the ids that *text* tells."""
    return text.split(", ") if text else []


def _changed(state: InstanceState[Any], link: Link, text: str | None) -> tuple[list[str], list[str]]:
    """Return what *link* leads to before and after: a link that is made twice is there twice."""
    history = state.get_history(link.key, _HELD)
    added, kept, removed = ([_far_id(link, o) for o in part or () if o is not None] for part in history)
    before = [*kept, *removed] if text is None else ids_in(text)
    if not state.has_identity:  # it takes the place of a row that goes, with all its links
        return before, added
    staying = [i for i in before if i not in removed]
    return [*staying, *removed], [*staying, *added]


def _read(link: Link, target: object, connection: Connection | None) -> str | None:
    if connection is None:
        return None
    with leaving_idle(connection):
        return attempt_to(lambda: read_link(link, connection, held_row(target)), None)


def _far_id(link: Link, target: object) -> str:
    """Return how *link* refers to *target*."""
    row = held_row(target)
    values = [row.get(name) for name in far_names(link)]
    return id_of(target) if None in values else ",".join(str(value) for value in values)


def held_row(target: object) -> Row:
    """Return what *target* holds of its row, its primary key included."""
    mapper = object_mapper(target)
    held = held_values(instance_state(target), shape_of(mapper).columns)
    key = dict(zip(shape_of(mapper).key, identity_of(mapper, target), strict=True))
    return {**key, **held}


def id_of(target: object) -> str:
    """Return the primary key of *target* as the log keeps it, or that it is new."""
    model = type(target)
    return entity_id(identity_of(object_mapper(target), target)) or f"new {registry.description_of(model).entity_type}"
