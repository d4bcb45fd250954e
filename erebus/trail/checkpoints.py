"""Checkpoints: where a log stood at a moment, under an HMAC of the chain's key, kept outside of the database.

The chain alone cannot tell that the end was cut off, or an older whole state put back: what is left verifies. A
checkpoint can: the log must still go at least as far, and the event of that number must still have that hash. After the
event was displaced only the number is left to be compared; the seam's predecessor is the last whose hash is known.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from erebus.trail.capacity import ENTITY_TYPE
from erebus.trail.findings import Fault, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erebus.trail.events import AuditLog

_PURPOSE = b"erebus checkpoint\0"  # no digest of an event begins so: those are of JSON objects
_LAST_MOMENT = 253_370_764_800_000  # the year 9999


@dataclass(frozen=True)
class Checkpoint:
    """That the log *log_id* of *capacity* stood at *number* with *hash*, at *time* (milliseconds since 1970, UTC)."""

    log_id: str
    number: int
    hash: bytes
    time: int
    capacity: int
    mac: bytes = b""

    def as_line(self) -> str:
        """Return it as one line of JSON, without its end."""
        kept = {"log": self.log_id, "number": self.number, "hash": self.hash.hex(), "time": self.time}
        return json.dumps({**kept, "capacity": self.capacity, "mac": self.mac.hex()})

    @property
    def moment(self) -> str:
        """When it was, to the second, in words."""
        if not 0 <= self.time < _LAST_MOMENT:
            return "an unknown time"
        return f"{datetime.fromtimestamp(self.time / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


UNREADABLE = Checkpoint("", 0, b"", 0, 0)
"""What stands for a line that is no checkpoint: no key fits it."""


def seal(log: AuditLog, key: bytes, time: int) -> Checkpoint:
    """Return where *log* stands, at *time*, under an HMAC of *key*."""
    checkpoint = Checkpoint(log.id, log.head_number, log.head_hash, time, log.capacity)
    return Checkpoint(log.id, log.head_number, log.head_hash, time, log.capacity, _mac(checkpoint, key))


def read_checkpoint(line: str) -> Checkpoint:
    """Return the checkpoint in a *line*, `UNREADABLE` if there is none; whether it is genuine is another question."""
    try:
        told = json.loads(line)
        texts, numbers = (told["log"], told["hash"], told["mac"]), (told["number"], told["time"], told["capacity"])
        if not all(type(n) is int for n in numbers) or not isinstance(told["log"], str):
            return UNREADABLE
        return Checkpoint(texts[0], numbers[0], bytes.fromhex(texts[1]), *numbers[1:], bytes.fromhex(texts[2]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return UNREADABLE


def is_genuine(checkpoint: Checkpoint, key: bytes) -> bool:
    """Return whether *checkpoint* was sealed with *key*."""
    try:
        return hmac.compare_digest(_mac(checkpoint, key), checkpoint.mac)
    except (OverflowError, UnicodeEncodeError):  # a number that no log reaches; half a surrogate pair
        return False


def contradictions(
    log: AuditLog, checkpoints: Iterable[Checkpoint], key: bytes, before: int | None
) -> tuple[list[Fault], Checkpoint | None]:
    """Return what *log* gets wrong of *checkpoints* (oldest first), and the newest that it bears out.

    *before* is the first number that is wrong in itself: hashes from there on are not compared again.
    """
    genuine, faults = _genuine(log.id, checkpoints, key)
    anchor = None
    if log.flaw:
        return faults, anchor
    known = _known_hashes(log)
    for checkpoint in genuine:
        if checkpoint.number > log.head_number:
            words = f"the end is cut off: the log went on to #{checkpoint.number} on {checkpoint.moment}"
            return [*faults, Fault(Finding.CUT_OFF, log.head_number + 1, words)], anchor
        if checkpoint.number in known and (before is None or checkpoint.number < before):
            if known[checkpoint.number] != checkpoint.hash:
                return [*faults, _rewritten(log, checkpoint, anchor)], anchor
            anchor = checkpoint
    if genuine and _has_other_capacity(log, genuine[-1]):
        words = f"the log's capacity is {log.capacity}, and was {genuine[-1].capacity}: no event says why"
        faults.append(Fault(Finding.HEAD, log.head_number, words))
    return faults, anchor


def _mac(checkpoint: Checkpoint, key: bytes) -> bytes:
    numbers = (checkpoint.number, checkpoint.time, checkpoint.capacity)
    told = b"".join(number.to_bytes(8, "big") for number in numbers)
    length = len(checkpoint.hash).to_bytes(8, "big")
    return hmac.digest(key, _PURPOSE + told + length + checkpoint.hash + checkpoint.log_id.encode(), "sha256")


def _genuine(log_id: str, checkpoints: Iterable[Checkpoint], key: bytes) -> tuple[list[Checkpoint], list[Fault]]:
    genuine: list[Checkpoint] = []
    faults: list[Fault] = []
    for checkpoint in checkpoints:
        if checkpoint.log_id == log_id and is_genuine(checkpoint, key):
            genuine.append(checkpoint)
        elif not faults:
            words = "a checkpoint of this log was not made with this installation's key, or was changed since"
            faults.append(Fault(Finding.CHECKPOINT, None, words))
    return sorted(genuine, key=lambda c: (c.number, c.time)), faults


def _known_hashes(log: AuditLog) -> dict[int, bytes]:
    """Return the hashes that are there to be compared: of the kept events, and of the one before them."""
    if not log.events:
        return {}
    oldest = log.events[-1]
    return {oldest.number - 1: oldest.previous_hash, **{event.number: event.hash for event in log.events}}


def _rewritten(log: AuditLog, checkpoint: Checkpoint, anchor: Checkpoint | None) -> Fault:
    number = max(log.events[-1].number, anchor.number + 1 if anchor else 0)
    words = f"the log was rewritten: event {checkpoint.number} is not the one that stood there on {checkpoint.moment}"
    return Fault(Finding.REWRITTEN, number, f"{words}, so nothing from #{number} on is borne out")


def _has_other_capacity(log: AuditLog, newest: Checkpoint) -> bool:
    """Return whether the capacity changed since *newest* with no event to say so, as far as all since are kept."""
    if newest.capacity == log.capacity:
        return False
    since = [event for event in log.events if event.number > newest.number]
    is_told = any(event.entity_type == ENTITY_TYPE for event in since)
    return len(since) == log.head_number - newest.number and not is_told


def newest_of(checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """Return the one of *checkpoints* with the highest number."""
    return max(checkpoints, key=lambda c: c.number, default=None)
