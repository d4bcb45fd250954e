"""What is special about each family of the machine's models, and what the machine knows of its classes.

Each feature is dealt from a shuffled deck of its own, so that a few families have every kind of it.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from sqlalchemy import Integer, String, Table, Uuid
from sqlalchemy.orm import DeclarativeBase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy
    from sqlalchemy.orm import Mapper

NAMES = ("red", "blue", "green")
KEYS: dict[str, dict[str, Any]] = {
    "serial": {"id": Integer},
    "natural": {"handle": lambda: String(20)},
    "pair": {"row": lambda: String(4), "number": Integer},
    "token": {"token_id": Uuid},
}
POOLS: dict[str, list[tuple[Any, ...]]] = {
    "serial": [(1,), (2,), (3,), (4,)],
    "natural": [("a",), ("b",), ("c",), ("d",)],
    "pair": [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
    "token": [(uuid.UUID(int=n),) for n in (1, 2, 3, 4)],
}
CASCADES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "orphan": (None, {"cascade": "all, delete-orphan"}),
    "passive": ("CASCADE", {"cascade": "all", "passive_deletes": True}),
    "database": ("CASCADE", {"passive_deletes": "all"}),
    "unlinked": (None, {}),
    "set null": ("SET NULL", {"passive_deletes": True}),
    "loaded": ("SET NULL", {}),
}


class Base(DeclarativeBase):
    """The base of the machine's models."""


@dataclass(frozen=True)
class Features:
    """What is special about a family."""

    owner_key: str
    item_key: str
    part_key: str
    tag_key: str
    items: str
    parts: str
    staff: str
    inheritance: str
    links: str
    is_link_cascading: bool
    is_two_way: bool
    is_versioned: bool
    is_renaming: bool
    prefix: str


def features_of(seed: int) -> Features:
    def deal(name: str, *options: Any) -> Any:
        deck = list(options)
        random.Random(name).shuffle(deck)
        return deck[seed % len(deck)] if seed < len(deck) else random.Random(f"{name} {seed}").choice(deck)

    return Features(
        **{f"{role}_key": deal(f"{role} key", *KEYS) for role in ("owner", "item", "part", "tag")},
        items=deal("items", *CASCADES),
        parts=deal("parts", *CASCADES),
        staff=deal("staff", *CASCADES),
        inheritance=deal("inheritance", "joined", "single", "none"),
        links=deal("links", "item", "tag", "both"),
        is_link_cascading=deal("link cascade", True, False),
        is_two_way=deal("two way", True, True, False),
        is_versioned=deal("version", True, False),
        is_renaming=deal("rename", True, False, True),
        prefix=deal("prefix", "", "c_"),
    )


@dataclass(frozen=True)
class Role:
    """A class of a family, and what the machine may do with it: its keys, and the values of what can be set."""

    model: Any
    pool: Sequence[tuple[Any, ...]]
    key: Sequence[str]
    columns: dict[str, SearchStrategy[Any]]
    attributes: dict[str, SearchStrategy[Any]]
    above: str = ""
    owned_by: Sequence[str] = ()

    @property
    def is_serial(self) -> bool:
        return tuple(self.key) == ("id",)

    @property
    def values(self) -> SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({}, optional={**self.columns, **self.attributes})


@dataclass(frozen=True)
class Family:
    """The classes of a family by their roles."""

    seed: int
    features: Features
    roles: dict[str, Role]
    links: Table

    @property
    def mappers(self) -> list[Mapper[Any]]:
        return [role.model.__mapper__ for role in self.roles.values()]

    @property
    def tables(self) -> list[Table]:
        """The tables, those first that refer to others."""
        own = {self.links, *(t for m in self.mappers for t in m.tables)}
        return [t for t in reversed(list(Base.metadata.tables.values())) if t in own]
