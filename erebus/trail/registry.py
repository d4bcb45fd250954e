"""What the trail is attached to, which class is told by which description, and which is not audited, and why.

One a process, like the mapped classes themselves. A class that nobody has described is audited in generic words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from erebus.trail.derived import derived, forget
from erebus.trail.description import generic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, Mapper

    from erebus.trail.actor import Actor
    from erebus.trail.description import AuditDescription
    from erebus.trail.events import Log


@dataclass(frozen=True)
class Attachment:
    """What the app tells the trail: which log an entity belongs to, who is acting, and what time it is.

    *main* is the log of what belongs to no other: a failure for a log that was never made, a statement past the log.
    """

    main: Log
    log_of: Callable[[Any, Connection], Log]
    actor_of: Callable[[], Actor]
    clock: Callable[[], int]


_attachments: dict[type[DeclarativeBase], Attachment] = {}
_descriptions: dict[type, AuditDescription] = {}
_exempt: dict[type, str] = {}


def register(base: type[DeclarativeBase], attachment: Attachment) -> None:
    """Keep that the trail is attached to *base*."""
    _attachments[base] = attachment
    forget()


def bases() -> Collection[type[DeclarativeBase]]:
    """Return the declarative bases to which the trail is attached."""
    return _attachments.keys()


@derived
def attachment_of(model: type) -> Attachment:
    """Return what the base of *model* was attached with. Raises LookupError if it was not attached."""
    found = next((attachment for base, attachment in _attachments.items() if issubclass(model, base)), None)
    if found is None:
        message = f"{model.__name__} is mapped on a base to which the trail is not attached"
        raise LookupError(message)
    return found


def audited_mappers() -> list[Mapper[Any]]:
    """Return the mappers of all classes that are not exempt."""
    return [m for base in _attachments for m in base.registry.mappers if not is_exempt(m.class_)]


def audited_tables() -> frozenset[str]:
    """Return the names, in small letters, of the tables whose rows are audited, links between them included."""
    return _tables(None)[0]


def link_tables() -> frozenset[str]:
    """Return the names of the tables that link audited entities and have no class of their own."""
    return _tables(None)[1]


def classes_in(tables: Collection[str]) -> list[type]:
    """Return the audited classes that lie in *tables*, or are linked by one of them, by name."""
    mappers = (m for m in audited_mappers() if {t.name.lower() for t in _all_tables(m)} & {*tables})
    return sorted((m.class_ for m in mappers), key=lambda model: model.__name__)


def describe(model: type, description: AuditDescription) -> None:
    """Let *model*, and what is mapped below it, be told by *description*."""
    _descriptions[model] = description
    forget()


def exempt(model: type, reason: str) -> None:
    """Leave *model* out of the log. Raises ValueError without a *reason*."""
    if not reason.strip():
        message = f"say why {model.__name__} is exempt from the log"
        raise ValueError(message)
    _exempt[model] = reason
    forget()


def actor_for(model: type) -> Actor:
    """Return who acts on *model* now."""
    return attachment_of(model).actor_of()


def entity_types() -> frozenset[str]:
    """Return the kinds of all entities that are audited."""
    return frozenset(description_of(mapper.class_).entity_type for mapper in audited_mappers())


@derived
def description_of(model: type) -> AuditDescription:
    """Return how *model* is told: its own description, its nearest base's, or generic words."""
    return next((_descriptions[c] for c in model.__mro__ if c in _descriptions), None) or generic(model)


@derived
def is_exempt(model: type) -> bool:
    """Return whether *model* is left out of the log."""
    return any(c in _exempt for c in model.__mro__)


def is_known(model: type) -> bool:
    """Return whether somebody has described *model* or exempted it."""
    return is_exempt(model) or any(c in _descriptions for c in model.__mro__)


def count_classes(_mapper: object, _class: type) -> None:
    """Notice that another class has been mapped."""
    forget()


@derived
def _tables(_of_all: None) -> tuple[frozenset[str], frozenset[str]]:
    mappers = audited_mappers()
    own = {t.description.lower() for m in mappers for t in m.tables}
    every = {t.name.lower() for m in mappers for t in _all_tables(m)}
    return frozenset(every), frozenset(every - own)


def _all_tables(mapper: Mapper[Any]) -> list[Table]:
    """Return the tables of *mapper*, those that link its entities to others included."""
    return [t for t in (*mapper.tables, *(r.secondary for r in mapper.relationships)) if isinstance(t, Table)]
