"""What a sheet says of itself, on the page and in the picture; and what the pages say of a record's event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.audit.absence import window_of

if TYPE_CHECKING:
    from erebus.blueprints.records.models import AuditRecord
    from erebus.blueprints.records.sheet import Sheet
    from erebus.trail import AuditLog

KIND = "Erebus · record of an audit event"


def proof(sheet: Sheet) -> tuple[str, ...]:
    """Return what is said beside the QR code: how to check the record, who made it, and what is not on it."""
    whole = (
        "The QR code holds the signed event; what is long stands in it by its hash, and whole in the file."
        if sheet.has_rest
        else "The QR code holds the whole signed event: this picture is enough, even after the event has been displaced"
        " from the log."
    )
    check = f"Check at {sheet.host}/verify, or offline with the installation's public key."
    return (f"{check} {whole}", *sheet.made)


def left_out(index: int, count: int) -> str:
    """Return what stands where a picture ends with the change *index* of *count*: it would grow too tall."""
    rest = "The rest of this" if index == count - 1 else f"This and {count - 1 - index} more"
    return f"… {rest}: too long for a picture. All is in the record's file, and in the data within this picture."


def standing(record: AuditRecord, log: AuditLog | None) -> tuple[str, str]:
    """Return where the event of *record* is, of what *log* keeps, and the kind of that status; nothing is verified."""
    window = window_of(log)
    if log and any(event.id == record.event_id for event in log.events):
        return "In the log", "ok"
    if window and record.number < window.first:
        return "Displaced from the log", "off"
    return "Missing from the log", "warn"
