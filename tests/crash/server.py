"""A server that dies: gunicorn as it really runs, killed without warning and started again on the same socket."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent.parent
_PATIENCE = 30  # seconds for processes to be gone
_WORKERS = 2


class Server:
    """Erebus served by several processes of several threads; whoever connects while it is down waits for the next."""

    def __init__(self, door: socket.socket, settings: Mapping[str, str], log: Path) -> None:
        self.port: int = door.getsockname()[1]
        self.log = log
        self._door = door
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EREBUS_")}
        self._environment = kept | {f"EREBUS_{name}": value for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        number = self._door.fileno()
        command = [sys.executable, "-m", "gunicorn", "-w", str(_WORKERS), "--bind", f"fd://{number}", "wsgi:app"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, pass_fds=[number], stdout=log, stderr=log
            )

    def processes(self) -> list[psutil.Process]:
        """All processes of the server, the one that watches over the others first."""
        return family(self._process.pid) if self._process else []

    def reap(self) -> None:
        if self._process is not None:
            self._process.wait(_PATIENCE)
            self._process = None


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def kill(processes: list[psutil.Process]) -> None:
    """Kill each of *processes*, in any order, by its id and without warning; return when all are gone."""
    for process in random.sample(processes, len(processes)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, left = psutil.wait_procs(processes, _PATIENCE)
    assert left == []


@contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as door:
        server = Server(door, settings, log)
        server.start()
        try:
            yield server
        finally:
            kill(server.processes())
            server.reap()
