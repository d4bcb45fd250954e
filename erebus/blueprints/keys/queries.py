"""What the pages of keys read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.db import db

if TYPE_CHECKING:
    import enum
    from collections.abc import Mapping
    from typing import TypeVar

    from erebus.blueprints.projects.models import Project

    Choice = TypeVar("Choice", bound=enum.Enum)


_COUNT = select(func.count()).where(ApiKey.project_id == bindparam("project"))


@dataclass(frozen=True)
class KeyFilter:
    """Which keys a list shows; None is any."""

    status: KeyStatus | None = None
    environment: Environment | None = None
    is_dormant: bool = False

    @property
    def is_active(self) -> bool:
        """Whether anything is left out."""
        return self != KeyFilter()


def read_filter(arguments: Mapping[str, str]) -> KeyFilter:
    """Return the filter that an address asks for; what is no value of a filter is left aside."""
    return KeyFilter(
        status=_choice(KeyStatus, arguments.get("status")),
        environment=_choice(Environment, arguments.get("environment")),
        is_dormant=arguments.get("dormant") == "1",
    )


def find_keys(project: Project, wanted: KeyFilter, dormant_days: int) -> list[ApiKey]:
    """Return the keys of *project* that *wanted* lets through, newest first."""
    statement = select(ApiKey).where(ApiKey.project_id == project.id).options(joinedload(ApiKey.created_by))
    if wanted.status:
        statement = statement.where(ApiKey.status == wanted.status)
    if wanted.environment:
        statement = statement.where(ApiKey.environment == wanted.environment)
    keys = db.session.scalars(statement.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()))
    return [key for key in keys if not wanted.is_dormant or key.is_dormant(dormant_days)]


def find_key(project: Project, key_id: str) -> ApiKey | None:
    """Return the key of *project* with the id *key_id*, if there is one."""
    return db.session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.project_id == project.id))


def count_keys(project: Project) -> int:
    """Return how many keys *project* has, whatever their status."""
    return db.session.scalar(_COUNT, {"project": project.id}) or 0


def _choice(kind: type[Choice], text: str | None) -> Choice | None:
    return next((member for member in kind if member.value == text), None)
