"""The models of the state machine: one of each kind that an audit listener gets wrong."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, Column, DateTime, ForeignKey, Numeric, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from erebus import trail

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CAPACITY = 10
PEOPLE, THINGS = trail.Log("people", "people", CAPACITY), trail.Log("things", None, CAPACITY)


class Base(DeclarativeBase):
    """The base of the machine's models."""


class Mood(enum.StrEnum):
    CALM = "calm"
    CROSS = "cross"


labels = Table(
    "machine_labels",
    Base.metadata,
    Column("task_id", ForeignKey("machine_tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("machine_tags.id", ondelete="CASCADE"), primary_key=True),
)


class Person(Base):
    """A natural key that may change, a version, and everything that lies in a column."""

    __tablename__ = "machine_people"
    handle: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column()
    mood: Mapped[Mood] = mapped_column(default=Mood.CALM)
    balance: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    seen: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    profile: Mapped[Any] = mapped_column(JSON, nullable=True)
    password: Mapped[str | None]
    hidden: Mapped[str | None]
    visits: Mapped[int] = mapped_column(default=0)
    tasks: Mapped[list[Task]] = relationship(
        back_populates="person", cascade="all, delete-orphan", passive_updates=True
    )
    __table_args__ = (CheckConstraint("balance >= 0", name="ck_machine_people_balance"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy has it


class Task(Base):
    """Belongs to a person, goes with it, and is linked to tags."""

    __tablename__ = "machine_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int | None] = mapped_column(unique=True)
    person_handle: Mapped[str] = mapped_column(ForeignKey("machine_people.handle", onupdate="CASCADE"))
    person: Mapped[Person] = relationship(back_populates="tasks")
    tags: Mapped[list[Tag]] = relationship(secondary=labels, back_populates="tasks")
    comments: Mapped[list[Comment]] = relationship(back_populates="task", cascade="all", passive_deletes=True)

    @validates("title")
    def _is_no_swearword(self, _name: str, title: str) -> str:
        if title == "bad":
            message = "that is no title"
            raise ValueError(message)
        return title


class Tag(Base):
    __tablename__ = "machine_tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    tasks: Mapped[list[Task]] = relationship(secondary=labels, back_populates="tags")


class Comment(Base):
    """The database deletes it with its task."""

    __tablename__ = "machine_comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
    task_id: Mapped[int] = mapped_column(ForeignKey("machine_tasks.id", ondelete="CASCADE"))
    task: Mapped[Task] = relationship(back_populates="comments")


class Seat(Base):
    """A key of two columns, and a holder that the database takes away."""

    __tablename__ = "machine_seats"
    row: Mapped[str] = mapped_column(String(2), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None]
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("machine_tasks.id", ondelete="SET NULL"))


class Asset(Base):
    """The root of three tables and a class without one."""

    __tablename__ = "machine_assets"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str | None]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "asset"}  # noqa: RUF012 - as SQLAlchemy has it


class Vehicle(Asset):
    __tablename__ = "machine_vehicles"
    id: Mapped[int] = mapped_column(ForeignKey("machine_assets.id", ondelete="CASCADE"), primary_key=True)
    wheels: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "vehicle"}  # noqa: RUF012 - as SQLAlchemy has it


class Tool(Asset):
    """In the table of its base."""

    weight: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    __mapper_args__ = {"polymorphic_identity": "tool"}  # noqa: RUF012 - as SQLAlchemy has it


DESCRIPTIONS: dict[type, trail.AuditDescription] = {
    Person: trail.AuditDescription(
        entity_type="m_person",
        label=lambda person: person.handle,
        recorded=("handle", "mood", "balance", "seen", "profile"),
        secret=("password",),
        ignored=("visits",),
    ),
    Task: trail.AuditDescription(
        entity_type="m_task",
        label=lambda task: task.title,
        recorded=("id", "title", "rank", "person_handle", "tags"),
        about={"person": lambda task: task.person.handle if task.person else None},
    ),
    Tag: trail.AuditDescription(entity_type="m_tag", label=lambda tag: tag.name, recorded=("id", "name")),
    Comment: trail.AuditDescription(
        entity_type="m_comment", label=lambda comment: comment.text or "", recorded=("text", "task_id")
    ),
    Seat: trail.AuditDescription(
        entity_type="m_seat",
        label=lambda seat: f"{seat.row}{seat.number}",
        recorded=("row", "number", "note", "holder_id"),
    ),
    Asset: trail.AuditDescription(
        entity_type="m_asset", label=lambda asset: asset.name or "", recorded=("id", "kind", "name")
    ),
    Vehicle: trail.AuditDescription(
        entity_type="m_vehicle", label=lambda asset: asset.name or "", recorded=("id", "kind", "name", "wheels")
    ),
    Tool: trail.AuditDescription(
        entity_type="m_tool", label=lambda asset: asset.name or "", recorded=("id", "kind", "name", "weight")
    ),
}


class Clock:
    """A clock that is put forward and back."""

    now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


clock = Clock()


def attach() -> None:
    trail.attach(Base, main=THINGS, log_of=_log_of, actor_of=lambda: trail.SYSTEM, clock=clock)
    for model, description in DESCRIPTIONS.items():
        trail.describe(model, description)


def _log_of(entity: object, _connection: Connection) -> trail.Log:
    return PEOPLE if isinstance(entity, (Person, Task)) else THINGS
