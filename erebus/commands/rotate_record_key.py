"""``flask erebus rotate-record-key``: another key signs records from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from erebus.signing import rotate

if TYPE_CHECKING:
    from erebus.signing import Rotation


@click.command("rotate-record-key")
@with_appcontext
def rotate_record_key() -> None:
    """Let a new key sign records. What the old one has signed is verified as before, by its public key.

    The server need not be restarted. Where EREBUS_RECORD_KEY is set, nothing is changed: what to set instead is
    printed, the new private key with it.
    """
    try:
        rotation = rotate()
    except OSError as error:
        message = f"no key was changed: {error.strerror or error}"
        raise click.ClickException(message) from None
    click.echo(_to_be_set(rotation) if rotation.to_set else _told(rotation))


def _told(rotation: Rotation) -> str:
    return (
        f"Records are signed with the key {rotation.after} from now on.\n"
        f"Those signed with {rotation.before} are verified as before: keep record-old.keys in the instance folder.\n"
        "Whoever verifies without asking this installation fetches /.well-known/erebus-keys.json anew."
    )


def _to_be_set(rotation: Rotation) -> str:
    lines = "\n".join(f"{name}={value}" for name, value in rotation.to_set.items())
    return (
        f"The key comes from EREBUS_RECORD_KEY, so nothing was changed. To replace {rotation.before} by"
        f" {rotation.after}, set both of these, then restart every server. The first one is secret.\n{lines}"
    )
