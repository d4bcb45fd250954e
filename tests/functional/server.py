"""Erebus as it really runs: migrations, demo and gunicorn in processes of their own, on a SQLite file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DEMO_PASSWORD = "amber-otter-lantern-42"
_PATIENCE = 60  # seconds for whatever a process of ours has to do


@dataclass(frozen=True)
class Live:
    """A server that runs."""

    address: str
    instance: Path


Serve = Callable[..., AbstractContextManager[Live]]


def prepare(instance: Path, *, with_demo: bool) -> None:
    """Make the database of an Erebus whose instance folder is *instance*."""
    _run("upgrade", _environment(instance))
    if with_demo:
        _run("demo", _environment(instance))


@contextmanager
def live(instance: Path) -> Iterator[Live]:
    """Serve what was prepared in *instance*; it is stopped at the end, by its id."""
    with socket.create_server(("127.0.0.1", 0)) as door:  # listens at once: who connects waits
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{door.fileno()}", "wsgi:app"]
        with (instance / "server.log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, env=_environment(instance), pass_fds=[door.fileno()], stdout=log, stderr=log
            )
        try:
            _await_answer(door.getsockname()[1])
            yield Live(f"http://127.0.0.1:{door.getsockname()[1]}", instance)
        finally:
            server.terminate()
            server.wait(_PATIENCE)


def _await_answer(port: int) -> None:
    """Wait until the server has started: a browser has less patience."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as connection:
        connection.request("GET", "/healthz")
        connection.getresponse().read()


def _environment(instance: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREBUS_")}
    return kept | {
        "EREBUS_INSTANCE_PATH": str(instance),
        "EREBUS_DEMO_PASSWORD": DEMO_PASSWORD,
        "FLASK_APP": "wsgi",
    }


def _run(command: str, environment: dict[str, str]) -> None:
    arguments = [sys.executable, "-m", "flask", "erebus", command]
    subprocess.run(arguments, cwd=ROOT, env=environment, check=True, timeout=_PATIENCE, capture_output=True)
