"""What templates can ask for: times in the reader's zone, numbers, and what the reader may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_timedelta
from babel.numbers import format_decimal
from flask import g, request, url_for
from flask_login import current_user

from erebus import clock, times
from erebus.http import can, public_url
from erebus.plugins import installation

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from erebus.plugins import NavigationItem

_LOCALE = Locale("en")
_BLOCKS = "article|aside|d[ltd]|details|div|form|h[1-6]|header|li|nav|ol|option|p|section|summary|t[rdh]|table|tbody|ul"
_UNSEEN = re.compile(rf">\n(?=</?(?:{_BLOCKS})\b)")
_IMPLIED = re.compile(
    "</dt>(?=<d[dt]>)|</dd>(?=<d[dt]>|</d(?:l|iv)>)|</li>(?=<li|</[uo]l>)|</option>(?=<option|</(?:select|datalist)>)"
    "|</t[dh]>(?=<t[dh]|</tr>)|</tr>(?=<tr|</t(?:body|head)>)"
)


@dataclass(frozen=True)
class Link:
    """A line of the sidebar as the reader gets it; *current* is the value of ``aria-current``, or empty."""

    label: str
    href: str
    count: int | None
    current: str


def init_templating(app: Flask) -> None:
    """Give the templates of *app* their filters and functions."""
    for ask in (times.utc, local, relative, times.iso, number, tight):
        app.add_template_filter(ask)
    for tell in (can, navigation, public_url, theme, clock.now):
        app.add_template_global(tell)


# Times and numbers


def local(moment: datetime | int, *, exact: bool = False) -> str:
    """Return *moment* in the reader's zone as ``2026-11-24 10:41:07 UTC+01:00``; for readers in UTC as `times.utc`."""
    zone = current_user.zone if _is_signed_in() else None
    if zone is None or zone.key == "UTC":
        return times.utc(moment, exact=exact)
    there, offset = times.on_clock(moment, zone, exact=exact)
    return f"{there} UTC{offset}"


def relative(moment: datetime | int) -> str:
    """Return how long ago *moment* was, or in how long it will be, in words: ``3 minutes ago``."""
    distance = times.at(moment) - clock.now()
    if abs(distance.total_seconds()) < 1:
        return "just now"
    return format_timedelta(distance, add_direction=True, threshold=1, locale=_LOCALE)


def number(value: int) -> str:
    """Return *value* with its thousands told apart."""
    return format_decimal(value, locale=_LOCALE)


def tight(text: str) -> str:
    """Return *text* without the space that nobody sees, which is a fifth of a long list; markup stays markup.

    That is indentation, empty lines, a line's end before the beginning or the end of a block, and the end tags that
    HTML lets be left out (`HTML, Optional tags <https://html.spec.whatwg.org/multipage/syntax.html#optional-tags>`_).
    """
    lines = filter(None, map(str.strip, str(text).splitlines()))  # plain ones: markup would escape every line anew
    return type(text)(_IMPLIED.sub("", _UNSEEN.sub(">", "\n".join(lines))))


# The reader and the page


def theme() -> str:
    """Return the look that the reader has chosen: ``dark``, ``light``, or ``system`` to follow their device."""
    return str(current_user.theme) if _is_signed_in() else "system"


def navigation() -> list[Link]:
    """Return the lines of the current project's sidebar that the reader may follow, in order."""
    items = [item for item in installation().navigation if can(item.permission)]
    hrefs = {item: url_for(item.endpoint, slug=g.project.slug) for item in items}
    here = _nearest(list(hrefs.values()), request.path.partition(".")[0])  # the log as a file belongs to the log
    return [_link(item, href, is_here=href == here or request.endpoint in item.also) for item, href in hrefs.items()]


def _nearest(hrefs: list[str], path: str) -> str:
    """Return which of *hrefs* the page *path* is, or lies below; below the one that all others lie below, none."""
    above = max((href for href in hrefs if f"{path}/".startswith(f"{href}/")), key=len, default="")
    is_over_all = any(href.startswith(f"{above}/") for href in hrefs)
    return "" if is_over_all and above != path else above


def _link(item: NavigationItem, href: str, *, is_here: bool) -> Link:
    current = ("page" if href == request.path else "true") if is_here else ""
    return Link(item.label, href, item.count(g.project) if item.count else None, current)


def _is_signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)
