"""An export as a file: CSV, JSON or NDJSON. Pure: no request, no database.

Each holds what the filter let through and nothing else, newest first, with the fields of an event as JSON has them.
What is to be said of the whole stands in the JSON itself, in the last heading of the CSV, and with all three in the
headers of the answer; that the log is not what was written, in the name of the file too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from erebus.blueprints.audit.presenter import as_json, moment_of
from erebus.blueprints.exports.models import Format
from erebus.blueprints.exports.spreadsheet import as_csv
from erebus.times import at, on_clock, utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from erebus.blueprints.exports.services import Export, Selection
    from erebus.trail import AuditEvent

_TYPES = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
}
_OURS_FROM = "number"  # the first field of an event that is not the specification's


class File(NamedTuple):
    """A file to be given: what is in it, its name, its media type, and what the answer says of it in its headers."""

    content: bytes
    name: str
    kind: str
    headers: dict[str, str]


def write(export: Export, kind: Format) -> File:
    """Return *export* as a file of the *kind*."""
    writers: dict[Format, Callable[[Export], bytes]] = {
        Format.CSV: _as_csv,
        Format.JSON: _as_json,
        Format.NDJSON: _as_ndjson,
    }
    return File(writers[kind](export), _name(export, kind), _TYPES[kind], _headers(export))


def soundness(selection: Selection) -> str:
    """Return whether the log was what was written, in a few words."""
    found = selection.verification
    if found.is_sound:
        return "chain verified"
    place = f" from #{found.wrong} on" if found.wrong else ""
    return f"this log is not what was written{place}: {found.finding}"


def _headers(export: Export) -> dict[str, str]:
    """Return the headers; what is no plain text in them is percent-encoded (RFC 3986)."""
    selection = export.selection
    verified = "sound" if selection.verification.is_sound else f"not sound: {quote(soundness(selection), safe=' #:')}"
    return {
        "X-Erebus-Export": export.id,
        "X-Erebus-Filter": quote(selection.wanted.box, safe=" :"),
        "X-Erebus-Hidden": str(selection.hidden),
        "X-Erebus-Verification": verified,
    }


def _name(export: Export, kind: Format) -> str:
    """Return the name of the file, in letters that every system knows: a slug has no others."""
    selection = export.selection
    mark = "" if selection.verification.is_sound else "-not-sound"
    day = at(export.at).date()
    return f"{export.project.slug}-audit-{selection.first}-{selection.last}-{day}{mark}.{kind}"


def _as_json(export: Export) -> bytes:
    """Return one document, an event a line."""
    selection = export.selection
    found = selection.verification
    told = {
        "exportedAt": int(export.at.timestamp() * 1000),
        "exportId": export.id,
        "project": export.project._asdict(),
        "filter": selection.wanted.box,
        "zone": selection.zone.key,
        "kept": len(selection.log.events),
        "hidden": selection.hidden,
        "verification": {
            "isSound": found.is_sound,
            "checked": found.checked,
            "firstWrong": found.wrong,
            "finding": None if found.is_sound else str(found.finding),
        },
    }
    head = _encoded(told).removesuffix(b"}") + b', "events": [\n'
    return head + b",\n".join(_encoded(as_json(event)) for event in selection.found) + b"\n]}\n"


def _as_ndjson(export: Export) -> bytes:
    return b"".join(_encoded(as_json(event)) + b"\n" for event in export.selection.found)


def _encoded(value: object) -> bytes:
    """Return *value* as JSON in UTF-8; half a surrogate pair, which is no UTF-8, as JSON escapes it."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _as_csv(export: Export) -> bytes:
    selection = export.selection
    rows = [_row(event, selection.zone) for event in selection.found]
    return as_csv([[*rows[0], _note(export)], *([*row.values(), None] for row in rows)])


def _note(export: Export) -> str:
    """Return what the last heading says of the whole: CSV has no other place for it."""
    selection = export.selection
    kept, shown = len(selection.log.events), len(selection.found)
    hidden = f"{selection.hidden} hidden by the filter {selection.wanted.box}" if selection.hidden else "none hidden"
    return f"note: {shown} of {kept} kept events, {hidden}; exported {utc(export.at)}; {soundness(selection)}"


def _row(event: AuditEvent, zone: ZoneInfo) -> dict[str, Any]:
    """Return the cells of *event* by their heading: the specification's fields, both times, and then ours."""
    cells: dict[str, Any] = {}
    for name, value in as_json(event).items():
        if name == _OURS_FROM:
            cells |= _times(event, zone)
        cells[name] = value
    changes = cells["changes"]
    cells["changes"] = event.stored_changes if changes is None else json.dumps(changes, ensure_ascii=False)
    return cells


def _times(event: AuditEvent, zone: ZoneInfo) -> dict[str, str]:
    """Return when *event* was: in UTC as spreadsheets take it for a time, and in *zone* with its offset."""
    milliseconds = moment_of(event)
    names = ("createdAt (UTC)", f"createdAt ({zone.key})")
    if milliseconds is None:
        return dict.fromkeys(names, "")
    then, _ = on_clock(milliseconds, exact=True)
    there = "".join(on_clock(milliseconds, zone, exact=True))
    return dict(zip(names, (then, there), strict=True))
