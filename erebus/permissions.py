"""Who may do what: roles, permission names, and the marks that tell which permission a page asks for.

Permissions are named ``scope:resource:action``. A feature declares its own and hands them over in its `Plugin`; the
least role that has each is part of the declaration, so that all of them together are the one table. Views are only
marked here. The gate in `erebus.http` reads the mark before the view runs: a page without one cannot be reached.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erebus.trail import Refused

    View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"


class Role(enum.StrEnum):
    """What somebody is in a project; each includes the ones before it (``product.md``, *People*)."""

    SUPPORT = "support"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"

    def includes(self, other: Role) -> bool:
        """Return whether this role may all that *other* may."""
        return _ORDER[self] >= _ORDER[other]


_ORDER = {role: rank for rank, role in enumerate(Role)}


class Standing(enum.StrEnum):
    """What somebody is in the installation, whatever the project."""

    USER = "user"
    PLATFORM_ADMIN = "platform admin"


@dataclass(frozen=True)
class Permission:
    """One thing that can be allowed: its name, the least that one must be, and what it allows, in words.

    *denied* makes, from the project, the address's parts and the form, the `Refused` that the log keeps when somebody
    without the permission tries the change. A permission to read has none.
    """

    name: str
    least: Role | Standing
    allows: str
    denied: Callable[[Any, Mapping[str, Any], Mapping[str, str]], Refused] | None = None


def public(view: View) -> View:
    """Mark *view* as open to everybody, signed in or not."""
    view.erebus_permission = PUBLIC  # type: ignore[attr-defined]  # a mark on a function
    return view


def requires(name: str) -> Callable[[View], View]:
    """Mark a view with the *name* of the permission that it asks for."""

    def mark(view: View) -> View:
        view.erebus_permission = name  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def mark_of(view: object) -> str | None:
    """Return the permission that *view* is marked with, `PUBLIC`, or None for a view without a mark."""
    mark = getattr(view, "erebus_permission", None)
    return mark if isinstance(mark, str) else None
