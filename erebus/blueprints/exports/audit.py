"""How exports are told in the log that they are of (``product.md``, *What each action is called in the log*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.trail import AuditDescription, Words

if TYPE_CHECKING:
    from erebus.blueprints.exports.models import AuditExport
    from erebus.trail import ChangeSet

_FILTER_TOLD = 200  # characters of the filter in the sentence; the field has it whole


def _label(export: AuditExport) -> str:
    return f"export as {export.format.upper()}" if export.format else "export"


def _export(change: ChangeSet) -> str:
    """Tell how many events, from which to which, and in what; of one that was denied only the last is known."""
    kind = str(change["format"] or "a file").upper()
    if change["events"] is None:
        return f"the audit log as {kind}"
    count, first, last = change["events"], change["first_number"], change["last_number"]
    span = f"#{first}" if first == last else f"#{first} to #{last}"
    return f"{count} event{'' if count == 1 else 's'} ({span}, {_filter(change)}) as {kind}"


def _filter(change: ChangeSet) -> str:
    asked = str(change["filter"] or "")
    told = asked if len(asked) <= _FILTER_TOLD else f"{asked[:_FILTER_TOLD]}…"
    return f"filter {told}" if told else "no filter"


EXPORT = AuditDescription(
    entity_type="export",
    label=_label,
    recorded=("format", "filter", "zone", "events", "hidden", "first_number", "last_number", "sha256"),
    ignored=("project_id", "created_by_id", "created_at"),
    names={
        "events": "number of events",
        "hidden": "hidden by the filter",
        "first_number": "first number",
        "last_number": "last number",
        "zone": "time zone",
        "sha256": "SHA-256 of the file",
    },
    words=(Words("create", "Exported audit log", ("Exported", "export"), _export),),
)
