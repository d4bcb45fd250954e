"""How records are told in the log (``product.md``, *What each action is called in the log*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.records import services
from erebus.records import grouped
from erebus.trail import AuditDescription, Rule, Words

if TYPE_CHECKING:
    from erebus.trail import ChangeSet


def _creation(change: ChangeSet) -> str:
    number = change.after("number")
    event = f"event #{number}" if number else f"event {change.after('event_id')}"
    return f"record {change.label} of {event}" if change.label else f"a record of {event}"


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
        "time_zone",
    ),
    names={"code": "verification code", "number": "event number", "event_id": "event"},
    constraints={
        "uq_audit_records_code": Rule(services.RecordIsMade, lambda _record: services.IS_MADE),
    },
    words=(Words("create", "Made a record", ("Made", "make"), _creation),),
)
