"""Throughput on PostgreSQL: several writers at once, each a process, in transactions of two flushes."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.workers import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rounds import Rounds
    from benchmarks.workers import Databases, Worker

ROUNDS, SECONDS = 7, 2.0
VARIANTS = ["plain", "erebus", "handwritten"]
WRITERS = (1, 4, 8)
PAUSES = (0.0, 0.002)


class Case(NamedTuple):
    """How many write at once, into one project or each into its own, with how long a pause between two flushes."""

    writers: int
    is_one_project: bool
    pause: float

    @property
    def name(self) -> str:
        """Name the measure."""
        where = "one project" if self.is_one_project else "many projects"
        writers = "1 writer" if self.writers == 1 else f"{self.writers} writers"
        return f"{writers}, {where}, {self.pause * 1000:.0f} ms between flushes"


def cases() -> Iterator[Case]:
    """Yield all cases; one writer is in one project."""
    for case in map(Case._make, product(WRITERS, (True, False), PAUSES)):
        if case.writers > 1 or case.is_one_project:
            yield case


def measure(rounds: Rounds, databases: dict[str, Databases]) -> None:
    """Take the rounds that are missing; the value of one is seconds a transaction, over all writers together."""
    missing = [case for case in cases() if rounds.count(case.name) < ROUNDS]
    if not missing:
        return
    with workers(VARIANTS, databases["PostgreSQL"], max(WRITERS)) as started:
        for case in missing:
            keys = {variant: _keys(own[: case.writers], case) for variant, own in started.items()}
            rounds.run(case.name, ROUNDS, VARIANTS, partial(_write, started, keys, case))


def _keys(own: list[Worker], case: Case) -> list[list[str]]:
    """Make two keys for each writer; return their ids."""
    shared = own[0].ask("project")
    return [w.ask("keys", count=2, project_id=shared if case.is_one_project else w.ask("project")) for w in own]


def _write(started: dict[str, list[Worker]], keys: dict[str, list[list[str]]], case: Case, variant: str) -> float:
    busy = started[variant][: case.writers]
    for worker, key_ids in zip(busy, keys[variant], strict=True):
        worker.order("write", key_ids=key_ids, seconds=SECONDS, pause=case.pause)
    done = [worker.answer() for worker in busy]
    return 1 / float(sum(d["done"] / d["seconds"] for d in done))
