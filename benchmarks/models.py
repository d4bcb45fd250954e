"""Projects and keys, the same for every variant; ids are made in Python, as Erebus makes them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from ulid import ULID


class Models(NamedTuple):
    """The two classes of a variant, and the base that they are mapped on."""

    base: type[DeclarativeBase]
    project: type[Any]
    key: type[Any]


def declare(base: type[DeclarativeBase], **attributes: object) -> Models:
    """Map a project and a key on *base*; *attributes* are what a variant wants to see on both classes."""
    marks = type("Marks", (), attributes)

    class Project(marks, base):  # type: ignore[misc, valid-type]
        __tablename__ = "projects"
        id: Mapped[str] = mapped_column(String(40), primary_key=True)
        title: Mapped[str] = mapped_column(String(100))
        region: Mapped[str] = mapped_column(String(16), default="eu")
        status: Mapped[str] = mapped_column(String(16), default="active")
        webhook_url: Mapped[str | None] = mapped_column(String(500))

    class ApiKey(marks, base):  # type: ignore[misc, valid-type]
        __tablename__ = "api_keys"
        id: Mapped[str] = mapped_column(String(40), primary_key=True)
        project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
        label: Mapped[str] = mapped_column(String(100))
        environment: Mapped[str] = mapped_column(String(16), default="production")
        status: Mapped[str] = mapped_column(String(16), default="active")
        prefix: Mapped[str] = mapped_column(String(6), default="sk-er-")
        digest: Mapped[str] = mapped_column(String(64))
        project: Mapped[Project] = relationship(Project)

    return Models(base, Project, ApiKey)


def new_project(models: Models, number: int) -> Any:  # noqa: ANN401 - one of the classes made above
    """Return a project that is in no session."""
    return models.project(id=f"proj_{ULID()}", title=f"Project {number}", region="eu", status="active")


def new_key(models: Models, project_id: str, number: int) -> Any:  # noqa: ANN401 - one of the classes made above
    """Return a key that is in no session."""
    return models.key(
        id=f"key_{ULID()}",
        project_id=project_id,
        label=f"Key {number}",
        environment="production",
        status="active",
        prefix="sk-er-",
        digest=f"{number:064x}",
    )
