"""What a mapped object holds of its row, and what has to be read from the database because it holds it not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select
from sqlalchemy.sql import ClauseElement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper


@dataclass(frozen=True)
class Held:
    """The values of an object's columns as far as they are known, before its changes and after."""

    before: dict[str, Any]
    after: dict[str, Any]


def column_values(target: object) -> Held:
    """Return what *target* holds, without reading anything: a value that is not loaded is left out."""
    state = inspect(target)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.deleted:
            before[attribute.key] = history.deleted[0]
        elif history.unchanged:
            before[attribute.key] = history.unchanged[0]
        if attribute.key in state.dict and not isinstance(state.dict[attribute.key], ClauseElement):
            after[attribute.key] = state.dict[attribute.key]
    return Held(before, after)


def fetch(mapper: Mapper[Any], connection: Connection, target: object) -> dict[str, Any]:
    """Return the values of all columns as they stand after a flush, read where the object does not hold them."""
    held = column_values(target).after
    if len(held) == len(mapper.column_attrs):
        return held
    return {**read_row(mapper, connection, target), **held}


def read_row(mapper: Mapper[Any], connection: Connection, target: object) -> dict[str, Any]:
    """Return the row of *target* as the database has it now; empty if it is gone."""
    columns = {a.key: a.columns[0] for a in mapper.column_attrs}
    keys = zip(mapper.primary_key, identity_of(mapper, target), strict=True)
    row = connection.execute(select(*columns.values()).where(*(c == v for c, v in keys))).first()
    return dict(zip(columns, row, strict=True)) if row else {}


def identity_of(mapper: Mapper[Any], target: object) -> tuple[Any, ...]:
    """Return the primary key of *target*: that of its row, or the one that it is going to have."""
    state = inspect(target)
    return tuple(state.identity or mapper.primary_key_from_instance(target))
