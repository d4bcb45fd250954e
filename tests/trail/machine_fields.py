"""The kinds of fields of the machine's models: each lies in a column of its own type, and takes a few odd values."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Uuid,
)
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy
    from sqlalchemy.orm import MappedColumn

START = 1_800_000_000_000
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


class Clock:
    """A clock that is put forward and back; milliseconds since 1970."""

    now = START

    def __call__(self) -> int:
        return self.now


clock = Clock()


class Mood(enum.StrEnum):
    CALM = "calm"
    CROSS = "cross"


class Lowered(TypeDecorator[str]):
    """Gives back something else than it was given."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value.lower() if value is not None else None


class Point(NamedTuple):
    """Two columns that are one attribute."""

    x: int | None
    y: int | None

    def __composite_values__(self) -> tuple[int | None, int | None]:
        return (self.x, self.y)


@dataclass(frozen=True)
class Kind:
    """A kind of field: what its column is made of, and what it may be set to (None: the database alone sets it)."""

    type: Callable[[], Any]
    values: SearchStrategy[Any] | None
    arguments: dict[str, Any] = field(default_factory=dict)

    def column(self, name: str) -> MappedColumn[Any]:
        return mapped_column(name, self.type(), **{"nullable": True, **self.arguments})


def _one_of(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


_mappings = st.sampled_from([{}, {"a": 1}, {"a": True}, {"a": 1.0}, {"b": [1, None]}]).map(dict)
KINDS: dict[str, Kind] = {
    "words": Kind(lambda: String(20), _one_of(None, "", "x", "y\n", "é\u202e")),
    "story": Kind(Text, _one_of(None, "z" * 2001, "z" * 2000 + "y", "short"), {"deferred": True}),
    "amount": Kind(Integer, _one_of(None, -1, 0, 1)),
    "large": Kind(BigInteger, _one_of(None, 2**53, 2**53 + 1, -(2**62))),
    "truth": Kind(Boolean, _one_of(None, True, False)),
    "mood": Kind(lambda: Enum(Mood, native_enum=False, length=10), _one_of(*Mood), {"default": Mood.CALM}),
    "price": Kind(lambda: Numeric(10, 2), _one_of(None, Decimal(0), Decimal("1.5"), Decimal("1.50"), Decimal("2.005"))),
    "ratio": Kind(Float, _one_of(None, 0.1, 0.5, 1e300)),
    "seen": Kind(
        lambda: DateTime(timezone=True), _one_of(None, NOON, NOON.astimezone(dt.timezone(dt.timedelta(hours=1))))
    ),
    "naive": Kind(DateTime, _one_of(None, NOON.replace(tzinfo=None), dt.datetime(1, 1, 1, 0, 0, 0, 1))),  # noqa: DTZ001 - a moment without a zone is what it is about
    "day": Kind(Date, _one_of(None, dt.date(2026, 1, 1), dt.date(1, 1, 1))),
    "token": Kind(Uuid, _one_of(None, uuid.UUID(int=1), uuid.UUID(int=2))),
    "raw": Kind(LargeBinary, _one_of(None, b"", b"\x00\xff")),
    "document": Kind(JSON, _one_of(None, JSON.NULL, "x", 1.5, 0, False) | _mappings | st.builds(list)),
    "options": Kind(lambda: MutableDict.as_mutable(JSON()), st.none() | _mappings),
    "padded": Kind(lambda: CHAR(4), _one_of(None, "", "ab", "ab  ")),
    "lowered": Kind(lambda: Lowered(20), _one_of(None, "AB", "ab", "aB")),
    "given": Kind(lambda: String(20), _one_of(None, "x"), {"server_default": "made"}),
    "touched": Kind(BigInteger, None, {"default": clock, "onupdate": clock}),
}
DECK = tuple(KINDS)
"""The names of the kinds, which are the names of the fields."""
