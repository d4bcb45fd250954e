"""The oracle: what the log says, replayed from nothing, is what the tables hold, and the log is whole.

It asks the mappers, the descriptions and the database, not the code that captures; values are compared in the form in
which the log keeps them. What is secret, unrecorded or cut is not compared.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import RelationshipDirection

from erebus import trail
from erebus.trail import registry
from erebus.trail.changes import entity_id
from erebus.trail.values import one_line, recordable
from tests.trail import collecting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import InstanceState, Mapper, RelationshipProperty

    from erebus.trail.events import AuditLog
    from tests.trail.collecting import Collected

Entity = tuple[str, str]
"""The type of an entity and its id, as the log names them."""
UNKNOWN = object()
"""In the place of a value that the log does not keep."""


def check(engine: Engine, *, is_replayed: bool = True, mappers: list[Mapper[Any]] | None = None) -> None:
    """Hold the log of *engine* against itself, and unless *is_replayed* is false against the tables.

    Looked at are the tables of *mappers*, or of all audited mappers whose tables there are.
    """
    events = collecting.committed(engine)
    with engine.connect() as connection:
        faults = [*faults_of_logs(connection, events)]
        if is_replayed:
            faults += faults_of_rows(connection, events, mappers)
    assert not faults, "the oracle found:\n" + "\n".join(faults)


# The logs


def faults_of_logs(connection: Connection, events: Iterable[Collected]) -> Iterator[str]:
    """What is wrong with the numbers, the times, the chains and the rings."""
    by_log: dict[str, list[Collected]] = defaultdict(list)
    for event in events:
        by_log[event.log_id].append(event)
    for log_id in sorted({*by_log, *trail.log_ids(connection)}):
        log = trail.read_log(connection, log_id)
        if log is None:
            yield f"log {log_id} is gone"
            continue
        found = [*_faults_of_numbers(log, by_log[log_id]), *_faults_of_ring(log, by_log[log_id])]
        found += [f"{f}" for f in [trail.verify(connection, log).finding] if f]
        yield from (f"log {log_id}: {fault}" for fault in found)


def _faults_of_numbers(log: AuditLog, events: list[Collected]) -> Iterator[str]:
    numbers = sorted(event.number for event in events)
    if numbers != list(range(1, log.head_number + 1)):
        yield f"the numbers appended are {numbers}, the head is {log.head_number}"
    times = [event.time for event in sorted(events, key=lambda event: event.number)]
    if times != sorted(times):
        yield f"times fall: {times}"


def _faults_of_ring(log: AuditLog, events: list[Collected]) -> Iterator[str]:
    kept = [event.number for event in log.events]
    room = min(log.capacity, log.head_number - log.seam_number)
    if kept != [log.head_number - i for i in range(room)]:
        yield f"the ring of {log.capacity} holds {kept}, the head is {log.head_number}"
    if log.seam_number and not any(event.content["entity_type"] == "audit_log" for event in events):
        yield f"nothing below {log.seam_number + 1} is kept, and the capacity never changed"
    appended = {event.number: event for event in events}
    for event in log.events:
        given = appended.get(event.number)
        if given and (given.time, given.content) != (event.created_at, _content(event, given.content)):
            yield f"event {event.number} is not what was appended"


def _content(event: trail.AuditEvent, names: Iterable[str]) -> dict[str, Any]:
    stored = event.content()
    return {name: stored[name] for name in names}


# The rows


def faults_of_rows(
    connection: Connection, events: Iterable[Collected], mappers: list[Mapper[Any]] | None = None
) -> Iterator[str]:
    """What differs between the tables and a replay of the successful events."""
    mappers = mappers or _mappers_in(connection)
    replay = Replay(mappers)
    told = [event for event in events if event.content["status"]]
    while told:
        event = told.pop(0)
        if _entity(event) in replay.entities and (room := _making_room(event, told)):
            told.remove(room)
            replay.take(room)
        replay.take(event)
    yield from replay.faults
    stored = _stored(connection, mappers)
    for entity in sorted({*stored, *replay.entities}):
        yield from _compare(entity, replay.entities.get(entity), stored.get(entity))


def _making_room(event: Collected, later: list[Collected]) -> Collected | None:
    """The deletion of what had the key of *event*, a creation, where it is told in another log: one is written first.

    SQLite gives the id of a deleted row to a new one, in one transaction as well.
    """
    if event.content["action"] != "create":
        return None
    following = next((e for e in later if _entity(e) == _entity(event)), None)
    if following is None or following.content["action"] != "delete" or following.log_id == event.log_id:
        return None
    return following if following.time == event.time else None


def _entity(event: Collected) -> Entity:
    return event.content["entity_type"], event.content["entity_id"]


def _compare(entity: Entity, replayed: dict[str, Any] | None, stored: dict[str, Any] | None) -> Iterator[str]:
    name = " ".join(entity)
    if replayed is None or stored is None:
        yield f"{name}: {'in no event' if replayed is None else 'in no row'}"
        return
    for field, value in stored.items():
        told = _value(replayed, field)
        if told is not UNKNOWN and not _is_same(told, value):
            yield f"{name}: {field} is {value!r}, by the log {told!r}"


def _value(held: dict[str, Any], field: str) -> Any:
    return held[field] if isinstance(held, defaultdict) else held.get(field)


def _is_same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


class Replay:
    """The entities as the events told so far leave them; *faults* are what contradicts an earlier one."""

    def __init__(self, mappers: Iterable[Mapper[Any]]) -> None:
        self.keys: dict[str, list[str]] = {}
        self.links: dict[str, list[str]] = {}
        self.tables: dict[str, set[str]] = defaultdict(set)
        for mapper in mappers:
            key = [mapper.get_property_by_column(c).key for c in mapper.primary_key]
            self.keys.setdefault(type_of(mapper), key)
            for table in mapper.tables:
                self.tables[table.description].add(type_of(mapper))
            self.links.setdefault(type_of(mapper), [link.key for link in _recorded_links(mapper)])
        self.entities: dict[Entity, dict[str, Any]] = {}
        self.faults: list[str] = []

    def take(self, event: Collected) -> None:
        """Do again what *event* tells."""
        content = event.content
        if content["entity_type"] == "table":
            self._lose_sight(content["entity_id"].split(", "))
        if content["entity_type"] not in self.keys:
            return
        changes = [c for c in json.loads(content["changes"]) if "hidden" not in c]
        entity = _entity(event)
        place = f"{event.log_id} {event.number}: {content['action']} {' '.join(entity)}"
        self._begin(content["action"], place, entity, changes)
        held = self.entities.setdefault(entity, {})
        for change in changes:
            before = None if content["action"] == "create" else _value(held, change["field"])
            told = change["before"]
            if before is not UNKNOWN and not change.get("cut") and not _is_same(before, told):
                self.faults.append(f"{place}: {change['field']} was {before!r}, and is told to have been {told!r}")
            held[change["field"]] = UNKNOWN if change.get("cut") else change["after"]
        if content["action"] == "delete":
            left = {k: v for k, v in self.entities.pop(entity).items() if v not in {None, "", UNKNOWN}}
            if left:
                self.faults.append(f"{place}: does not tell that it had {left}")

    def _lose_sight(self, tables: list[str]) -> None:
        """Know no more what the rows of *tables* hold: they were changed past the log, and it says so."""
        types = {kind for table in tables for kind in self.tables[table]}
        for entity in [e for e in self.entities if e[0] in types]:
            self.entities[entity] = defaultdict(lambda: UNKNOWN)

    def _begin(self, action: str, place: str, entity: Entity, changes: list[dict[str, Any]]) -> None:
        if action == "create":
            if entity in self.entities:
                self.faults.append(f"{place}: is there already")
            self.entities[entity] = dict.fromkeys(self.links[entity[0]], "")
            return
        old = self._former(entity, changes)
        if old not in self.entities:
            self.faults.append(f"{place}: is not there")
        elif old != entity and entity in self.entities and action == "update":
            self.faults.append(f"{place}: takes the place of another")
        else:
            self.entities[entity] = self.entities.pop(old)

    def _former(self, entity: Entity, changes: list[dict[str, Any]]) -> Entity:
        """The name that the entity had before its primary key changed, if it did."""
        key, parts = self.keys[entity[0]], entity[1].split(",")
        before = {c["field"]: c["before"] for c in changes if c["after"] is not None}
        if len(key) != len(parts):
            return entity
        return entity[0], entity_id(tuple(before.get(n, p) for n, p in zip(key, parts, strict=True)))


def type_of(mapper: Mapper[Any]) -> str:
    return registry.description_of(mapper.class_).entity_type


def _mappers_in(connection: Connection) -> list[Mapper[Any]]:
    """The audited mappers whose tables are in this database, with all their columns."""
    inspector = inspect(connection)
    columns = {t: {c["name"] for c in inspector.get_columns(t)} for t in inspector.get_table_names()}
    return [
        mapper
        for mapper in registry.audited_mappers()
        if all({c.name for c in table.columns} <= columns.get(str(table.name), set()) for table in mapper.tables)
    ]


def _stored(connection: Connection, mappers: list[Mapper[Any]]) -> dict[Entity, dict[str, Any]]:
    """The recorded fields of every row, by the class that it belongs to: the most derived one that has it."""
    stored: dict[Entity, dict[str, Any]] = {}
    for mapper in sorted(mappers, key=lambda m: len(list(m.iterate_to_root())), reverse=True):
        below = {type_of(m) for m in mapper.self_and_descendants}
        for key, row in _rows(connection, mapper):
            name = one_line(entity_id(key), 200)
            if not any((kind, name) in stored for kind in below):
                stored[type_of(mapper), name] = row
    return stored


def _rows(connection: Connection, mapper: Mapper[Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    recorded = registry.description_of(mapper.class_).recorded
    columns = {n: mapper.columns[n] for n in recorded if n in mapper.columns}
    told = {link.key: _linked(connection, link) for link in _recorded_links(mapper)}
    width = len(mapper.primary_key)
    selected = select(*mapper.primary_key, *columns.values()).select_from(mapper.persist_selectable)
    if mapper.single:
        identities = [m.polymorphic_identity for m in mapper.self_and_descendants]
        selected = selected.where(mapper.polymorphic_on.in_(identities))
    for row in connection.execute(selected):
        key = tuple(row)[:width]
        values = {n: recordable(v) for n, v in zip(columns, tuple(row)[width:], strict=True)}
        yield key, {**values, **{name: found.get(key, "") for name, found in told.items()}}


def changes_links(target: object) -> bool:
    """Whether links of *target* that are told are going to change, or to be set to what they are."""
    state: InstanceState[Any] = inspect(target)
    return any(link.key in state.committed_state for link in _recorded_links(state.mapper))


def _recorded_links(mapper: Mapper[Any]) -> list[RelationshipProperty[Any]]:
    recorded = registry.description_of(mapper.class_).recorded
    return [r for r in mapper.relationships if r.key in recorded and r.direction is RelationshipDirection.MANYTOMANY]


def _linked(connection: Connection, link: RelationshipProperty[Any]) -> dict[tuple[Any, ...], str]:
    """What *link* leads to, by the key of the entity that it leads from: links are to primary keys here."""
    here = [remote for _local, remote in link.synchronize_pairs]
    there = [remote for _local, remote in link.secondary_synchronize_pairs or ()]
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for row in connection.execute(select(*here, *there)):
        found[tuple(row)[: len(here)]].append(",".join(str(part) for part in tuple(row)[len(here) :]))
    return {key: ", ".join(sorted(ids)) for key, ids in found.items()}
