"""Writes: single ones, and a thousand in one flush."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.workers import workers

if TYPE_CHECKING:
    from benchmarks.rounds import Rounds
    from benchmarks.workers import Databases, Worker

ROUNDS = 24
UNITS = {"create": 12, "update": 12, "update_unlocked": 12, "delete": 12, "insert_many": 1, "update_many": 1}
"""How often a round does each unit; its value is the mean."""
VARIANTS = {
    "SQLite": ["plain", "erebus", "handwritten", "continuum", "history"],
    "PostgreSQL": ["plain", "erebus", "handwritten", "continuum", "history", "triggers"],
}


def measure(rounds: Rounds, databases: dict[str, Databases]) -> None:
    """Take the rounds that are missing."""
    for kind, variants in VARIANTS.items():
        missing = [u for u in UNITS if rounds.count(name(kind, u)) < ROUNDS]
        if missing:
            with workers(variants, databases[kind]) as started:
                own = {variant: started[variant][0] for variant in variants}
                for unit in missing:
                    _warm_up(own, unit)
                    rounds.run(name(kind, unit), ROUNDS, variants, partial(_mean, own, unit))


def name(kind: str, unit: str) -> str:
    """Return the name of a measure."""
    return f"{kind}, {unit}"


def _warm_up(own: dict[str, Worker], unit: str) -> None:
    for worker in own.values():
        worker.ask("times", unit=unit, count=2)


def _mean(own: dict[str, Worker], unit: str, variant: str) -> float:
    times = own[variant].ask("times", unit=unit, count=UNITS[unit])
    return float(sum(times) / len(times))
