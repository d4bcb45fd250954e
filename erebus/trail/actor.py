"""Who is acting: a user, an API key, the system, or nobody known, as they were at that moment."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ActorKind(enum.StrEnum):
    """What kind of actor it is."""

    USER = "user"
    KEY = "key"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Actor:
    """Who acts, with the name and the image that they have now, and from where.

    *id* is ``user_…``, ``key_…``, ``system`` or ``anonymous`` (``product.md``, *What each action is called*);
    *image* the SHA-256 of a profile image, in hexadecimal digits.
    """

    kind: ActorKind
    id: str
    name: str
    image: str | None = None
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM, "system", "System")
NOBODY = Actor(ActorKind.ANONYMOUS, "anonymous", "Somebody")

_acting: ContextVar[Actor | None] = ContextVar("erebus_actor", default=None)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Attribute what is committed in the block to *actor*; put it around the transaction, not into it."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def current_actor() -> Actor | None:
    """Return the actor of the innermost `acting_as`, or None outside of any."""
    return _acting.get()
