"""How a verdict is told, and a record shown. Pure: no request, no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from erebus.blueprints.verify.verdicts import Loss, Outcome
from erebus.records import grouped
from erebus.times import readable
from erebus.wording import change_of, value_of

if TYPE_CHECKING:
    from erebus.blueprints.verify.verdicts import Place, Verdict
    from erebus.records import Document
    from erebus.wording import Change, Value

_HASHES = ("hash", "previousHash")
NAMES = {
    "format": "Format",
    "keyId": "Key",
    "host": "Made at",
    "recordedAt": "Record made",
    "recordedById": "Id of who made it",
    "recordedByName": "Made by",
    "logId": "Log id",
    "projectTitle": "Project",
    "id": "Event id",
    "number": "Number",
    "createdAt": "Time",
    "actorId": "Actor id",
    "actorKind": "Actor kind",
    "actorName": "Actor",
    "action": "Action",
    "actionDescription": "Action description",
    "entityType": "Entity type",
    "entityId": "Entity id",
    "entityLabel": "Entity",
    "projectId": "Project id",
    "description": "Description",
    "status": "Status",
    "reason": "Reason",
    "changes": "Changes",
    "moreChanges": "Further changes",
    "requestId": "Request id",
    "hash": "Hash",
    "previousHash": "Hash of the one before",
    "actorImage": "Image then",
    "address": "Address",
    "userAgent": "Browser",
    "signature": "The signature itself",
    "making": "What the log cannot tell: who made the record, when and where, or the signature itself",
    "values": "A long text that belongs to none of the fields",
}
_GROUPS = {
    "What was done": ("action", "actionDescription", "reason"),
    "To what": ("entityType", "entityLabel", "entityId", "projectTitle", "projectId"),
    "By whom": ("actorName", "actorKind", "actorId", "actorImage"),
    "From where": ("requestId", "address", "userAgent"),
    "In the log": ("id", "number", "logId", "hash", "previousHash"),
    "The record": ("recordedByName", "recordedById", "host", "keyId", "format"),
}
_TOLD = {"action", "actorKind", "entityType", "id", "keyId", "format", "hash", "previousHash", "actorImage", "address"}


class Answer(NamedTuple):
    """What is said at the top: *kind* is ok, warn, fail or off, as of a status."""

    kind: str
    title: str
    text: str


class Check(NamedTuple):
    """One thing that was looked at, or was not (*kind* off), and what came of it; *moment* ends the sentence."""

    kind: str
    name: str
    text: str
    moment: int | None = None


class Fact(NamedTuple):
    """A field of the record; *is_code* says that it is for machines, *is_hash* that it is in groups, for two lines."""

    name: str
    value: Value
    is_code: bool
    is_hash: bool


class Sheet(NamedTuple):
    """A record as it is shown. The moments are None where no calendar has them."""

    facts: dict[str, Any]
    title: str
    sentence: Value
    created_at: int | None
    recorded_at: int | None
    groups: dict[str, tuple[Fact, ...]]
    changes: tuple[Change, ...]
    missing: int


def answer(verdict: Verdict) -> Answer:
    """Return what *verdict* comes to."""
    place = verdict.place
    if place is None:
        return _REFUSALS[verdict.outcome]
    if place.outcome is Outcome.KEPT and not place.is_sound:
        return Answer("warn", "Genuine; its log is not sound", f"{_SIGNED} {_UNSOUND}")
    if place.outcome is Outcome.LOST and place.loss:
        return Answer("warn", "Genuine; the log no longer holds it", f"{_SIGNED} {_LOSSES[place.loss]}")
    return _GENUINE[place.outcome]


def checks(verdict: Verdict) -> tuple[Check, ...]:
    """Return what was looked at for a genuine record, and what nobody but the reader can look at."""
    if verdict.place is None:
        return ()
    key = "the key that signs now" if verdict.is_current else "an earlier key of this installation"
    copy = "The copy that was kept when it was made says the same." if verdict.has_copy else _NO_COPY
    return (
        Check("ok", "Signature", f"Valid. It was made with {key}, over everything that is shown below."),
        _of_log(verdict.place),
        Check("ok" if verdict.has_copy else "off", "Kept copy", copy),
        Check("off", "Your picture", "Not checked: no program looks at it. Compare it with the record below."),
        Check("off", "What is behind it", _BEYOND),
    )


def names(altered: tuple[str, ...]) -> list[str]:
    """Return what was altered, in words."""
    return [NAMES.get(name) or f"Change {name.removeprefix('changes.')}" for name in altered]


def sheet(document: Document) -> Sheet:
    """Return the whole of *document*, every character visible."""
    facts = document.facts()
    more = facts.get("moreChanges", {"count": 0})
    return Sheet(
        facts=facts,
        title=f"{value_of(facts['projectTitle']).text} · event #{facts['number']}",
        sentence=value_of(facts["description"]),
        created_at=readable(facts["createdAt"]),
        recorded_at=readable(facts["recordedAt"]),
        groups={title: tuple(_facts(facts, members)) for title, members in _GROUPS.items()},
        changes=tuple(change_of(change, facts["action"]) for change in facts["changes"]),
        missing=more["count"],
    )


def _facts(facts: dict[str, Any], members: tuple[str, ...]) -> list[Fact]:
    """Return *members* as far as the record has them: what was left out of it is not called none."""
    return [_fact(name, facts[name]) for name in members if name in facts]


def _fact(name: str, value: Any) -> Fact:  # noqa: ANN401 - any JSON value
    is_hash, is_code = name in _HASHES, name in _TOLD or name.endswith("Id")
    shown = value_of(grouped(value, " ") if is_hash else value)
    return Fact(NAMES[name], shown, is_code and not shown.is_word, is_hash)


def _of_log(place: Place) -> Check:
    if place.outcome is Outcome.KEPT:
        if not place.is_sound:
            return Check(
                "warn", "Log", "The event is still there and says the same, but not all of the log is as written."
            )
        return Check("ok", "Log", "The event is still there, says the same, and all of the log is as it was written.")
    if place.outcome is Outcome.LOST and place.loss:
        return Check("warn", "Log", _LOSSES[place.loss])
    if not place.is_sound:
        return Check("warn", "Log", f"{_DISPLACED} But not all of what is left of the log is as it was written.")
    if place.by is None:
        return Check("off", "Log", _DISPLACED)
    told = f"Displaced by #{place.by.number}, which was written on"
    return Check("off", "Log", told, place.by.created_at)


_SIGNED = "This installation signed this record, and nothing in it was changed since."
_UNSOUND = (
    "The event is still in the log and says the same. But something else in that log is not what was written: whoever"
    " runs this installation should look into it."
)
_DISPLACED = "Displaced: newer events took its place. By which one is not known any more."
_NO_COPY = "None is kept here. It is not needed: the signature alone proves the record."
_BEYOND = "Not checked: whether the server's clock was right, and who sat at the keyboard. No record can prove that."
_LOSSES = {
    Loss.DIFFERS: (
        "Under the number of this event the log holds something else now: it was changed after the record was made."
        " The record is what was there then."
    ),
    Loss.MISSING: (
        "The event is not in the log, though it is too new to have been displaced: somebody has taken it away."
    ),
    Loss.CUT_OFF: ("The log ends before this event: its end was cut off, or an older state of it was put back."),
    Loss.NO_LOG: "The log that it comes from is not kept here.",
}
_GENUINE = {
    Outcome.KEPT: Answer("ok", "Genuine, and still in the log", _SIGNED),
    Outcome.DISPLACED: Answer(
        "ok",
        "Genuine, displaced since",
        f"{_SIGNED} A log keeps its newest events only; newer ones have displaced this one.",
    ),
}
_REFUSALS = {
    Outcome.ALTERED: Answer(
        "fail",
        "Altered",
        "This is not what was signed. There is a true record of this event; what you were given is not it.",
    ),
    Outcome.NOT_OURS: Answer(
        "fail",
        "Altered, or not ours",
        "This installation has not signed this. Either something in it was changed or lost, or it was never made here.",
    ),
    Outcome.UNKNOWN: Answer(
        "off",
        "Not known here",
        "No record with this code is kept here. That alone does not make it false: use the QR code or the file, which"
        " prove themselves.",
    ),
    Outcome.BROKEN: Answer(
        "warn",
        "Known, but our copy cannot be trusted",
        "There is a record with this code, but the copy that is kept here fits none of our keys: it was changed, or the"
        " key is gone. This says nothing about what you were given: use its QR code or its file.",
    ),
}
