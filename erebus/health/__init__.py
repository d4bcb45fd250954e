"""Is this installation well? Questions, each a small function that answers whether, what it found, and what to do.

``flask erebus doctor`` asks all of them, ``/readyz`` those that are cheap and whose answer must be yes to serve. None
tells a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.health.answers import Answer, ask
from erebus.health.database import journal, owner, triggers
from erebus.health.keys import keys, record_keys
from erebus.health.logs import capacities, clocks, descriptions, kept_checkpoints, verification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erebus.health.answers import Question

__all__ = ["CHEAP", "QUESTIONS", "Answer", "ask"]

CHEAP: Mapping[str, Question] = {"triggers": triggers, "keys": keys, "journal": journal}
"""What takes a statement or two, and can be set right: a clock that was once ahead cannot."""

QUESTIONS: Mapping[str, Question] = {
    **CHEAP,
    "records": record_keys,
    "owner": owner,
    "clock": clocks,
    "capacities": capacities,
    "descriptions": descriptions,
    "checkpoints": kept_checkpoints,
    "verification": verification,
}
