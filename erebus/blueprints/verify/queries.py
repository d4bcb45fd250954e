"""The copies that are kept of what was signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from erebus.blueprints.records.models import AuditRecord
from erebus.db import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ID = re.compile(r"[0-9A-Za-z_]{1,40}")  # of what a stranger gives as an id, only this is asked for


def find_by_code(code: str) -> AuditRecord | None:
    """Return the record with this verification code."""
    return db.session.scalar(select(AuditRecord).where(AuditRecord.code == code))


def find_copies(said: Mapping[str, Any], signature: bytes) -> Sequence[AuditRecord]:
    """Return the records that what was *said* can be an altered one of: with its signature, or of the same event.

    An altered record may name another log than the true one, so the project is tried as well.
    """
    logs = [log for log in (said["logId"], said["projectId"]) if log and _ID.fullmatch(log)]
    event_id = said["id"] if _ID.fullmatch(said["id"]) else ""
    is_near = or_(AuditRecord.signature == signature, AuditRecord.event_id == event_id)
    return db.session.scalars(select(AuditRecord).where(AuditRecord.log_id.in_(logs), is_near)).all()


def is_log_id(text: str) -> bool:
    """Return whether a log can be asked for by *text*."""
    return _ID.fullmatch(text) is not None
