"""A process with one variant on one database: takes orders as lines of JSON, answers each with one."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

from sqlalchemy import create_engine

from benchmarks.work import Bench
from erebus.db import prepare


def main() -> None:
    """Serve orders until there are no more. Arguments: the variant's name, the database's URL."""
    name, url = sys.argv[1:]
    engine = create_engine(url)
    prepare(engine)
    bench = Bench(engine, import_module(f"benchmarks.variants.{name}").install(engine))
    orders = Orders(bench)
    answer({"ready": name})
    for line in sys.stdin:
        order = json.loads(line)
        answer(getattr(orders, order.pop("order"))(**order))


def answer(what: object) -> None:
    """Answer an order."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Orders:
    """What a worker can be told to do; times are seconds."""

    def __init__(self, bench: Bench) -> None:
        """Do it with *bench*."""
        self.bench = bench

    def times(self, unit: str, count: int) -> list[float]:
        """Do *unit* *count* times, and return how long each took."""
        return [getattr(self.bench, unit)() for _ in range(count)]

    def project(self) -> str:
        """Make a project, and return its id."""
        return self.bench.a_project()

    def keys(self, project_id: str, count: int) -> list[str]:
        """Make keys in a project, and return their ids."""
        return [self.bench.a_key(project_id) for _ in range(count)]

    def updates(self, count: int) -> int:
        """Change the label of one key *count* times, each in a transaction of its own."""
        key_id = self.bench.a_key()
        for _ in range(count):
            self.bench.update(key_id)
        return count

    def write(self, key_ids: list[str], seconds: float, pause: float) -> dict[str, Any]:
        """Change the keys for *seconds*, in transactions of two flushes with *pause* seconds between them; count."""
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            self.bench.two_flushes(key_ids, pause)
            done += 1
        return {"done": done, "seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    main()
