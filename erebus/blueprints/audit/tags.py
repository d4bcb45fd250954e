"""Whether what a reader has of a log is still all there is: the tag of the answer that tells what is new. Pure.

Two answers are equal where the log stands at the same number and hash, and the same reader asks the same. The rest of a
page is as old as it says: its chain was verified when it was made, and a tag that still fits claims no more than that.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from erebus.blueprints.audit.spans import is_moving, spelled

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from erebus.blueprints.audit.filters import Filter
    from erebus.trail import AuditLog


def tag_of(log: AuditLog | None, *asked: str) -> str:
    """Return the tag of what *log*, with its events or without, tells to those who asked *asked*."""
    digest = hashlib.sha256("\0".join(asked).encode()).hexdigest()[:12]
    return f"{log.head_number}-{log.head_hash.hex()}-{digest}" if log else f"0-{digest}"


def time_of(wanted: Filter, zone: tzinfo, now: datetime) -> str:
    """Return what of the time the answer depends on: the day, by which it says *Today*, or more if a span goes on."""
    return spelled(now, zone) if is_moving(wanted.since) else str(now.astimezone(zone).date())
