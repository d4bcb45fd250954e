"""Rounds: what was measured is written down at once, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Values = dict[str, list[float]]
"""The value of each round, by variant."""


class Rounds:
    """All that was measured so far, by the name of the measure, in a file of one line a round."""

    def __init__(self, file: Path) -> None:
        """Go on with what is in *file*."""
        self.file = file
        self.values: dict[str, Values] = defaultdict(lambda: defaultdict(list))
        for line in file.read_text().splitlines() if file.exists() else ():
            self._take(*json.loads(line))

    def _take(self, measure: str, values: dict[str, float]) -> None:
        for variant, value in values.items():
            self.values[measure][variant].append(value)

    def count(self, measure: str) -> int:
        """Return how many rounds of *measure* are done."""
        return min((len(v) for v in self.values[measure].values()), default=0)

    def run(self, measure: str, wanted: int, variants: Sequence[str], take: Callable[[str], float]) -> None:
        """Do the rounds of *measure* that are missing: each takes every variant once, in an order by chance."""
        for done in range(self.count(measure), wanted):
            order = random.sample(variants, len(variants))
            found = {variant: take(variant) for variant in order}
            with self.file.open("a") as file:
                file.write(json.dumps([measure, found]) + "\n")
            self._take(measure, found)
            sys.stderr.write(f"\r\033[K{measure}: {done + 1} of {wanted}")
            sys.stderr.flush()

    def ratios(self, measure: str, base: str) -> dict[str, tuple[float, float]]:
        """Return by variant the ratio of the medians, and of the best rounds, to those of *base*; less is better."""
        found = self.values[measure]
        plain = found[base]
        return {v: (median(t) / median(plain), min(t) / min(plain)) for v, t in found.items() if v != base}
