"""The one password of all demo accounts: the setting, or one that is made up once and kept in the instance folder.

One folder may serve several databases, each with a demo: a password that accounts have is not forgotten for another.
"""

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
    """Return the password for new accounts: the setting, that of an earlier demo in this instance folder, or a new one.

    Raises `SettingError` for one with which nobody could sign in.
    """
    password = settings.demo_password or next(iter(_kept(settings)), "") or _made_up()
    if len(password) > _LONGEST or not password.isprintable() or not password.strip():
        message = f"EREBUS_DEMO_PASSWORD must be at most {_LONGEST} characters that can be seen, not all of them spaces"
        raise SettingError(message)
    return password


def keep(settings: Settings, password: str) -> None:
    """Keep the *password* that accounts have been given, above those of demos in other databases, a line each."""
    lines = dict.fromkeys((password, *_kept(settings)))
    file = _file(settings)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
        kept.write("\n".join(lines))


def candidates(settings: Settings) -> list[str]:
    """Return what the password of accounts that exist can be, the likeliest first."""
    return [password for password in dict.fromkeys((*_kept(settings), settings.demo_password)) if password]


def _kept(settings: Settings) -> list[str]:
    file = _file(settings)
    return file.read_text(encoding="utf-8").split("\n") if file.exists() else []


def _file(settings: Settings) -> Path:
    return settings.instance_path / "demo.password"


def _made_up() -> str:
    words = (secrets.choice(_WORDS) for _ in range(3))
    return "-".join([*words, "".join(secrets.choice(string.digits) for _ in range(2))])
