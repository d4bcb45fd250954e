"""Families of models for the state machine, each with other features: keys, cascades, inheritance, links, fields.

A family has owners, items that belong to an owner (some of a class below), parts of items, and tags that are linked to
items.
"""

from __future__ import annotations

import random
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, Column, Computed, ForeignKeyConstraint, Integer, String, Table
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.orm import composite, mapped_column, relationship, validates

from tests.trail.machine_features import CASCADES, KEYS, NAMES, POOLS, Base, Family, Role, features_of
from tests.trail.machine_fields import DECK, KINDS, Point

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

FAMILIES = 8


@cache
def families() -> tuple[Family, ...]:
    """All families, mapped once a process."""
    return tuple(_Maker(seed).make() for seed in range(FAMILIES))


class _Maker:
    """Makes one family."""

    def __init__(self, seed: int) -> None:
        self.seed, self.features = seed, features_of(seed)
        self.deck = list(DECK)
        random.Random(seed).shuffle(self.deck)
        self.roles: dict[str, Role] = {}

    def make(self) -> Family:
        self._owner()
        self._item()
        self._sub()
        self._part()
        self._tag()
        self._favourite()
        return Family(self.seed, self.features, self.roles, self._link())

    # Columns

    def _key(self, kind: str) -> dict[str, Any]:
        return {
            n: mapped_column(f"{self.features.prefix}{n}", type_(), primary_key=True, autoincrement=n == "id")
            for n, type_ in KEYS[kind].items()
        }

    def _fields(self, count: int) -> tuple[dict[str, Any], dict[str, SearchStrategy[Any]]]:
        """The next fields of the deck: their columns, and the values of those that can be set."""
        dealt, self.deck = self.deck[:count], [*self.deck[count:], *self.deck[:count]]
        columns = {n: KINDS[n].column(f"{self.features.prefix}{n}") for n in dealt}
        return columns, {n: values for n in dealt if (values := KINDS[n].values) is not None}

    def _reference(self, name: str, to: str, *, rule: str | None, **options: Any) -> tuple[dict[str, Any], Any]:
        """Columns that refer to the role *to*, which is this one or made before, and their constraint."""
        kind, table = getattr(self.features, f"{to}_key"), self._table(to)
        columns = {
            f"{name}_{n}": mapped_column(f"{self.features.prefix}{name}_{n}", type_(), **options)
            for n, type_ in KEYS[kind].items()
        }
        prefix, onupdate = self.features.prefix, "CASCADE" if self.features.is_renaming else None
        names = [f"{prefix}{n}" for n in columns]
        targets = [f"{table}.{prefix}{n}" for n in KEYS[kind]]
        is_cyclic = name == "favourite"
        constraint = ForeignKeyConstraint(
            names,
            targets,
            ondelete=rule,
            onupdate=onupdate,
            use_alter=is_cyclic,
            name=f"fk_{table}_favourite" if is_cyclic else None,
        )
        return columns, constraint

    def _table(self, role: str) -> str:
        return f"m{self.seed}_{role}s"

    def _map(self, role: str, base: type, namespace: dict[str, Any], *constraints: Any, **mapper: Any) -> Any:
        if "__tablename__" not in namespace and base is Base:
            namespace["__tablename__"] = self._table(role)
        if constraints:
            namespace["__table_args__"] = constraints
        if mapper:
            namespace["__mapper_args__"] = mapper
        return type(f"M{self.seed}{role.title()}", (base,), {"__module__": __name__, **namespace})

    # Classes

    def _owner(self) -> None:
        fields, values = self._fields(5)
        key = self._key(self.features.owner_key)
        boss, constraint = self._reference("boss", "owner", rule=CASCADES[self.features.staff][0], nullable=True)
        own = {n: mapped_column(String(20), nullable=True) for n in ("password", "hidden")}
        own["visits"] = mapped_column(Integer, default=0)
        mapper: dict[str, Any] = {}
        if self.features.is_versioned:
            own["version"] = mapper["version_id_col"] = mapped_column(Integer, nullable=False)
        self._favoured, favourite = self._reference("favourite", "item", rule="SET NULL", nullable=True)
        model = self._map(
            "owner", Base, {**key, **fields, **boss, **self._favoured, **own}, constraint, favourite, **mapper
        )
        options = CASCADES[self.features.staff][1]
        remote = [getattr(model, n) for n in key]
        model.boss = relationship(
            model, remote_side=remote, foreign_keys=[getattr(model, n) for n in boss], back_populates="staff"
        )
        model.staff = relationship(
            model, foreign_keys=[getattr(model, n) for n in boss], back_populates="boss", **_single(options)
        )
        texts = st.sampled_from([None, "x", "y"])
        values |= {"password": texts, "hidden": texts, "visits": st.integers(0, 3)}
        self._add("owner", model, key, values)

    def _item(self) -> None:
        fields, values = self._fields(4)
        key = self._key(self.features.item_key)
        rule, options = CASCADES[self.features.items]
        is_required = self.features.items in {"orphan", "passive", "database"}
        owner, constraint = self._reference("owner", "owner", rule=rule, nullable=not is_required)
        own = {
            "title": mapped_column(String(20), nullable=False, default="untitled"),
            "rank": mapped_column(Integer, unique=True),
            "x": mapped_column("at_x", Integer),
            "y": mapped_column("at_y", Integer),
            "twice": mapped_column(Integer, Computed("at_x * 2")),
            "at": composite(Point, "x", "y"),
            "_is_no_swearword": validates("title")(_is_no_swearword),
        }
        mapper: dict[str, Any] = {}
        if self.features.inheritance != "none":
            own["sort"] = mapped_column(String(10))
            mapper = {"polymorphic_on": "sort", "polymorphic_identity": "item"}
        check = CheckConstraint("rank >= 0", name=f"ck_m{self.seed}_rank")
        model = self._map("item", Base, {**key, **fields, **owner, **own}, constraint, check, **mapper)
        parent = self.roles["owner"].model
        model.owner = relationship(parent, foreign_keys=[getattr(model, n) for n in owner], back_populates="items")
        parent.items = relationship(
            model, foreign_keys=[getattr(model, n) for n in owner], back_populates="owner", **options
        )
        ranks = st.sampled_from([None, 1, 2, 3, 4, 5, -1])
        values |= {"title": st.sampled_from(["x", "y", "w", "v", "bad"]), "rank": ranks}
        points = st.builds(Point, st.sampled_from([None, 1, 2]), st.integers(1, 2))
        self._add("item", model, key, values, {"at": points}, above="owner", owned_by=tuple(owner))

    def _sub(self) -> None:
        if self.features.inheritance == "none":
            return
        fields, values = self._fields(2)
        item = self.roles["item"]
        namespace, constraints = dict(fields), []
        if self.features.inheritance == "joined":
            key, prefix = self._key(self.features.item_key), self.features.prefix
            names = [f"{prefix}{n}" for n in key]
            onupdate = "CASCADE" if self.features.is_renaming else None
            targets = [f"{self._table('item')}.{n}" for n in names]
            constraints.append(ForeignKeyConstraint(names, targets, ondelete="CASCADE", onupdate=onupdate))
            namespace |= {"__tablename__": self._table("sub"), **key}
        model = self._map("sub", item.model, namespace, *constraints, polymorphic_identity="sub")
        self.roles["sub"] = Role(
            model, item.pool, item.key, {**item.columns, **values}, item.attributes, "owner", item.owned_by
        )

    def _part(self) -> None:
        fields, values = self._fields(2)
        key = self._key(self.features.part_key)
        rule, options = CASCADES[self.features.parts]
        item, constraint = self._reference("item", "item", rule=rule, nullable=True)
        model = self._map("part", Base, {**key, **fields, **item}, constraint)
        parent = self.roles["item"].model
        model.item = relationship(parent, back_populates="parts")
        parent.parts = relationship(model, back_populates="item", **options)
        self._add("part", model, key, values, above="item", owned_by=tuple(item))

    def _tag(self) -> None:
        fields, values = self._fields(1)
        key = self._key(self.features.tag_key)
        name = {"name": mapped_column(f"{self.features.prefix}name", String(20), unique=True)}
        model = self._map("tag", Base, {**key, **fields, **name})
        self._add("tag", model, key, {**values, "name": st.sampled_from([*NAMES, None])})

    def _add(
        self,
        role: str,
        model: Any,
        key: dict[str, Any],
        columns: dict[str, SearchStrategy[Any]],
        attributes: dict[str, SearchStrategy[Any]] | None = None,
        **above: Any,
    ) -> None:
        pool = POOLS[getattr(self.features, f"{role}_key")]
        self.roles[role] = Role(model, pool, tuple(key), columns, attributes or {}, **above)

    # What refers both ways

    def _favourite(self) -> None:
        owner, item = self.roles["owner"].model, self.roles["item"].model
        columns = [getattr(owner, n) for n in self._favoured]
        owner.favourite = relationship(item, foreign_keys=columns, post_update=True)

    def _link(self) -> Table:
        item, tag = self.roles["item"].model, self.roles["tag"].model
        rules = {
            "ondelete": "CASCADE" if self.features.is_link_cascading else None,
            "onupdate": "CASCADE" if self.features.is_renaming else None,
        }
        columns, constraints = [], []
        for name, model in (("item", item), ("tag", tag)):
            own = [
                Column(f"{name}_{c.name}", c.type, primary_key=True) for c in model.__mapper__.local_table.primary_key
            ]
            columns += own
            targets = list(model.__mapper__.local_table.primary_key)
            constraints.append(ForeignKeyConstraint([c.name for c in own], targets, **rules))
        links = Table(f"m{self.seed}_links", Base.metadata, *columns, *constraints)
        other = {"back_populates": "items"} if self.features.is_two_way else {}
        item.tags = relationship(tag, secondary=links, **other)
        if self.features.is_two_way:
            tag.items = relationship(item, secondary=links, back_populates="tags")
        item.tag_names = association_proxy("tags", "name", creator=partial(_named, self.roles["tag"]))
        return links


def _single(options: dict[str, Any]) -> dict[str, Any]:
    """*options* for a class that refers to itself: an owner without a boss is no orphan."""
    return {**options, "cascade": "all"} if "orphan" in options.get("cascade", "") else options


def _named(role: Role, name: str) -> Any:
    """A new tag, whose key goes with its name."""
    key = {} if role.is_serial else dict(zip(role.key, role.pool[NAMES.index(name)], strict=True))
    return role.model(**key, name=name)


def _is_no_swearword(_target: object, _name: str, title: str) -> str:
    if title == "bad":
        message = "that is no title"
        raise ValueError(message)
    return title
