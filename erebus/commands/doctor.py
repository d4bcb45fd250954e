"""``flask erebus doctor``: what is well with this installation, what is not, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from erebus.health import QUESTIONS, ask


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each answer.")
@with_appcontext
def doctor(*, as_json: bool) -> None:
    """Look at triggers, keys, journal, clock, capacities, descriptions, checkpoints and the last verification.

    The exit code is 1 if something must be done.
    """
    answers = ask(QUESTIONS)
    for name, answer in answers.items():
        if as_json:
            click.echo(json.dumps({"name": name, **asdict(answer)}))
            continue
        click.echo(f"{'well' if answer.is_ok else 'DO':<5} {name:<13} {answer.text}")
        if answer.to_do:
            click.echo(f"{'':<19} → {answer.to_do}")
    sys.exit(0 if all(answer.is_ok for answer in answers.values()) else 1)
