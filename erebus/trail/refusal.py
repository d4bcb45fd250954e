"""A rule of a feature does not allow a change: what the services raise, and what a constraint is mapped to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Refused(Exception):  # noqa: N818 - subclasses are named after what happened: KeyIsRevoked
    """A rule of a feature does not allow a change. Its text says why, and what to do instead.

    *entity* is the object that was to be changed, or, of a refused creation, one that was never added to a session;
    *attempted* the values that its fields were to get; *field* the form field that the text belongs to.
    """

    def __init__(
        self,
        entity: object,
        attempted: Mapping[str, Any],
        *,
        reason: str,
        action: str = "update",
        field: str | None = None,
    ) -> None:
        """Keep what was tried."""
        super().__init__(reason)
        self.entity = entity
        self.attempted = dict(attempted)
        self.reason = reason
        self.action = action
        self.field = field


@dataclass(frozen=True)
class Rule:
    """The rule behind a constraint: the refusal to raise, its text for the entity, and the form field it belongs to."""

    refusal: type[Refused]
    reason: Callable[[Any], str]
    field: str | None = None

    def refuse(self, entity: object, attempted: Mapping[str, Any], action: str) -> Refused:
        """Return the refusal of what was *attempted* with *entity*."""
        return self.refusal(entity, attempted, reason=self.reason(entity), action=action, field=self.field)
