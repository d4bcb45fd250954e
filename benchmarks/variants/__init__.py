"""Ways to audit the same work, one a module: each has ``install(engine)``, which gives a `Variant`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from benchmarks.models import Models


def _says_nothing(session: Session, action: str, entity: Any, before: dict[str, Any]) -> None:  # noqa: ANN401
    """Write no line by hand: the variant sees the change by itself, or not at all."""


@dataclass(frozen=True)
class Variant:
    """The classes to work with, and what a view has to do by hand for each change: session, action, entity, before."""

    models: Models
    tell: Callable[[Session, str, Any, dict[str, Any]], None] = _says_nothing
