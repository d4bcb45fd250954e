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
    """Return *text* without what stands before an ``@`` and after a ``?`` or ``#``: tokens are put there."""
    scheme, separator, rest = text.partition("://")
    rest = rest if separator else scheme
    start = f"{scheme}://" if separator else ""
    for mark in "?#":
        if mark in rest:
            rest = rest.partition(mark)[0] + mark + "…"
    return f"{start}…@{rest.rpartition('@')[2]}" if "@" in rest else start + rest
