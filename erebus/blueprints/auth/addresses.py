"""Where to go on to after signing in: only to pages of this site, whatever an address or a form asks for."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000


def is_own(address: str) -> bool:
    r"""Return whether *address* is a path of this site, in words that every browser reads so.

    Browsers drop control characters and white space, and read ``\`` as ``/``: what has them is refused, for
    ``/\evil.example`` and ``/<tab>/evil.example`` lead elsewhere (RFC 3986, section 4.2, and what browsers make of it).
    """
    if not address.startswith("/") or address.startswith("//") or len(address) > LONGEST:
        return False
    if "\\" in address or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not parts.path.startswith("//")
