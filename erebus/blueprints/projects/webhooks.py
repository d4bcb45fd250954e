"""What may stand as a webhook URL: ``https://`` and a host with a dot in it, nothing more (``product.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCHEME = "https://"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}", re.ASCII)
_UNWANTED = (
    ("@", "user name or password"),
    ("?#", "query and no fragment: nothing after the host"),
    ("/", "path: leave out everything from the slash after the host"),
    (":", "port: it is called on the usual one, 443"),
)
_START = re.compile(r"(?:(?:https?|ftp|wss?)://)?", re.ASCII)
_END_OF_AUTHORITY = re.compile(r"[/?#\\\s]")
_PRINTABLE_HOST = re.compile(rf"localhost|[0-9.]{{7,15}}|{_HOST.pattern}", re.ASCII)
_EXAMPLE = "Write it like https://hooks.example.com."


@dataclass(frozen=True)
class Flaw:
    """Why a text is no webhook URL, and the text as it may be kept in the log: without what could be a credential."""

    reason: str
    printable: str


def normalise(text: str) -> str | None:
    """Return *text* as it is stored: trimmed, in small letters, None for none."""
    return text.strip().lower() or None


def find_flaw(text: str) -> Flaw | None:
    """Return what is wrong with the normalised *text*, or None when it may be stored."""
    if not text.startswith(_SCHEME):
        return _flaw(text, "A webhook URL must start with https://.")
    rest = text.removeprefix(_SCHEME)
    for marks, reason in _UNWANTED:
        if any(mark in rest for mark in marks):
            return _flaw(text, f"A webhook URL must have no {reason}.")
    if not _HOST.fullmatch(rest):
        return _flaw(text, "A webhook URL needs a full host name, with a dot in it.")
    return None


def _flaw(text: str, reason: str) -> Flaw:
    return Flaw(f"{reason} {_EXAMPLE}", _without_credentials(text))


def _without_credentials(text: str) -> str:
    """Return of *text* its scheme and its host, and an ellipsis for all the rest: tokens are put anywhere, so in paths.

    An ``@`` behind the host may be a password's: then what seems to be the host may be part of it.
    """
    start = _START.match(text)[0]  # type: ignore[index]  # it matches nothing as well
    rest = text.removeprefix(start)
    authority = _END_OF_AUTHORITY.split(rest, maxsplit=1)[0]
    credentials, at, place = authority.rpartition("@")
    host = place.partition(":")[0]
    if "@" in rest.removeprefix(authority) or not _PRINTABLE_HOST.fullmatch(host):
        return f"{start}…"
    return f"{start}{'…' if credentials else ''}{at}{host}{'' if rest.endswith(at + host) else '…'}"
