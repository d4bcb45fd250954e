"""What a verification can find, and its outcome."""

from __future__ import annotations

import enum
from dataclasses import dataclass


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
    KEY = "other key"
    CHECKPOINT = "checkpoint forged"
    UNPROTECTED = "unprotected"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what, from which number on (None where no event is concerned), and in words."""

    finding: Finding
    number: int | None
    words: str
