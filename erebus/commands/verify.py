"""``flask erebus verify``: whether what the logs hold is what was written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click
from flask.cli import with_appcontext

from erebus.answering import answering
from erebus.commands.logs import UNANSWERED, chosen_logs
from erebus.db import db
from erebus.trail import is_genuine, key_of, read_checkpoint
from erebus.verification import examine, gone, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from erebus.trail import Checkpoint, Verification


@click.command()
@click.argument("project", required=False)
@click.option("--against", type=click.File(errors="replace"), help="Compare with exported checkpoints, too.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each log.")
@with_appcontext
def verify(project: str | None, against: TextIO | None, *, as_json: bool) -> None:
    """Verify all logs, or that of PROJECT: a slug, an id, or "platform".

    The exit code is 0 if all are sound, 1 if one is not, or a line of the file is no checkpoint of ours, 2 if the
    question cannot be answered.
    """
    with answering(UNANSWERED):
        exported, strange = _read(against) if against else ({}, [])
        found = []
        for verification in _verify(_chosen(project, exported if against else None), exported):
            found.append(verification)
            if as_json:
                click.echo(json.dumps(_as_json(verification)))
            elif not verification.is_sound or project is not None:
                click.echo(_told(verification))
    for number in strange:
        click.echo(f"line {number} was not made with this installation's key, or was changed since", err=True)
    if project is None:
        _record(found)
        if not as_json:
            click.echo(_summary(found))
    sys.exit(0 if all(v.is_sound for v in found) and not strange else 1)


def _chosen(project: str | None, exported: Mapping[str, object] | None) -> Sequence[str]:
    """Return the logs to verify: also those that only the *exported* checkpoints know of."""
    logs = chosen_logs(project)
    if project is None:
        return sorted({*logs, *(exported or ())})
    if exported is not None and logs[0] not in exported:
        message = f"it holds no checkpoint of {project!r}: nothing could be compared."
        raise click.BadParameter(message, param_hint="--against")
    return logs


def _verify(logs: Sequence[str], exported: Mapping[str, Sequence[Checkpoint]]) -> Iterator[Verification]:
    with click.progressbar(logs, label="Verifying", file=sys.stderr) as shown:
        for log_id in shown:
            db.session.rollback()  # each log is read as it stands now, and no snapshot is held for long
            examined = examine(log_id, exported.get(log_id, ()))
            if examined.trouble:
                click.echo(f"{log_id}: {examined.trouble}", err=True)
            yield examined.verification or gone(log_id)


def _read(file: TextIO) -> tuple[dict[str, list[Checkpoint]], list[int]]:
    """Return the checkpoints in *file* by log, and the numbers of the lines that are none of this installation's."""
    key = key_of(db.session.connection())
    found: dict[str, list[Checkpoint]] = {}
    strange = []
    for number, line in enumerate(file, 1):
        checkpoint = read_checkpoint(line)
        if is_genuine(checkpoint, key):
            found.setdefault(checkpoint.log_id, []).append(checkpoint)
        elif line.strip():
            strange.append(number)
    return found, strange


def _told(verification: Verification) -> str:
    if verification.fault:
        return f"{verification.log_id}: {verification.fault.finding}: {verification.finding}"
    return f"{verification.log_id}: sound, {_range(verification)}. {_proof(verification)}"


def _range(verification: Verification) -> str:
    if not verification.checked:
        return "without an event yet"
    return f"#{verification.first} to #{verification.last}, {verification.checked} events checked"


def _proof(verification: Verification) -> str:
    """Say what the checkpoints prove: a hash can be compared as long as its event, or the next one, is kept."""
    if verification.anchor:
        return f"Nothing up to #{verification.anchor.number} was rewritten since {verification.anchor.moment}."
    if verification.compared:
        return "It goes on beyond its checkpoints, whose events are displaced: no hash could be compared."
    return "There was no checkpoint to compare it with."


def _summary(found: Sequence[Verification]) -> str:
    sound = [v for v in found if v.is_sound]
    events, compared = sum(v.checked for v in sound), sum(v.anchor is not None for v in sound)
    told = f"{len(sound)} of {len(found)} logs sound: {events} events checked, {compared} of them with a checkpoint."
    return told if found else "There is no log yet."


def _as_json(verification: Verification) -> dict[str, Any]:
    anchor = verification.anchor
    return {
        "log": verification.log_id,
        "sound": verification.is_sound,
        "finding": verification.fault.finding.value if verification.fault else None,
        "number": verification.wrong,
        "words": verification.finding,
        "first": verification.first,
        "last": verification.last,
        "checked": verification.checked,
        "head": {"number": verification.head_number, "hash": verification.head_hash.hex()},
        "checkpoints": verification.compared,
        "proven": {"number": anchor.number, "time": anchor.time} if anchor else None,
    }


def _record(found: Iterable[Verification]) -> None:
    try:
        record(list(found))
    except OSError as error:
        click.echo(f"That this was verified could not be kept: {error.strerror}.", err=True)
