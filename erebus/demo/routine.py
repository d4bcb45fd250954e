"""What recurs in Kiteline Chat: fresh keys for builds and tests, load tests, deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import ProjectStatus
from erebus.demo import deeds
from erebus.demo.moments import WORKING_DAYS, day, long_ago, working_day
from erebus.demo.stage import Scene

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import datetime

_WEEKS = 12
_DEPLOYMENTS = {2: "12:05", 4: "12:10", 7: "12:02", 9: "12:15"}


def scenes(chance: random.Random, now: datetime) -> Iterator[Scene]:
    """Yield the routine up to *now*: a key a week at first, in the last two weeks more of everything."""
    yield from _weekly_builds(chance)
    for number in range(1, WORKING_DAYS + 1):
        yield from _test_runner(number, chance, working_day(number, now))
        yield from _load_test(number, chance)
        if number in _DEPLOYMENTS:
            yield from _deployment(number, chance)


def _weekly_builds(chance: random.Random) -> Iterator[Scene]:
    """Yield the change of the weekly build's key: what the log has displaced by now, most of it."""
    for week in range(1, _WEEKS + 1):
        days, label = 7 * (_WEEKS + 4 - week) - 6, f"Weekly build {week}"
        deed = deeds.create_key("chat", f"build{week}", label, Environment.DEVELOPMENT)
        yield Scene(long_ago(days, f"15:{chance.randint(2, 25):02}"), "developer", deed)
        deed = deeds.revoke(f"build{week}", "The week is over")
        yield Scene(long_ago(days - 3, f"16:{chance.randint(30, 45)}"), "developer", deed)
        yield Scene(long_ago(days - 3, f"16:{chance.randint(46, 58)}"), "developer", deeds.delete_key(f"build{week}"))


def _test_runner(number: int, chance: random.Random, today: datetime) -> Iterator[Scene]:
    """Yield the change of the test runner's key; what was revoked in the morning is deleted in the afternoon."""
    label = f"Test runner, {today.day} {today:%B}"
    deed = deeds.create_key("chat", f"runner{number}", label, Environment.DEVELOPMENT)
    yield Scene(day(number, f"08:{chance.randint(2, 15):02}"), "developer", deed)
    if number > 1:
        old = f"runner{number - 1}"
        yield Scene(day(number, f"08:{chance.randint(20, 40)}"), "developer", deeds.revoke(old, "Replaced by today's"))
        yield Scene(day(number, f"16:{chance.randint(35, 58)}"), "developer", deeds.delete_key(old))


def _load_test(number: int, chance: random.Random) -> Iterator[Scene]:
    if number > 1:
        yield Scene(day(number, f"17:{chance.randint(2, 12):02}"), "developer", deeds.enable("load"))
    yield Scene(day(number, f"17:{chance.randint(25, 50)}"), "developer", deeds.disable("load"))


def _deployment(number: int, chance: random.Random) -> Iterator[Scene]:
    who = chance.choice(("owner", "colleague"))
    start = _DEPLOYMENTS[number]
    yield Scene(day(number, start), who, deeds.set_status("chat", ProjectStatus.MAINTENANCE))
    end = f"12:{chance.randint(25, 55)}"
    yield Scene(day(number, end), who, deeds.set_status("chat", ProjectStatus.ACTIVE))
