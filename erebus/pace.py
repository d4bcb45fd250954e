"""How often somebody may do what takes a place in a log at no cost: often enough for people, too seldom to push it out.

Counted by the rows that are kept of it, so that it is the same for all processes and outlives a restart.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from werkzeug.exceptions import TooManyRequests

from erebus import clock
from erebus.times import utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MOST, WITHIN = 20, timedelta(hours=1)


class TooOften(TooManyRequests):
    """Somebody has done it `MOST` times `WITHIN` an hour. It is no event: that would push out what the limit keeps."""

    def __init__(self, done: str, again_at: datetime) -> None:
        """Say what was *done* that often, and that it can be done again from *again_at* on."""
        super().__init__(retry_after=again_at)
        minutes = -(-(again_at - clock.now()) // timedelta(minutes=1))
        again = f"{utc(again_at)}, in {minutes} minute{'' if minutes == 1 else 's'}"
        why = "Each is an event, and takes the place of an older one."
        self.advice = (f"{MOST} within an hour are enough", f"{done} {why} Nothing was done now. Again from {again}.")


def since() -> datetime:
    """Return from when on it is counted."""
    return clock.now() - WITHIN


def keep_pace(done: str, moments: Sequence[datetime]) -> None:
    """Refuse another one if at all *moments*, since `since`, it was *done*. Raises `TooOften`."""
    if len(moments) >= MOST:
        raise TooOften(done, sorted(moments)[-MOST] + WITHIN)
