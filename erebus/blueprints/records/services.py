"""The rules of records: of which events one can be made, what it shows, and that one form makes one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from ulid import ULID

from erebus import clock, pace, times
from erebus.blueprints.projects.models import Project
from erebus.blueprints.records.models import AuditRecord
from erebus.db import db
from erebus.records import Making, NotARecord, code_of, facts_of, fit
from erebus.signing import public_keys, signing_key
from erebus.trail import Refused

if TYPE_CHECKING:
    from erebus.blueprints.auth.models import User
    from erebus.records import Document
    from erebus.trail import AuditEvent, Verification

HOST_LIMIT = 150  # characters; a longer one would make modules of the QR code too small
IS_MADE = "This record has just been made. Open the event's record page: it is there."


class EventIsNotProven(Refused):
    """A record of an event that is not what was written, or that comes after such a one, would prove a lie."""


class OriginIsForAdmins(Refused):
    """Records are passed on to strangers: only admins decide that one shows address, browser and image."""


class HostIsTooLong(Refused):
    """The address under which Erebus was asked would not fit into a QR code."""


class HostIsUnknown(Refused):
    """The address under which Erebus was asked has a host that is none: a record would lead nowhere."""


class EventIsTooLarge(Refused):
    """What the event holds is too much for a record that could be read again."""


class RecordIsMade(Refused):
    """Two records never have one code."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What kind of record is asked for, and by whom.

    *host* is that of the address under which Erebus is reached. *origin* asks for address, browser and image,
    *is_admin* says whether that is for *by* to ask. *once* is what tells one filling-in of the form from another.
    """

    project: Project
    by: User
    host: str
    origin: bool = False
    is_admin: bool = False
    once: str = ""


def make_record(event: AuditEvent, verification: Verification, order: Order) -> AuditRecord:
    """Make a record of *event*, which *verification* of its log has covered; the one that was made of this form before.

    Refuses for an event from the first wrong number on, and what only admins may show. Raises `TooOften`.
    """
    _lock(order.project)
    record_id = _id(event, order)
    if (made := db.session.get(AuditRecord, record_id)) is not None:
        return made
    _keep_pace(order)
    _check(event, verification, order)
    document = _sign(event, order)
    record = AuditRecord(
        id=record_id,
        code=code_of(document.payload),
        payload=document.payload,
        signature=document.signature,
        stored_values=json.dumps(document.values, ensure_ascii=False),
        stored_changes=json.dumps(document.more_changes, ensure_ascii=False),
        log_id=event.log_id,
        project_id=order.project.id,
        event_id=event.id,
        number=event.number,
        made_by_id=order.by.id,
        made_at=json.loads(document.payload)["recordedAt"],
        time_zone=order.by.time_zone,
    )
    db.session.add(record)
    return record


def _sign(event: AuditEvent, order: Order) -> Document:
    key = signing_key()
    try:
        return key.sign(fit(facts_of(event, making(order, clock.milliseconds(), key.id))))
    except ValueError:
        reason = f"Event #{event.number} is too large for a record. Save its JSON instead."
        raise _refusal(EventIsTooLarge, event, order, reason) from None


def making(order: Order, at: int, key_id: str) -> Making:
    """Return how a record is made that is ordered so, *at* that moment (milliseconds since 1970)."""
    return Making(
        host=order.host,
        project_title=order.project.title,
        by_id=order.by.id,
        by_name=order.by.name,
        at=at,
        key_id=key_id,
        origin=order.origin,
    )


def is_proven(event: AuditEvent, verification: Verification) -> bool:
    """Return whether *verification* says that *event* is what was written."""
    return verification.is_intact or (verification.wrong is not None and event.number < verification.wrong)


def is_genuine(record: AuditRecord) -> bool:
    """Return whether *record* is what was signed, with a key of this installation: its row may be tampered with."""
    try:
        document = record.document
    except NotARecord:
        return False
    return code_of(document.payload) == record.code and public_keys().has_signed(document.record)


def draft(project: Project) -> AuditRecord:
    """Return a record that is in no session: what a refused one is told by."""
    return AuditRecord(code="", log_id=project.id, project_id=project.id)


def _keep_pace(order: Order) -> None:
    own = AuditRecord.project_id == order.project.id, AuditRecord.made_by_id == order.by.id
    made_at = select(AuditRecord.made_at).where(*own, AuditRecord.made_at > pace.since().timestamp() * 1000)
    moments = [times.at(moment) for moment in db.session.scalars(made_at)]
    pace.keep_pace("You have made as many records of events of this project.", moments)


def _check(event: AuditEvent, verification: Verification, order: Order) -> None:
    if not is_proven(event, verification):
        reason = f"The log is not what was written, so #{event.number} cannot be relied upon: {verification.finding}."
        raise _refusal(EventIsNotProven, event, order, reason)
    if order.origin and not order.is_admin:
        reason = "Only admins and the owner can have address, browser and image on a record. Leave them out."
        raise _refusal(OriginIsForAdmins, event, order, reason)
    if not order.host:
        reason = "The address of this page has no host that can be read. EREBUS_PUBLIC_URL can name one for records."
        raise _refusal(HostIsUnknown, event, order, reason)
    if len(order.host) > HOST_LIMIT:
        reason = f"The address of this page is too long for a QR code: its host has more than {HOST_LIMIT} characters."
        raise _refusal(HostIsTooLong, event, order, reason)


def _refusal(kind: type[Refused], event: AuditEvent, order: Order, reason: str) -> Refused:
    attempted: dict[str, Any] = {"number": event.number, "event_id": event.id}
    return kind(draft(order.project), attempted, reason=reason, action="create")


def _lock(project: Project) -> None:
    """Lock the row of *project* until the transaction ends: of two clicks the second finds what the first has made.

    NoResultFound if it is gone.
    """
    statement = select(Project).where(Project.id == project.id).with_for_update(key_share=True)
    db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _id(event: AuditEvent, order: Order) -> str:
    """Return the id of the record that is made of a form: the same whenever that form is sent again."""
    if not order.once:
        return f"{AuditRecord.id_prefix}{ULID()}"
    form = (order.once, order.project.id, order.by.id, event.id, str(order.origin))
    return f"{AuditRecord.id_prefix}{ULID.from_bytes(hashlib.sha256(repr(form).encode()).digest()[:16])}"
