"""Models with what makes an audit listener stumble: cascades of the database, links, inheritance, cycles, two logs."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, Table, UniqueConstraint, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    mapped_column,
    object_session,
    relationship,
)

from erebus import trail

CAPACITY = 50


class Base(DeclarativeBase):
    """A second base that the trail is attached to."""


task_tags = Table(
    "task_tags",
    Base.metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True),
)


class Project(Base):
    __tablename__ = "projects_of_cases"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    tasks: Mapped[list[Task]] = relationship(back_populates="project", passive_deletes=True)
    later: WriteOnlyMapped[Task] = relationship(overlaps="tasks,project,now", passive_deletes=True)
    now: DynamicMapped[Task] = relationship(overlaps="tasks,project,later", passive_deletes=True)


class User(Base):
    """Its key is natural, and what refers to it follows."""

    __tablename__ = "users_of_cases"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Task(Base):
    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("slug", name="uq_tasks_slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects_of_cases.id", ondelete="CASCADE"))
    owner_code: Mapped[str | None] = mapped_column(
        ForeignKey("users_of_cases.code", ondelete="SET NULL", onupdate="CASCADE")
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    title: Mapped[str]
    slug: Mapped[str | None]
    points: Mapped[int] = mapped_column(default=3)
    state: Mapped[str] = mapped_column(server_default="open")
    project: Mapped[Project] = relationship(back_populates="tasks", overlaps="later,now")
    owner: Mapped[User | None] = relationship(passive_deletes=True)
    children: Mapped[list[Task]] = relationship(passive_deletes=True)
    comments: Mapped[list[Comment]] = relationship(
        back_populates="task", foreign_keys="Comment.task_id", passive_deletes=True
    )
    steps: Mapped[list[Step]] = relationship(cascade="all, delete-orphan")
    tags: Mapped[list[Tag]] = relationship(secondary=task_tags, back_populates="tasks", passive_deletes=True)
    seen_tags: Mapped[list[Tag]] = relationship(secondary=task_tags, viewonly=True)
    labellings: Mapped[list[Labelling]] = relationship(cascade="all, delete-orphan")
    label_texts: AssociationProxy[list[str]] = association_proxy(
        "labellings", "label", creator=lambda text: Labelling(label=Label(text=text))
    )


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    owner_code: Mapped[str | None] = mapped_column(ForeignKey("users_of_cases.code", ondelete="CASCADE"))
    tasks: Mapped[list[Task]] = relationship(secondary=task_tags, back_populates="tags", passive_deletes=True)


class Comment(Base):
    """Its project is known through its task only."""

    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    task_slug: Mapped[str | None] = mapped_column(ForeignKey("tasks.slug", onupdate="CASCADE"))
    text: Mapped[str]
    task: Mapped[Task] = relationship(back_populates="comments", foreign_keys=task_id)


class Step(Base):
    __tablename__ = "steps"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    text: Mapped[str]


class Badge(Base):
    """Half of its key is that of a user, and follows."""

    __tablename__ = "badges"
    user_code: Mapped[str] = mapped_column(
        ForeignKey("users_of_cases.code", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    giver_code: Mapped[str | None] = mapped_column(
        ForeignKey("users_of_cases.code", onupdate="CASCADE", ondelete="SET NULL")
    )
    text: Mapped[str]


class Stripe(Base):
    """Its key follows that of a badge."""

    __tablename__ = "stripes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["code", "number"], ["badges.user_code", "badges.number"], onupdate="CASCADE", ondelete="CASCADE"
        ),
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Alias(Base):
    """Its key is a value of a task that is not the task's key."""

    __tablename__ = "aliases"
    slug: Mapped[str] = mapped_column(ForeignKey("tasks.slug", onupdate="CASCADE"), primary_key=True)
    text: Mapped[str]


class Nick(Base):
    """On SQLite its names are the same in capitals, by the rules of its indexes alone."""

    __tablename__ = "nicks"
    __table_args__ = (
        Index("uq_nicks_name", "name", unique=True).ddl_if(dialect="postgresql"),
        Index("uq_nicks_nocase", text("name COLLATE NOCASE"), unique=True).ddl_if(dialect="sqlite"),
        Index("uq_nicks_both", "kind", text("second COLLATE NOCASE"), unique=True).ddl_if(dialect="sqlite"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    kind: Mapped[int | None]
    second: Mapped[str | None]
    points: Mapped[int] = mapped_column(default=0)


class Label(Base):
    __tablename__ = "labels"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Labelling(Base):
    __tablename__ = "labellings"
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id"), primary_key=True)
    label: Mapped[Label] = relationship()


class Asset(Base):
    """One table for all kinds of it."""

    __tablename__ = "assets"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "asset"}  # noqa: RUF012 - SQLAlchemy's
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]


class Server(Asset):
    __mapper_args__ = {"polymorphic_identity": "server"}  # noqa: RUF012 - the same


class Party(Base):
    __tablename__ = "parties"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "party"}  # noqa: RUF012 - SQLAlchemy's
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]


class Person(Party):
    __tablename__ = "persons"
    __mapper_args__ = {"polymorphic_identity": "person"}  # noqa: RUF012 - the same
    id: Mapped[int] = mapped_column(ForeignKey("parties.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str | None]


class Team(Base):
    """A team and its lead, who is a member of it: neither row can be written whole before the other."""

    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", name="fk_lead"))
    lead: Mapped[Member | None] = relationship(foreign_keys=lead_id, post_update=True)
    members: Mapped[list[Member]] = relationship(foreign_keys="Member.team_id", back_populates="team")


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    team: Mapped[Team] = relationship(foreign_keys=team_id, back_populates="members")


class Odd(Base):
    """A name that has to be quoted."""

    __tablename__ = "odd -- name"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


RECORDED: dict[type, tuple[str, ...]] = {
    Project: ("name",),
    User: ("code", "name"),
    Task: ("title", "project_id", "owner_code", "parent_id", "slug", "points", "state", "tags"),
    Tag: ("text",),
    Comment: ("text", "task_id", "task_slug"),
    Step: ("text",),
    Badge: ("user_code", "number", "giver_code", "text"),
    Stripe: ("code", "number", "text"),
    Alias: ("slug", "text"),
    Nick: ("name", "kind", "second", "points"),
    Label: ("text",),
    Labelling: ("task_id", "label_id"),
    Asset: ("name",),
    Server: ("name",),
    Party: ("name",),
    Person: ("name", "role"),
    Team: ("lead_id",),
    Member: ("team_id",),
    Odd: ("text",),
}


def log_of(entity: object, connection: Connection) -> trail.Log:
    """The log of the entity's project, looked up through its task where need be."""
    name = entity.id if isinstance(entity, Project) else getattr(entity, "project_id", None)
    task_id = getattr(entity, "task_id", None)
    if name is None and task_id is not None:
        name = connection.execute(select(Task.project_id).where(Task.id == task_id)).scalar()
    return trail.Log(name, name, CAPACITY) if name else trail.Log("main", None, CAPACITY)


def label(entity: object) -> str:
    """Title or name; a step is called like its task, which is asked of the session."""
    if isinstance(entity, Step):
        session = object_session(entity)
        assert session is not None
        return str(session.scalar(select(Task.title).where(Task.id == entity.task_id)))
    return str(getattr(entity, "title", None) or getattr(entity, "name", ""))


def attach() -> None:
    """Attach the trail to the base, and describe each model by its recorded fields."""
    trail.attach(
        Base,
        main=trail.Log("main", None, CAPACITY),
        log_of=log_of,
        actor_of=lambda: trail.current_actor() or trail.SYSTEM,
        clock=lambda: 1_700_000_000_000,
    )
    for model, recorded in RECORDED.items():
        trail.describe(
            model,
            trail.AuditDescription(
                entity_type=model.__name__.lower(),
                label=label,
                recorded=recorded,
            ),
        )
