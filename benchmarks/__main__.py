"""``python -m benchmarks``: measure what is missing, print the tables, keep them in docs/benchmarks.md."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import reading, size, start, tables, throughput, writes
from benchmarks.rounds import Rounds
from benchmarks.workers import databases

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".bench.jsonl"


def main() -> None:
    """Do it all; what was stopped goes on. Delete ``.bench.jsonl`` to begin anew."""
    rounds = Rounds(FILE)
    with databases() as found:
        writes.measure(rounds, found)
        throughput.measure(rounds, found)
        size.measure(rounds, found)
        start.measure(rounds)
        reading.measure(rounds, found)
        text = tables.render(rounds, found)
    (ROOT / "docs" / "benchmarks.md").write_text(text)
    FILE.unlink()
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
