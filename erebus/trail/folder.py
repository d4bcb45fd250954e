"""A folder in which checkpoints are kept: a file a log, a checkpoint a line, the newest last.

At most one a log and minute is kept, and only when the log has gone on; the newest `KEPT` of them. One would do to find
that the end was cut off. The others narrow down since when the log was rewritten, and what lies further back than the
ring reaches has nothing left to be compared with: a default ring's length is enough, and a file stays below 50 kB.

Files are written anew and put in place at once, under a lock that processes and threads share; a reader needs none.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from erebus.trail.checkpoints import Checkpoint, read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT = 100
PAUSE = 60_000  # milliseconds between two checkpoints of a log
_TRIES, _WAIT = 50, 0.01  # seconds; somebody else's writing takes a few milliseconds
_LONGEST_NAME = 200  # bytes; file systems take 255


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints below *path*, which is made when the first one is kept. All methods raise OSError."""

    path: Path

    def of(self, log_id: str) -> list[Checkpoint]:
        """Return the checkpoints of the log *log_id*, oldest first; a line that is none is given as `UNREADABLE`."""
        return [read_checkpoint(line) for line in _lines(self._file(log_id))]

    def keep(self, checkpoint: Checkpoint) -> bool:
        """Keep *checkpoint* if its log has gone on, and the newest one is a minute old; return whether it was kept."""
        file = self._file(checkpoint.log_id)
        if not _is_due(checkpoint, _lines(file)):
            return False
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock():
            lines = _lines(file)
            if not _is_due(checkpoint, lines):
                return False
            write_whole(file, "".join(f"{line}\n" for line in [*lines, checkpoint.as_line()][-KEPT:]))
        return True

    def try_out(self) -> None:
        """Raise OSError if nothing can be kept here."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path / ".tried"
        write_whole(draft, "")
        draft.unlink(missing_ok=True)

    def log_ids(self) -> list[str]:
        """Return the ids of the logs of which there are checkpoints."""
        return sorted({self._log_id(file) for file in self.path.glob("*.jsonl")})

    def _log_id(self, file: Path) -> str:
        named = [c.log_id for c in map(read_checkpoint, _lines(file)) if c.log_id and self._file(c.log_id) == file]
        return named[0] if named else unquote(file.stem)

    def _file(self, log_id: str) -> Path:
        name = quote(log_id, safe="", errors="replace")
        if len(name) > _LONGEST_NAME:
            name = hashlib.sha256(log_id.encode(errors="replace")).hexdigest()
        return self.path / f"{name}.jsonl"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the folder's lock. Raises TimeoutError if another process does not let go of it in time."""
        with (self.path / ".lock").open("a") as file:
            for _ in range(_TRIES):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(_WAIT)
                else:
                    break
            else:
                raise TimeoutError
            yield


def write_whole(file: Path, text: str) -> None:
    """Put *text* into *file*, all of it or nothing, whatever happens meanwhile. Raises OSError."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as opened:
            opened.write(text.encode(errors="replace"))
            os.fsync(descriptor)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _is_due(checkpoint: Checkpoint, lines: list[str]) -> bool:
    if not lines:
        return checkpoint.number > 0
    newest = read_checkpoint(lines[-1])
    is_soon = 0 <= checkpoint.time - newest.time < PAUSE  # a newer one in the future: the clock was put back
    return checkpoint.number > newest.number and not is_soon
