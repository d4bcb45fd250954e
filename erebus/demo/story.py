"""The whole story: who registers when, all scenes in their order, and which key was used last when."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from erebus.demo import billing, chat, deeds, routine
from erebus.demo.moments import ago, day, long_ago
from erebus.demo.people import PEOPLE
from erebus.demo.stage import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SEED = 1859

REGISTERED = {
    "admin": long_ago(130, "08:40"),
    "owner": long_ago(130, "08:55"),
    "colleague": long_ago(130, "10:20"),
    "developer": long_ago(116, "08:50"),
    "support": long_ago(112, "08:31"),
}

LAST_USED = {
    "import": long_ago(103, "15:14"),
    "web": ago(2),
    "mobile": ago(1),
    "export": day(8, "13:00"),
    "load": day(10, "17:20"),
    "depot": ago(7),
    "partner": ago(168),
    "partner2": ago(19),
    "staging2": ago(30),
    "paylane": day(5, "13:16"),
    "runner10": day(10, "16:20"),
    "invoices": ago(34),
}
"""By the scenes' names of the keys; the others were never used."""


def tell(now: datetime) -> list[tuple[datetime, Scene]]:
    """Return the scenes with their moments before *now*, in order: for the same *now* always the same."""
    chance = random.Random(_SEED)  # noqa: S311 - a story, not a secret
    told = [*chat.SCENES, *routine.scenes(chance, now), *billing.SCENES, *billing.DOCS, *_company()]
    planned = sorted(((scene.when(now), scene) for scene in told), key=lambda pair: pair[0])
    return [(moment + timedelta(seconds=chance.uniform(1, 58)), scene) for moment, scene in planned]


def _company() -> Iterator[Scene]:
    """Yield what people do apart from projects: the platform's log has it."""
    for number, person in enumerate(PEOPLE):
        when = long_ago(110, f"09:{10 + 4 * number}")
        yield Scene(when, person.key, deeds.choose_time_zone(person.time_zone))
    yield Scene(day(2, "08:48"), "admin", deeds.set_open_sign_up(is_open=False))
    yield Scene(day(9, "13:26"), "admin", deeds.set_open_sign_up(is_open=True))
