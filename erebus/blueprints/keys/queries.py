"""What the pages of keys read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.db import db

if TYPE_CHECKING:
    import enum
    from collections.abc import Mapping, Sequence
    from typing import TypeVar

    from erebus.blueprints.projects.models import Project

    Choice = TypeVar("Choice", bound=enum.Enum)

PAGE_SIZE = 25


_COUNT = select(func.count()).where(ApiKey.project_id == bindparam("project"))


@dataclass(frozen=True)
class KeyFilter:
    """Which keys a list shows; None is any. *text* is in the label, or in what may be seen of the secret."""

    text: str = ""
    status: KeyStatus | None = None
    environment: Environment | None = None
    is_dormant: bool = False

    @property
    def is_active(self) -> bool:
        """Whether anything is left out."""
        return self != KeyFilter()

    @property
    def arguments(self) -> dict[str, Any]:
        """The filter as an address has it."""
        dormant = "1" if self.is_dormant else ""
        chosen = {"q": self.text, "status": self.status, "environment": self.environment, "dormant": dormant}
        return {name: str(value) for name, value in chosen.items() if value}

    def lets_through(self, key: ApiKey, dormant_days: int) -> bool:
        """Return whether the list shows *key*, as far as its text and its use go."""
        seen = f"{key.label} {key.prefix}…{key.last_four}".casefold()
        return self.text.casefold() in seen and (not self.is_dormant or key.is_dormant(dormant_days))


@dataclass(frozen=True)
class Page:
    """Up to `PAGE_SIZE` keys, newest first, of *matched*; *older* is the last one's id if more follow."""

    keys: Sequence[ApiKey]
    matched: int
    older: str | None


def read_filter(arguments: Mapping[str, str]) -> KeyFilter:
    """Return the filter that an address asks for; what is no value of a filter is left aside."""
    return KeyFilter(
        text=arguments.get("q", "").strip(),
        status=_choice(KeyStatus, arguments.get("status")),
        environment=_choice(Environment, arguments.get("environment")),
        is_dormant=arguments.get("dormant") == "1",
    )


def find_keys(project: Project, wanted: KeyFilter, dormant_days: int, before: str = "") -> Page:
    """Return the keys of *project* that *wanted* lets through: the newest, or those after the key *before*."""
    statement = select(ApiKey).where(ApiKey.project_id == project.id).options(joinedload(ApiKey.created_by))
    if wanted.status:
        statement = statement.where(ApiKey.status == wanted.status)
    if wanted.environment:
        statement = statement.where(ApiKey.environment == wanted.environment)
    found = db.session.scalars(statement.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()))
    keys = [key for key in found if wanted.lets_through(key, dormant_days)]
    first = next((place for place, key in enumerate(keys, 1) if key.id == before), 0)
    shown = keys[first : first + PAGE_SIZE]
    return Page(shown, len(keys), shown[-1].id if first + PAGE_SIZE < len(keys) else None)


def find_key(project: Project, key_id: str) -> ApiKey | None:
    """Return the key of *project* with the id *key_id*, if there is one."""
    return db.session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.project_id == project.id))


def count_keys(project: Project) -> int:
    """Return how many keys *project* has, whatever their status."""
    return db.session.scalar(_COUNT, {"project": project.id}) or 0


def _choice(kind: type[Choice], text: str | None) -> Choice | None:
    return next((member for member in kind if member.value == text), None)
