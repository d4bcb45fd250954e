"""Models whose values are hard to tell: types, keys, defaults, inheritance."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, DateTime, Float, ForeignKey, Numeric, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, composite, mapped_column, validates

from erebus import trail
from erebus.db import Timestamp
from tests.trail.conftest import Base


@dataclasses.dataclass
class Point:
    """Where something lies."""

    x: int
    y: int


class Sample(Base):
    """A row with a column of each odd kind."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("sample_label", name="uq_samples_label"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column("sample_label", String(50))
    number: Mapped[int] = mapped_column(default=7)
    state: Mapped[str] = mapped_column(server_default="new")
    made_at: Mapped[datetime | None] = mapped_column(DateTime, server_default=func.now())
    data: Mapped[Any | None] = mapped_column(JSON)
    moment: Mapped[datetime | None] = mapped_column(Timestamp)
    weight: Mapped[float | None] = mapped_column(Float)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    body: Mapped[str | None] = mapped_column(Text)
    token: Mapped[str | None] = mapped_column("token_column")
    x: Mapped[int | None]
    y: Mapped[int | None]
    where: Mapped[Point] = composite("x", "y")

    @validates("number")
    def _count(self, _name: str, number: int) -> int:
        if number < 0:
            message = "below nothing"
            raise ValueError(message)
        return number


class Country(Base):
    """Its key is a name of this world, which may change."""

    __tablename__ = "countries"
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str]


class Seat(Base):
    """Its key has two parts."""

    __tablename__ = "seats"
    row: Mapped[str] = mapped_column(String(2), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None]


class Paper(Base):
    """Two may not write over each other."""

    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    revision: Mapped[int] = mapped_column(nullable=False)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - as SQLAlchemy documents it


class Employee(Base):
    """The upper table of two."""

    __tablename__ = "employees"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}  # noqa: RUF012 - the same


class Engineer(Employee):
    """The lower one."""

    __tablename__ = "engineers"
    id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    language: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "engineer"}  # noqa: RUF012 - the same


class Marked:
    """What is mixed in is described, whatever is mapped with it later."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


trail.describe(Marked, trail.AuditDescription(entity_type="marked", label=lambda m: m.title, recorded=("title",)))


class Poster(Marked, Base):
    """Mapped when the mixin had its description already."""

    __tablename__ = "posters"


SAMPLE = ("label", "number", "state", "data", "moment", "weight", "price", "body", "x", "y")
trail.describe(
    Sample,
    trail.AuditDescription(
        entity_type="sample", label=lambda s: s.label or "", recorded=SAMPLE, secret=("token",), ignored=("made_at",)
    ),
)
trail.describe(
    Country, trail.AuditDescription(entity_type="country", label=lambda c: c.name, recorded=("code", "name"))
)
trail.describe(
    Seat, trail.AuditDescription(entity_type="seat", label=lambda s: s.note or "", recorded=("row", "number", "note"))
)
trail.describe(Paper, trail.AuditDescription(entity_type="paper", label=lambda p: p.title, recorded=("title",)))
trail.describe(Employee, trail.AuditDescription(entity_type="employee", label=lambda e: e.name, recorded=("name",)))
trail.describe(
    Engineer,
    trail.AuditDescription(entity_type="engineer", label=lambda e: e.name, recorded=("name", "language")),
)
