"""What a verification can find, and its outcome."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erebus.trail.checkpoints import Checkpoint


class Finding(enum.StrEnum):
    """What is wrong with a log."""

    CHANGED = "changed"
    DELETED = "deleted"
    SWAPPED = "swapped"
    INSERTED = "inserted"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"
    HEAD = "head changed"
    GONE = "log gone"
    CHECKPOINT = "checkpoint forged"
    UNPROTECTED = "unprotected"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what, from which number on (None where no event is concerned), and in words."""

    finding: Finding
    number: int | None
    words: str


@dataclass(frozen=True)
class Verification:
    """The outcome: which numbers were checked, where the log stands, and what was found first, if anything.

    *compared* is how many checkpoints were looked at, *anchor* the newest of them whose hash could be compared and was
    the same: nothing up to its number was rewritten since its time.
    """

    log_id: str
    first: int
    last: int
    checked: int
    head_number: int
    head_hash: bytes
    fault: Fault | None = None
    compared: int = 0
    anchor: Checkpoint | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None

    @property
    def is_intact(self) -> bool:
        """Whether what is kept is what was written, be it protected from now on or not."""
        return self.fault is None or self.fault.finding is Finding.UNPROTECTED

    @property
    def wrong(self) -> int | None:
        """The first number that is wrong; None where all are right, or no event is concerned."""
        return self.fault.number if self.fault else None

    @property
    def finding(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        return self.fault.words if self.fault else ""
