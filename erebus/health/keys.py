"""Whether the keys are the right ones, and nobody else can read them."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from erebus import config
from erebus.db import db
from erebus.health.answers import Answer, some, to_be_done, warning, well
from erebus.plugins import installation
from erebus.records import SigningKey
from erebus.trail import key_fits

if TYPE_CHECKING:
    from erebus.config import Settings


_NO_RECORD = "no record was made yet: its key is made with the first one"
_LOST = f"Put {config.RECORD_KEY} back from a backup. Without it, what it has signed cannot be verified any more."
_PUT_BACK = (
    f"Put {config.RECORD_KEY} and {config.RECORD_OLD_KEYS} back from a backup, readable by Erebus alone. Do not delete"
    " them: what they have signed could not be verified any more."
)


def keys() -> Answer:
    """Ask whether the chain's key is the one that the logs were written with, and whether others can read the keys."""
    if key_fits(db.session.connection()) is False:
        text = "the newest events were not written with this chain key"
        to_do = "Put the right chain.key into the instance folder, or set EREBUS_CHAIN_KEY, before anybody works on."
        return to_be_done(text, to_do)
    if readable := [name for name in ("chain.key", "session.key", config.RECORD_KEY) if _is_open(name)]:
        return to_be_done(
            f"others can read {some(readable)}",
            f"chmod 600 {' '.join(readable)}, in the instance folder",
        )
    return well("the chain key is the one that the logs were written with; nobody else can read the keys")


def record_keys() -> Answer:
    """Ask whether the keys of records are there and whole. It makes none."""
    settings: Settings = installation().settings
    file = settings.instance_path / config.RECORD_KEY
    try:
        old = config.record_old_keys(settings)
        if not settings.record_key and not file.exists():
            return to_be_done(f"{file.name} is gone, and there are older keys", _LOST) if old else well(_NO_RECORD)
        key = SigningKey(config.record_key(settings))
        if settings.record_key and file.exists():
            unused = SigningKey(config.record_key(replace(settings, record_key="")))
            if unused.public not in {key.public, *old}:
                text = f"what {file.name} has signed is not verified, for EREBUS_RECORD_KEY is set"
                return warning(
                    text, f"Add {unused.public.hex()} to EREBUS_RECORD_OLD_KEYS, if it ever signed a record."
                )
    except OSError as error:
        return to_be_done(f"no record can be made or verified: {error.strerror or error}", _PUT_BACK)
    return well(f"records are signed with the key {key.id}; older keys that verify: {len(old)}")


def _is_open(name: str) -> bool:
    """Return whether others than the owner can do anything with a key's file."""
    settings: Settings = installation().settings
    path = settings.instance_path / name
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
