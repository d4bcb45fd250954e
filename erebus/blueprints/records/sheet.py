"""What stands on a record's sheet, for the page and the picture alike. Pure: made of what the record itself says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.blueprints.audit.presenter import split
from erebus.records import code_of, grouped
from erebus.times import on_clock, utc, zone_of
from erebus.wording import change_of, value_of

if TYPE_CHECKING:
    from erebus.blueprints.records.models import AuditRecord
    from erebus.wording import Change

_KINDS = {"key": "API key", "anonymous": "not signed in", "system": "Erebus itself"}
_HASH_LINE = 32  # digits
_TITLES = {"create": "Created with", "delete": "Deleted with"}


class Part(NamedTuple):
    """A piece of a line; *is_code* says that it is for machines, *is_word* that it is a word of ours, no value."""

    text: str
    is_code: bool = False
    is_word: bool = False


class Row(NamedTuple):
    """A field with its name; each of its lines is made of parts."""

    name: str
    lines: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """One event as its record shows it; *code* is empty while the record is not made yet.

    *has_rest* says that not all of the texts fit into the QR code: there they stand by length and hash.
    """

    title: str
    number: int
    is_done: bool
    sentence: str
    why_not: str
    rows: tuple[Row, ...]
    changes_title: str
    changes: tuple[Change, ...]
    chain: tuple[Row, ...]
    host: str
    code: str = ""
    made: tuple[str, ...] = ()
    has_rest: bool = False


def sheet_of(record: AuditRecord) -> Sheet:
    """Return the sheet of *record*."""
    document = record.document
    has_rest = bool(document.values or document.more_changes)
    return lay_out(document.facts(), record.time_zone, grouped(code_of(document.payload)), has_rest=has_rest)


def lay_out(facts: dict[str, Any], zone: str, code: str = "", *, has_rest: bool = False) -> Sheet:
    """Return the sheet that says *facts*, with times in UTC and in *zone*; without *code* one that is not made yet."""
    sentence, why_not = split(facts["description"], facts["reason"], is_done=facts["status"])
    return Sheet(
        title=facts["projectTitle"],
        number=facts["number"],
        is_done=facts["status"],
        sentence=sentence,
        why_not=why_not,
        rows=tuple(_rows(facts, zone)),
        changes_title=_TITLES.get(facts["action"], "Changed") if facts["status"] else "Tried to change",
        changes=tuple(change_of(change, facts["action"]) for change in facts["changes"]),
        chain=tuple(_chain(facts)),
        host=facts["host"],
        code=code,
        made=_made(facts, zone) if code else (),
        has_rest=has_rest,
    )


def _rows(facts: dict[str, Any], zone: str) -> list[Row]:
    entity, given = facts["entityType"], facts["reason"] if facts["status"] else None
    rows = [
        Row("Time", tuple((Part(text),) for text in _times(facts["createdAt"], zone))),
        _named("Actor", facts["actorName"], facts["actorId"], _KINDS.get(facts["actorKind"], "")),
        Row("Action", ((Part(facts["action"]), Part(" · "), Part(facts["actionDescription"])),)),
        _named("On", facts["entityLabel"], facts["entityId"], entity),
        _named("Project", facts["projectTitle"], facts["logId"], ""),
    ]
    if given:
        rows.append(Row("Reason given", ((Part(given),),)))
    return rows + _origin(facts)


def _origin(facts: dict[str, Any]) -> list[Row]:
    """Return where the event came from, if the record is to say it."""
    names = {"address": "Address", "userAgent": "Browser", "actorImage": "Image"}
    return [
        Row(name, ((_value(facts[member], is_code=member != "userAgent"),),))
        for member, name in names.items()
        if member in facts
    ]


def _chain(facts: dict[str, Any]) -> list[Row]:
    number = facts["number"]
    request = (Part(" · request "), Part(facts["requestId"], is_code=True)) if facts["requestId"] else ()
    before = f"Hash of #{number - 1}" if number > 1 else "Hash before"
    return [
        Row("Event", ((Part(facts["id"], is_code=True), *request),)),
        Row("Hash", _hash(facts["hash"])),
        Row(before, _hash(facts["previousHash"])),
    ]


def _named(title: str, name: str, identity: str, kind: str) -> Row:
    """Return the row of something that has a name, an id and perhaps a kind, whichever of them are there."""
    parts = [part for part in (Part(kind), Part(name), Part(identity, is_code=True)) if part.text]
    if title == "Actor":
        parts = [*parts[1:], parts[0]] if kind else parts
    lines = [piece for part in parts for piece in (Part(" · "), part)]
    return Row(title, (tuple(lines[1:]) or (_value(None),),))


def _value(text: str | None, *, is_code: bool = False) -> Part:
    shown = value_of(text)
    return Part(shown.text, is_code=is_code and not shown.is_word, is_word=shown.is_word)


def _hash(digits: str) -> tuple[tuple[Part, ...], ...]:
    """Return *digits* in groups of four, in two lines of the same length: to be read aloud and compared."""
    lines = (digits[at : at + _HASH_LINE] for at in range(0, len(digits), _HASH_LINE))
    return tuple((Part(grouped(line, " "), is_code=True),) for line in lines)


def _made(facts: dict[str, Any], zone: str) -> tuple[str, ...]:
    """Return by whom the record was made, when, and with which key."""
    who, when = f"{facts['recordedByName']} ({facts['recordedById']})", ", ".join(_times(facts["recordedAt"], zone))
    return f"Record made by {who} on {when}.", f"Signed with the key {facts['keyId']}."


def _times(moment: int, zone: str) -> tuple[str, ...]:
    """Return *moment* (milliseconds since 1970) in UTC and, if that is another one, in *zone* with its offset."""
    known, then = zone_of(zone), utc(moment, exact=True)  # a zone is not signed: somebody may have changed it
    there, offset = on_clock(moment, known, exact=True)
    return (then,) if known.key == "UTC" else (then, f"{there} {zone} (UTC{offset})")
