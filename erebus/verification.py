"""Verifying a log as this installation does: against the checkpoints in the instance folder, and keeping one more.

Nothing here may break a page: where a checkpoint cannot be read or kept, that is said, and the log is verified all the
same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erebus import clock
from erebus.db import db
from erebus.plugins import installation
from erebus.trail import CheckpointFolder, Fault, Finding, Verification, key_of, log_ids, read_log, seal, verify
from erebus.trail.folder import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from erebus.trail import AuditLog, Checkpoint

_AGAINST_CHECKPOINTS = {Finding.CUT_OFF, Finding.REWRITTEN, Finding.HEAD, Finding.GONE}


@dataclass(frozen=True)
class Examination:
    """A log with the outcome of its verification, both None where there is none; *trouble* is with its checkpoints."""

    log: AuditLog | None
    verification: Verification | None
    trouble: str = ""


@dataclass(frozen=True)
class LastVerification:
    """When all logs were last verified (milliseconds since 1970, UTC), how many there were, and which are not sound."""

    time: int
    logs: int
    unsound: tuple[str, ...]


def checkpoints() -> CheckpointFolder:
    """Return the folder of the checkpoints."""
    return CheckpointFolder(installation().settings.instance_path / "checkpoints")


def examine(log_id: str, further: Iterable[Checkpoint] = ()) -> Examination:
    """Verify the log *log_id* against what checkpoints there are, and *further* ones; keep one if it is intact."""
    trouble, known = _known(log_id)
    log, verification = _verify(log_id, [*known, *further])
    if log and verification and verification.is_intact:
        trouble = trouble or _keep(log)
    return Examination(log, verification, trouble)


def examine_here(log_id: str) -> Examination:
    """Verify the log *log_id* within the open transaction: nothing is read anew, and no checkpoint is kept."""
    trouble, known = _known(log_id)
    return Examination(*_look(log_id, known), trouble)


def all_log_ids() -> list[str]:
    """Return the ids of all logs: those in the database, and those that there are only checkpoints of."""
    try:
        known = checkpoints().log_ids()
    except OSError:
        known = []
    return sorted({*log_ids(db.session.connection()), *known})


def record(verifications: Sequence[Verification]) -> None:
    """Keep when all logs were verified, and what came of it. Raises OSError."""
    unsound = [v.log_id for v in verifications if not v.is_sound]
    told = {"time": clock.milliseconds(), "logs": len(verifications), "unsound": unsound}
    write_whole(_record(), json.dumps(told))


def last_verification() -> LastVerification | None:
    """Return when all logs were last verified, None if that is not known."""
    try:
        told = json.loads(_record().read_text())
        return LastVerification(int(told["time"]), int(told["logs"]), tuple(map(str, told["unsound"])))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def gone(log_id: str) -> Verification:
    """Return the outcome for an id that is listed, and of which nothing can be read."""
    fault = Fault(Finding.GONE, None, "nothing of this log can be read")
    return Verification(log_id, 0, 0, 0, 0, b"", fault)


def _known(log_id: str) -> tuple[str, list[Checkpoint]]:
    """Return the checkpoints of a log, and what prevented reading them."""
    try:
        return "", checkpoints().of(log_id)
    except OSError as error:
        return f"The checkpoints of this log cannot be read: {_told(error)}.", []


def _verify(log_id: str, known: Sequence[Checkpoint]) -> tuple[AuditLog | None, Verification | None]:
    """Read and verify; once more on fresh data where the log seems to end too soon.

    A reader's snapshot on SQLite may be older than a checkpoint that another process has kept meanwhile.
    """
    log, verification = _look(log_id, known)
    if verification and verification.fault and verification.fault.finding in _AGAINST_CHECKPOINTS:
        db.session.rollback()
        log, verification = _look(log_id, known)
    return log, verification


def _look(log_id: str, known: Sequence[Checkpoint]) -> tuple[AuditLog | None, Verification | None]:
    connection = db.session.connection()
    log = read_log(connection, log_id)
    try:
        return log, verify(connection, log or log_id, known)
    except LookupError:
        return None, None


def seal_now(log: AuditLog) -> Checkpoint:
    """Return a checkpoint of *log* as of now."""
    return seal(log, key_of(db.session.connection()), clock.milliseconds())


def _keep(log: AuditLog) -> str:
    """Keep a checkpoint of *log*; return what prevented it."""
    try:
        checkpoints().keep(seal_now(log))
    except OSError as error:
        return f"No checkpoint of this log could be kept: {_told(error)}."
    return ""


def _told(error: OSError) -> str:
    """Return what went wrong, without the path that Python tells with it."""
    return error.strerror or type(error).__name__


def _record() -> Path:
    return installation().settings.instance_path / "verification.json"
