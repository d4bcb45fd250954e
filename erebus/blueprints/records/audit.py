"""How records are told in the log (``product.md``, *What each action is called in the log*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.records import grouped
from erebus.trail import AuditDescription, Words

if TYPE_CHECKING:
    from erebus.trail import ChangeSet


def _creation(change: ChangeSet) -> str:
    return f"record {change.label} of event #{change.after('number')}"


RECORD = AuditDescription(
    entity_type="record",
    label=lambda record: grouped(record.code) if record.code else "",
    recorded=("code", "number", "event_id"),
    ignored=(
        "payload",
        "signature",
        "stored_values",
        "stored_changes",
        "log_id",
        "project_id",
        "made_by_id",
        "made_at",
    ),
    names={"code": "verification code", "number": "event number", "event_id": "event"},
    words=(Words("create", "Made a record", ("Made", "make"), _creation),),
)
