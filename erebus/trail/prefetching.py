"""What a flush is going to write is read before it writes anything: rows that are not known, links, and who loses one.

Then still, for many-to-many links go before the mapper announces anything, and then all at once: one statement a class
and 500 rows. Where the objects are known to hold what their rows do, and all of it, there is none.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from erebus.trail import registry
from erebus.trail.cascading import linked
from erebus.trail.changes import is_same
from erebus.trail.connections import hold_reads, holds_reads, write
from erebus.trail.freshness import Freshness
from erebus.trail.links import far_names, leading_to, near_end, read_links
from erebus.trail.rows import known_before, read_rows
from erebus.trail.shapes import scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import InstanceState, Mapper, Session

    from erebus.trail.buffer import Buffer
    from erebus.trail.rows import Key, Row

    State = InstanceState[Any]


def prefetch(session: Session, buffer: Buffer) -> None:
    """Read what has to be known before the flush that *buffer* expects; nothing of it has been written yet."""
    by_mapper: dict[Mapper[Any], dict[State, bool]] = defaultdict(dict)
    for state, (is_deleted, is_only_listed) in buffer.unit_of_work.states.items():
        if state.key is not None and not is_only_listed and not registry.is_exempt(state.class_):
            by_mapper[state.mapper][state] = is_deleted
    connections = {m: session.connection(bind_arguments={"mapper": m}) for m in by_mapper}
    for mapper in sorted(by_mapper, key=lambda m: str(m.persist_selectable)):  # two flushes lock in one order
        if write(buffer, connections[mapper]):
            buffer.freshness = Freshness()
        _prefetch_rows(buffer, mapper, connections[mapper], by_mapper[mapper])
        _prefetch_links(buffer, mapper, connections[mapper], by_mapper[mapper])
    for mapper, states in by_mapper.items():
        if leading_to(mapper):
            _prefetch_owners(buffer, mapper, connections[mapper], states)


# Rows


def _prefetch_rows(buffer: Buffer, mapper: Mapper[Any], connection: Connection, states: dict[State, bool]) -> None:
    are_reads_held, lacking = holds_reads(connection), {}
    for state, is_deleted in states.items():
        if is_deleted or is_written(state):
            held = _held(buffer, state, is_deleted=is_deleted, are_reads_held=are_reads_held)
            if held is None:
                lacking[state] = _key(state)
            else:
                buffer.freshness.held[state] = held
    rows = _read(mapper, connection, lacking.values()) if lacking else {}
    for state, key in lacking.items():
        if key in rows:
            buffer.ahead.rows[state] = rows[key]
            if not differing(state, rows[key]):
                buffer.freshness.know(state)


def _held(buffer: Buffer, state: State, *, is_deleted: bool, are_reads_held: bool) -> Row | None:
    """Return what *state* held before its changes, if that is all that must be known of its row; else None."""
    if not buffer.freshness.is_fresh(state, are_reads_held=are_reads_held):
        return None
    scope = scope_of(state.mapper)
    held = known_before(state, scope.shape.columns)
    if len(held) == len(scope.shape.columns):
        return held
    if is_deleted:
        return None
    is_known = held.keys() >= scope.wanted and all(n in held for n in state.committed_state if n in scope.fields)
    return held if is_known else None


def row_of(buffer: Buffer, connection: Connection, state: State, *, is_deleted: bool) -> Row:
    """Return the row of *state* as it was before the flush: empty where the object is known to hold it, or it is gone.

    Of an object that the flush came upon by itself (an orphan) it is read now, and where the row has its key in another
    form than the object.
    """
    if state in buffer.ahead.rows:
        return dict(buffer.ahead.rows[state])
    if not is_deleted and not is_written(state):
        return {}
    if _held(buffer, state, is_deleted=is_deleted, are_reads_held=holds_reads(connection)) is not None:
        return {}
    return next(iter(_read(state.mapper, connection, [_key(state)]).values()), {})


def _read(mapper: Mapper[Any], connection: Connection, keys: Iterable[Key]) -> dict[Key, Row]:
    """Return the rows with *keys*: until the end of the transaction nobody else changes them."""
    hold_reads(connection)
    return read_rows(mapper, connection, _sorted(keys), lock=True)


def _sorted(keys: Iterable[Key]) -> list[Key]:
    try:
        return sorted(keys)
    except TypeError:  # of a type without an order: two flushes of more than 500 may then wait for each other
        return list(keys)


def is_written(state: State) -> bool:
    """Return whether the row of *state*, or its told links, may be written: not where only a list of others changed."""
    changed, scope = state.committed_state.keys(), scope_of(state.mapper)
    if not changed or scope.shape.late:
        return True
    return not changed.isdisjoint(scope.written)


def differing(state: State, row: Row) -> set[str]:
    """Return the fields of which *state* holds, or held before its changes, something else than its *row*."""
    held = known_before(state, row)
    return {n for n, value in held.items() if not is_same(value, row[n])}


# Links


def _prefetch_links(buffer: Buffer, mapper: Mapper[Any], connection: Connection, states: dict[State, bool]) -> None:
    for name in scope_of(mapper).links:
        link, columns = shape_of(mapper).links[name], shape_of(mapper).columns
        changing = [s for s, is_deleted in states.items() if is_deleted or name in s.committed_state]
        rows = {s: _row(buffer, s, columns) for s in changing}
        texts = read_links(link, connection, rows.values()) if rows else {}
        for state, row in rows.items():
            buffer.ahead.links.setdefault(state, {})[name] = texts.get(near_end(link, row), "")


def _prefetch_owners(buffer: Buffer, mapper: Mapper[Any], connection: Connection, states: dict[State, bool]) -> None:
    """Look up whose links lead to what is deleted, or gets another key."""
    names = {name for link in leading_to(mapper) for name in far_names(link)}
    leaving = [s for s, is_deleted in states.items() if is_deleted or names & s.committed_state.keys()]
    for watched in linked(connection, [(mapper, _row(buffer, s, names)) for s in leaving]):
        buffer.ahead.owners[watched.place] = connection, watched


def _row(buffer: Buffer, state: State, names: Collection[str]) -> Row:
    """Return what the row of *state* holds, its key at least."""
    key = dict(zip(shape_of(state.mapper).key, _key(state), strict=True))
    return {**known_before(state, names), **buffer.ahead.rows.get(state, {}), **key}


def _key(state: State) -> Key:
    return tuple(state.key[1]) if state.key else ()
