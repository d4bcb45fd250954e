"""Who works at Kiteline, the small company of the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """An account of the demo: *part* says in the printed table what can be looked at with it."""

    key: str
    name: str
    time_zone: str
    part: str
    address: str
    browser: str

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.key}@example.com"


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.4 Safari/605.1.15"
)
_EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
)

PEOPLE = (
    Person("admin", "Ingrid Solheim", "Europe/Oslo", "platform admin, member of no project", "192.0.2.10", _FIREFOX),
    Person("owner", "Amara Okafor", "Africa/Lagos", "owner of Kiteline Chat and Docs", "192.0.2.24", _SAFARI),
    Person(
        "colleague", "Tomás Herrera", "Europe/Madrid", "owner of Kiteline Billing, admin of Chat", "192.0.2.31", _EDGE
    ),
    Person("developer", "Mei Lin Chen", "Europe/London", "developer in Chat and Billing", "198.51.100.7", _FIREFOX),
    Person("support", "Jonas Weber", "Europe/Berlin", "support in Chat", "198.51.100.40", _EDGE),
)
"""In the order in which they register; the addresses are of the ranges set aside for examples (RFC 5737)."""
