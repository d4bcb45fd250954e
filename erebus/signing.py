"""The keys of this installation that sign records and verify them, and their rotation.

They are read anew each time: a key that was rotated counts at once, in every process.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from erebus import config
from erebus.plugins import installation
from erebus.records import PublicKeys, SigningKey
from erebus.trail.folder import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SEED_BYTES = 32


class KeysAreUnreadable(OSError):  # noqa: N818 - named after what happened
    """The keys of records can be neither read nor made; the text says why, and nothing of them."""


class Rotation(NamedTuple):
    """The ids of the key that signed so far and of the new one.

    Where the key comes from a setting, *to_set* is what has to be set in the environment, by name: nothing was changed.
    """

    before: str
    after: str
    to_set: dict[str, str]


def signing_key() -> SigningKey:
    """Return the key that signs records now. Raises `KeysAreUnreadable`."""
    with _told():
        return SigningKey(config.record_key(installation().settings))


def public_keys() -> PublicKeys:
    """Return the keys that records of this installation are verified with, the current one first.

    Raises `KeysAreUnreadable`. The current one is read first: rotated in between, it is among the old ones.
    """
    with _told():
        return PublicKeys([signing_key().public, *config.record_old_keys(installation().settings)])


def rotate() -> Rotation:
    """Let a new key sign from now on; what the old one has signed is verified as before. Raises OSError.

    The old public key is kept before the new key is put in place: whoever is stopped in between has lost nothing.
    """
    settings = installation().settings
    seed = secrets.token_bytes(_SEED_BYTES)
    if settings.record_key:
        return Rotation(signing_key().id, SigningKey(seed).id, _to_set(seed))
    with _lock(settings.instance_path):
        old = signing_key()
        _keep_old(settings.instance_path / config.RECORD_OLD_KEYS, old.public.hex())
        _put(settings.instance_path / config.RECORD_KEY, seed.hex())
    return Rotation(old.id, SigningKey(seed).id, {})


def _to_set(seed: bytes) -> dict[str, str]:
    settings = installation().settings
    old = [part for part in (*settings.record_old_keys.split(","), signing_key().public.hex()) if part.strip()]
    return {"EREBUS_RECORD_KEY": seed.hex(), "EREBUS_RECORD_OLD_KEYS": ",".join(old)}


def _keep_old(file: Path, key: str) -> None:
    kept = file.read_text().split() if file.exists() else []
    if key not in kept:
        _put(file, "".join(f"{line}\n" for line in [*kept, key]))


def _put(file: Path, text: str) -> None:
    """Put *text* into *file* at once, and wait until the disk has it, by its name, too."""
    write_whole(file, text)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the file system says into `KeysAreUnreadable`, without the path."""
    try:
        yield
    except OSError as error:
        raise KeysAreUnreadable(error.strerror or str(error)) from None


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".record.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
