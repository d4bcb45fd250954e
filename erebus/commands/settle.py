"""``flask erebus settle``: write the summaries of failures that were only counted, where their time has come."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from erebus import clock, trail
from erebus.answering import answering
from erebus.db import db

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger("erebus.settle")


@click.command()
@with_appcontext
def settle() -> None:
    """Write the summaries of failures that were only counted, where their time has come.

    The next event of a log does so by itself, and so does the start of the server.
    """
    with answering():
        count = trail.settle_due(db.engine, clock.milliseconds())
    click.echo(f"{count} log{' has' if count == 1 else 's have'} been told of failures that were only counted.")


def settle_at_start(app: Flask) -> None:
    """Settle before the first request. A database that is not ready yet is no reason not to serve."""
    with app.app_context():
        try:
            trail.settle_due(db.engine, clock.milliseconds())
        except SQLAlchemyError:
            _log.warning("failures that were counted could not be settled: the database is not ready")
        finally:
            db.engine.dispose()
