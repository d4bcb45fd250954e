"""How the machine's families are told, to which logs they belong, and where a trap can be laid for the engine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from erebus import trail
from tests.trail.machine_families import families
from tests.trail.machine_features import Base, Family, Role
from tests.trail.machine_fields import clock

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CAPACITY = 10
PEOPLE, THINGS = trail.Log("people", "people", CAPACITY), trail.Log("things", None, CAPACITY)
HIDDEN = ("hidden",)
SECRET = ("password",)
IGNORED = ("visits",)


class TrippedError(Exception):
    """Something of the application's own went wrong, in the middle of the engine's work."""


class Tripwire:
    """Where the application's own code is going to raise: in a listener, or in a description."""

    at: str | None = None

    def cross(self, place: str) -> None:
        if self.at == place:
            raise TrippedError


tripwire = Tripwire()


def attach() -> None:
    trail.attach(Base, main=PEOPLE, log_of=_log_of, actor_of=lambda: trail.SYSTEM, clock=clock)
    for family in families():
        for name, role in family.roles.items():
            trail.describe(role.model, _description(family, name, role))


def _log_of(entity: Any, _connection: Connection) -> trail.Log:
    """Parts have a log of their own; to it belongs an item, too, while its rank is odd, if its key never changes.

    What may be changed past the log is in the log in which that is told: only so is their order known.
    """
    tripwire.cross("log")
    is_odd = hasattr(entity, "id") and (getattr(entity, "rank", None) or 0) % 2
    return THINGS if is_odd or hasattr(entity, "item") else PEOPLE


def _description(family: Family, name: str, role: Role) -> trail.AuditDescription:
    fields = [a.key for a in role.model.__mapper__.column_attrs]
    silent = {*HIDDEN, *SECRET, *IGNORED, "version"}
    side = "item" if name == "sub" else name
    is_told = {"item": family.features.links in {"item", "both"}, "tag": family.features.links in {"tag", "both"}}
    is_told["tag"] = is_told["tag"] and family.features.is_two_way
    link = {"item": "tags", "tag": "items"}.get(side, "")
    return trail.AuditDescription(
        entity_type=f"m{family.seed}_{name}",
        label=partial(_label, role),
        recorded=(*(n for n in fields if n not in silent), *([link] if is_told.get(side) else [])),
        secret=SECRET if name == "owner" else (),
        ignored=IGNORED if name == "owner" else (),
        about={"above": _above},
    )


def _label(role: Role, entity: Any) -> str:
    tripwire.cross("label")
    return " ".join(str(getattr(entity, name)) for name in role.key)


def _above(entity: Any) -> str | None:
    """What stands above the entity: to tell it may take a look at the database."""
    tripwire.cross("about")
    above = getattr(entity, "owner", None) or getattr(entity, "item", None) or getattr(entity, "boss", None)
    return type(above).__name__ if above is not None else None
