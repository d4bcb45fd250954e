"""The one password of all demo accounts: the setting, or one that is made up once and kept in the instance folder."""

from __future__ import annotations

import os
import secrets
import string
from typing import TYPE_CHECKING

from erebus.config import SettingError

if TYPE_CHECKING:
    from pathlib import Path

    from erebus.config import Settings

_WORDS = (  # noqa: SIM905 - a list of sixty words would be sixty lines
    "amber anchor autumn badger basalt beacon birch bramble canyon cedar cinder comet copper coral cotton "
    "cricket dune ember falcon fennel garnet ginger glacier granite harbour hazel heron indigo ivory jasper juniper "
    "kettle lantern lichen linen lupin magnet maple marble meadow nutmeg oasis orchid otter pebble pepper plum "
    "quartz raven ribbon saffron sparrow tundra velvet walnut willow"
).split()
_LONGEST = 128


def choose(settings: Settings) -> str:
    """Return the password for new accounts, and keep it for `candidates`.

    Raises `SettingError` for one with which nobody could sign in.
    """
    password = settings.demo_password or "-".join([*(secrets.choice(_WORDS) for _ in range(3)), _number()])
    if len(password) > _LONGEST or not password.isprintable() or not password.strip():
        message = f"EREBUS_DEMO_PASSWORD must be at most {_LONGEST} characters that can be seen, not all of them spaces"
        raise SettingError(message)
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
        kept.write(password)
    return password


def candidates(settings: Settings) -> list[str]:
    """Return what the password of accounts that exist can be, the likeliest first."""
    file = _file(settings)
    kept = file.read_text(encoding="utf-8") if file.exists() else ""
    return [password for password in dict.fromkeys((kept, settings.demo_password)) if password]


def _file(settings: Settings) -> Path:
    return settings.instance_path / "demo.password"


def _number() -> str:
    return "".join(secrets.choice(string.digits) for _ in range(2))
