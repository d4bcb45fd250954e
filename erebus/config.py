"""Settings: one typed place, read as strings from ``EREBUS_*`` and converted by declared type.

A mapping given to `create_app` wins over the environment. What cannot work is refused here, by name, before
anything is started. Flask's own ``from_prefixed_env`` is not used: it reads values as JSON, so that a password of
digits would become a number.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from dataclasses import dataclass, field, fields
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "EREBUS_"
_INSTALLED = Path(__file__).parent / "migrations"  # where a wheel has them
MIGRATIONS = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parent.parent / "migrations"
RECORD_KEY, RECORD_OLD_KEYS = "record.key", "record-old.keys"
"""The files of the instance folder with the key that signs records, and with the public ones of those before it."""
_KEY_BYTES = 32
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9._-]{1,144}(:[0-9]{1,5})?/?")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_OTHERS = ("EREBUS_TEST_", "EREBUS_SOAK_")  # what our tests are told
_MISSPELT = 0.8  # how alike a name must be to one of ours (0 to 1) to be a slip of the hand
_log = logging.getLogger("erebus.config")


class SettingError(ValueError):
    """A setting cannot work; the text names it and says what it must be."""


class KeyFileError(OSError):
    """A file in the instance folder does not hold the keys that it should; the text names it, and nothing in it."""


def _setting(default: Any, text: str) -> Any:  # noqa: ANN401 - a dataclass field of any type
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation can choose. Each field is the environment variable ``EREBUS_<NAME>``."""

    instance_path: Path = _setting(Path("instance"), "folder of the SQLite file, the three keys and the checkpoints")
    database_url: str = _setting("", "SQLite or PostgreSQL address; empty: a SQLite file in the instance folder")
    owner_database_url: str = _setting("", "address with which migrations run, where another role owns the tables")
    secret_key: str = _setting("", "signs sessions; empty: made at first start, kept in the instance folder")
    chain_key: str = _setting("", "64 hex digits that key the log's chain; empty: made and kept likewise")
    record_key: str = _setting("", "64 hex digits, the Ed25519 key that signs records; empty: made and kept likewise")
    record_old_keys: str = _setting("", "public keys that signed records before, 64 hex digits each, commas between")
    public_url: str = _setting("", "address of links and records, such as https://erebus.example; empty: the request's")
    support_email: str = _setting("support@erebus.sh", "where the guide sends people who need help")
    rate_storage: str = _setting("memory://", "where requests are counted: memory://, a process each, or redis://…")
    dormant_days: int = _setting(90, "days without use after which an API key counts as dormant")
    secure_cookies: bool = _setting(default=False, text="send cookies over TLS only; set it wherever there is TLS")
    trusted_proxies: int = _setting(0, "how many proxies in front may be believed about the client's address")
    demo_password: str = _setting("", "the password of all demo accounts; empty: one is chosen and printed")
    testing: bool = _setting(default=False, text="cheap password hashing and no rate of its own: for tests only")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in ("database_url", "owner_database_url"):
            _check_database_url(name, getattr(self, name))
        _check_public_url(self.public_url)
        for name, least in (("dormant_days", 1), ("trusted_proxies", 0)):
            if getattr(self, name) < least:
                raise SettingError(_message(name, f"must be at least {least}"))
        _check_key("chain_key", self.chain_key)
        _check_key("record_key", self.record_key)
        for key in _listed(self.record_old_keys):
            _check_key("record_old_keys", key)


def load(given: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings from *given* (names with or without prefix, any case), then the environment.

    Raises `SettingError` for an unknown name in *given*, a misspelt one in the environment, and a value that cannot be
    converted. Other unknown names in the environment may be somebody else's: the process's log warns of them.
    """
    known = {f.name: f for f in fields(Settings)}
    _check_environment(list(known))
    chosen = {n: os.environ[PREFIX + n.upper()] for n in known if PREFIX + n.upper() in os.environ}
    for raw, value in (given or {}).items():
        name = raw.upper().removeprefix(PREFIX).lower()
        if name not in known:
            message = f"{raw} is not a setting of Erebus; there are {', '.join(sorted(known))}"
            raise SettingError(message)
        chosen[name] = value
    return Settings(**{n: _convert(n, str(known[n].type), v) for n, v in chosen.items()})


def _check_environment(known: list[str]) -> None:
    for name in sorted(os.environ):
        given = name.removeprefix(PREFIX).lower()
        if given in known or not name.startswith(PREFIX) or name.startswith(_OTHERS):
            continue
        likeness, nearest = max((SequenceMatcher(None, given, other).ratio(), other) for other in known)
        message = f"{name} is not a setting of Erebus; the nearest is {PREFIX}{nearest.upper()}"
        if likeness >= _MISSPELT:
            raise SettingError(message)
        _log.warning("%s. It is ignored.", message)


def database_url(settings: Settings) -> str:
    """Return the address of the database: by default the SQLite file in the instance folder, which is made."""
    if not settings.database_url:
        settings.instance_path.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{settings.instance_path.resolve() / 'erebus.db'}"
    return _with_driver(settings.database_url)


def owner_database_url(settings: Settings) -> str:
    """Return the address with which migrations run: that of the database, unless another role owns the tables."""
    return _with_driver(settings.owner_database_url) if settings.owner_database_url else database_url(settings)


def _with_driver(address: str) -> str:
    url = make_url(address)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def chain_key(settings: Settings) -> bytes:
    """Return the 32 bytes that key the log's chain: the setting, else the file in the instance folder."""
    return bytes.fromhex(settings.chain_key or _kept(settings.instance_path / "chain.key"))


def record_key(settings: Settings) -> bytes:
    """Return the 32 bytes of the private key that signs records: the setting, else the file in the instance folder.

    Raises `KeyFileError`, and OSError where the file can be neither read nor made.
    """
    text = settings.record_key or _kept(settings.instance_path / RECORD_KEY)
    return _keys_in(RECORD_KEY, [text])[0]


def record_old_keys(settings: Settings) -> list[bytes]:
    """Return the public keys that signed records before: those of the setting, then those in the instance folder.

    Raises `KeyFileError`, and OSError where the file cannot be read.
    """
    kept = settings.instance_path / RECORD_OLD_KEYS
    lines = kept.read_text(errors="replace").split() if kept.exists() else []
    return _keys_in(RECORD_OLD_KEYS, [*_listed(settings.record_old_keys), *lines])


def secret_key(settings: Settings) -> str:
    """Return the key that signs sessions: the setting, else the file in the instance folder."""
    return settings.secret_key or _kept(settings.instance_path / "session.key")


def _kept(path: Path) -> str:
    """Return the key in *path*, made at first use; two processes at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(secrets.token_hex(_KEY_BYTES).encode())
            os.fsync(descriptor)  # what a key has signed outlives a power cut, and so must the key
        try:
            os.link(draft, path)  # unlike a rename, never over a key that another process has made meanwhile
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _convert(name: str, kind: str, value: Any) -> Any:  # noqa: ANN401 - settings come as they come
    if kind == "bool":
        return value if isinstance(value, bool) else _boolean(name, str(value))
    if kind == "int":
        try:
            return int(value)
        except (TypeError, ValueError):
            raise SettingError(_message(name, "must be a whole number")) from None
    return Path(value) if kind == "Path" else str(value)


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise SettingError(_message(name, "must be true or false"))
    return text.lower() in _TRUE


def _check_database_url(name: str, text: str) -> None:
    if not text:
        return
    try:
        url = make_url(text)
    except ArgumentError:
        url = URL.create("")
    if url.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise SettingError(_message(name, "must be a sqlite:/// or postgresql:// address"))
    if "@" in (url.host or ""):  # half of the password would be looked for as a host, and told as one
        raise SettingError(_message(name, "must have each @ of a user's name or password written as %40"))
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingError(_message(name, "must name a file: a database in memory is gone with its connection"))


def _check_public_url(text: str) -> None:
    if text and not _PUBLIC_URL.fullmatch(text):
        raise SettingError(_message("public_url", "must be an address such as https://erebus.example, without a path"))


def _keys_in(file: str, lines: list[str]) -> list[bytes]:
    if not all(map(_is_key, lines)):
        message = f"{file} in the instance folder is damaged: it must hold {2 * _KEY_BYTES} hexadecimal digits a key"
        raise KeyFileError(message)
    return [bytes.fromhex(line) for line in lines]


def _is_key(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == _KEY_BYTES
    except ValueError:
        return False


def _check_key(name: str, text: str) -> None:
    if text and not _is_key(text):
        raise SettingError(_message(name, f"must be {2 * _KEY_BYTES} hexadecimal digits"))


def _message(name: str, rule: str) -> str:
    return f"{PREFIX}{name.upper()} {rule}"
