"""``flask erebus capacity``: how many events a log keeps."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from erebus import clock, trail
from erebus.answering import answering
from erebus.commands.logs import log_called
from erebus.db import db, transaction


@click.command()
@click.argument("log")
@click.argument("capacity", type=int, metavar="N")
@click.option("--yes", is_flag=True, help="Do not ask before events are displaced.")
@with_appcontext
def capacity(log: str, capacity: int, *, yes: bool) -> None:
    """Let LOG keep its N newest events, from 10 to 10000.

    LOG is a project's address or id, also of a deleted one, or `platform`. The change is an event of that log.
    """
    with answering():
        try:
            change = _change(log_called(log) or log, capacity, yes=yes)
        except (trail.UnknownLogError, trail.CapacityError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(_told(change))


def _change(log_id: str, capacity: int, *, yes: bool) -> trail.CapacityChange:
    planned = trail.plan_capacity(db.session.connection(), log_id, capacity)
    if planned.displaced and not yes:
        click.confirm(f"{_events(planned.displaced)} will be displaced for good. Go on?", abort=True)
    with transaction() as session:
        return trail.change_capacity(session.connection(), log_id, capacity, trail.SYSTEM, clock.milliseconds())


def _told(change: trail.CapacityChange) -> str:
    if change.before == change.after:
        return f"It keeps {_events(change.after)} already. Nothing was changed."
    return f"It keeps {_events(change.after)} now, {change.before} before; {change.displaced} displaced."


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"
