"""``flask erebus doctor``: what is well with this installation, what is not, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from erebus.health import QUESTIONS, ask

if TYPE_CHECKING:
    from erebus.health import Answer


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each answer.")
@with_appcontext
def doctor(*, as_json: bool) -> None:
    """Look at all that an installation's logs rest on, from their triggers to the last verification.

    The exit code is 1 if something must be done; a warning is no such thing.
    """
    answers = ask(QUESTIONS)
    for name, answer in answers.items():
        if as_json:
            click.echo(json.dumps({"name": name, **asdict(answer)}))
            continue
        click.echo(f"{_mark(answer):<5} {name:<13} {answer.text}")
        if answer.to_do:
            click.echo(f"{'':<19} → {answer.to_do}")
    sys.exit(0 if all(answer.is_ok for answer in answers.values()) else 1)


def _mark(answer: Answer) -> str:
    if answer.is_warning:
        return "warn"
    return "well" if answer.is_ok else "DO"
