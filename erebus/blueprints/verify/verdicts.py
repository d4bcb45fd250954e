"""What can be said of a record. Pure: from what it says, and what is known of it, to a verdict."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erebus.records import ORIGIN, Making, differences, facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.records import Document
    from erebus.trail import AuditEvent, AuditLog

_OF_MAKING = ("format", "keyId", "host", "recordedAt", "recordedById", "recordedByName", "projectTitle")


class Outcome(enum.Enum):
    """What is said at the top.

    *LOST* is genuine as well: but the log does not hold any more what it should. *BROKEN* is our own copy, asked for by
    its code.
    """

    KEPT = "kept"
    DISPLACED = "displaced"
    LOST = "lost"
    ALTERED = "altered"
    NOT_OURS = "not ours"
    UNKNOWN = "unknown"
    BROKEN = "broken"


class Loss(enum.Enum):
    """Why a log does not hold an event that it should."""

    DIFFERS = "under its number stands something else"
    MISSING = "it is not there"
    CUT_OFF = "the log ends before it"
    NO_LOG = "there is no such log"


@dataclass(frozen=True)
class Place:
    """Where the event of a genuine record is now.

    *by* is the event that has displaced it, where that can be told. *differs* are the members in which the log says
    something else than the record. *is_sound* is whether the log as a whole is what was written.
    """

    outcome: Outcome
    loss: Loss | None = None
    by: AuditEvent | None = None
    differs: tuple[str, ...] = ()
    is_sound: bool = True


@dataclass(frozen=True)
class Verdict:
    """The answer. *document* is the record, of a genuine one alone.

    *altered* names what differs from our own copy, if there is one; *reason* says what cannot be read. *is_current*
    is whether the key still signs, *has_copy* whether a copy of the record is kept here.
    """

    outcome: Outcome
    document: Document | None = None
    place: Place | None = None
    altered: tuple[str, ...] = ()
    reason: str = ""
    is_current: bool = True
    has_copy: bool = False
    code: str = ""


def locate(said: Mapping[str, Any], log: AuditLog | None, *, is_sound: bool) -> Place:
    """Return where the event is of which a genuine record has *said* what it was."""
    number: int = said["number"]
    if log is None:
        return Place(Outcome.LOST, Loss.NO_LOG)
    event = next((event for event in log.events if event.number == number), None)
    if event is not None:
        differs = differing(said, event)
        loss = Loss.DIFFERS if differs else None
        return Place(Outcome.LOST if differs else Outcome.KEPT, loss, differs=differs, is_sound=is_sound)
    if number > log.head_number:
        return Place(Outcome.LOST, Loss.CUT_OFF, is_sound=is_sound)
    if number > max(log.seam_number, log.head_number - log.capacity):
        return Place(Outcome.LOST, Loss.MISSING, is_sound=is_sound)
    return Place(Outcome.DISPLACED, by=_displacer(log, number) if is_sound else None, is_sound=is_sound)


def differing(said: Mapping[str, Any], event: AuditEvent) -> tuple[str, ...]:
    """Return the members in which what was *said* of *event* differs from it, those aside that an event has not.

    Address, browser and image are compared where they are part of the record.
    """
    making = Making(host="", project_title="", by_id="", by_name="", at=0, key_id="", origin=True)
    try:
        known = facts_of(event, making)
        aside = {*_OF_MAKING, *(name for name in ORIGIN if name not in said)}
        return differences(*({n: v for n, v in side.items() if n not in aside} for side in (said, known)))
    except (ValueError, RecursionError):
        return ("changes",)


def _displacer(log: AuditLog, number: int) -> AuditEvent | None:
    """Return the event that has displaced *number*, if that is kept, and the capacity is what it was then.

    What was displaced before the capacity last changed, or by that, lies at or below the seam.
    """
    if number <= log.seam_number:
        return None
    return next((event for event in log.events if event.number == number + log.capacity), None)
