"""Verifying: a record that was given, against the keys, the copies that are kept, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erebus.blueprints.verify import queries
from erebus.blueprints.verify.verdicts import Outcome, Verdict, differing, locate
from erebus.records import (
    ORIGIN,
    Document,
    NoRecord,
    NotARecord,
    RestIsAltered,
    code_of,
    differences,
    read_file,
    read_link,
    read_payload,
)
from erebus.signing import public_keys, signing_key
from erebus.verification import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erebus.blueprints.records.models import AuditRecord
    from erebus.records import Record


def verify_code(code: str) -> Verdict:
    """Return what can be said of the record with this *code*. Raises `KeysAreUnreadable`."""
    kept = queries.find_by_code(code)
    if kept is None:
        return Verdict(Outcome.UNKNOWN, code=code)
    document = _kept(kept)
    if document is None or code_of(document.payload) != code or not public_keys().has_signed(document.record):
        return Verdict(Outcome.BROKEN, code=code)
    return _genuine(document)


def verify_link(link: str) -> Verdict:
    """Return what can be said of the record in *link*. Raises `KeysAreUnreadable`."""
    return _verify(lambda: _bare(read_link(link)))


def verify_file(data: bytes) -> Verdict:
    """Return what can be said of the record in a file.

    Raises `NoRecord` for a file without one, and `KeysAreUnreadable`.
    """
    return _verify(lambda: read_file(data))


def _verify(read: Callable[[], Document]) -> Verdict:
    try:
        document = read()
    except NoRecord:
        raise
    except RestIsAltered as error:
        if public_keys().has_signed(error.record):
            return Verdict(Outcome.ALTERED, altered=error.altered)
        document = _bare(error.record)
    except NotARecord as error:
        return Verdict(Outcome.NOT_OURS, reason=str(error))
    return _genuine(document) if public_keys().has_signed(document.record) else _not_genuine(document.record)


def _bare(record: Record) -> Document:
    return Document(record.payload, record.signature)


def _genuine(document: Document) -> Verdict:
    said, code = read_payload(document.payload), code_of(document.payload)
    examined = examine(said["logId"])
    is_sound = examined.verification is None or examined.verification.is_intact
    place = locate(said, examined.log, is_sound=is_sound)
    copy = _copy(document, code)
    return Verdict(
        place.outcome,
        document=copy or document,  # a link has not got the long texts
        place=place,
        is_current=said["keyId"] == signing_key().id,
        has_copy=copy is not None,
        code=code,
    )


def _copy(document: Document, code: str) -> Document | None:
    """Return the copy that is kept of *document*, if there is one and it is whole."""
    kept = queries.find_by_code(code)
    copy = _kept(kept) if kept else None
    return copy if copy and copy.payload == document.payload else None


def _kept(kept: AuditRecord) -> Document | None:
    """Return what is kept, None where that is no record any more: somebody may have changed it in the database."""
    try:
        return kept.document
    except NotARecord:
        return None


def _not_genuine(record: Record) -> Verdict:
    """Return what differs from our own copy of the event, if there is one and the reader has had the true record.

    Who has never had it must not be told by trial and error what it says. It takes the signature of the true one, or
    the event's id together with its hash, which nobody can guess.
    """
    said = read_payload(record.payload)
    differs = [_differing_from(kept, said, record.signature) for kept in queries.find_copies(said, record.signature)]
    if known := [names for names in differs if names]:
        return Verdict(Outcome.ALTERED, altered=min(known, key=len))  # an event can have several records
    altered = _differing_from_log(said)
    if altered is None:
        return Verdict(Outcome.NOT_OURS)
    return Verdict(Outcome.ALTERED, altered=altered or ("making",))


def _differing_from(kept: AuditRecord, said: Mapping[str, Any], signature: bytes) -> tuple[str, ...]:
    """Return in what *said* differs from a *kept* record; nothing where the reader has never had one of its event."""
    copy = _kept(kept)
    known = copy.facts() if copy else {}
    is_same_event = all(said[name] == known.get(name) for name in ("id", "hash"))
    if not copy or not (copy.signature == signature or is_same_event):
        return ()
    return differences(said, known) or ("signature",)


def _differing_from_log(said: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return in what the event in the log differs from what was *said* of it; None where it is not to be found there.

    Where it came from is left out: who has the event's hash need not know that.
    """
    if not queries.is_log_id(said["logId"]):
        return None
    examined = examine(said["logId"])
    if examined.log is None or examined.verification is None or not examined.verification.is_intact:
        return None
    for event in examined.log.events:
        if (event.id, event.hash.hex()) == (said["id"], said["hash"]):
            return differing({name: value for name, value in said.items() if name not in ORIGIN}, event)
    return None
