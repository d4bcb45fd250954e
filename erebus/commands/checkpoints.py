"""``flask erebus checkpoints``: take them out of the house, so that nobody in it can take them away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from erebus.answering import answering
from erebus.commands.logs import UNANSWERED, chosen_logs
from erebus.db import db
from erebus.trail import is_genuine, key_of
from erebus.verification import checkpoints as folder
from erebus.verification import examine, seal_now

if TYPE_CHECKING:
    from erebus.trail import Checkpoint
    from erebus.verification import Examination


@click.group()
def checkpoints() -> None:
    """Where the logs stood, to be proven later."""


@checkpoints.command()
@click.argument("project", required=False)
@with_appcontext
def export(project: str | None) -> None:
    """Print the checkpoints of all logs, or of PROJECT's, a line of JSON each, with one of now.

    Keep them somewhere else, and give them to "flask erebus verify --against". The exit code is 1 if a log is not
    intact: of that one there is no checkpoint of now.
    """
    is_intact = True
    with answering(UNANSWERED):
        for log_id in chosen_logs(project):
            db.session.rollback()
            examined = examine(log_id)
            if examined.trouble:
                click.echo(f"{log_id}: {examined.trouble}", err=True)
            if examined.verification and not examined.verification.is_intact:
                is_intact = False
                click.echo(f"{log_id} is not intact: run flask erebus verify", err=True)
            for checkpoint in _kept(log_id, examined):
                click.echo(checkpoint.as_line())
    sys.exit(0 if is_intact else 1)


def _kept(log_id: str, examined: Examination) -> list[Checkpoint]:
    """Return the checkpoints of a log, with one of now if it is intact and has gone on."""
    key, log = key_of(db.session.connection()), examined.log
    try:
        kept = [c for c in folder().of(log_id) if is_genuine(c, key)]
    except OSError:  # `examine` has said so
        kept = []
    is_intact = examined.verification is not None and examined.verification.is_intact
    if log and is_intact and log.head_number > max((c.number for c in kept), default=0):
        kept.append(seal_now(log))
    return kept
