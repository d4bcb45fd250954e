"""From the arguments of a request to the `Filter` that they ask for, and what in them makes no sense.

A form sends the box as it was (``was``) beside what it is now (``q``), and the controls. What was changed counts, in
the box or at a control; what was changed in both to different things is told and left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from erebus.blueprints.audit import filters, spans
from erebus.blueprints.audit.filters import Filter
from erebus.blueprints.audit.spans import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, tzinfo

    from werkzeug.datastructures import MultiDict

_KNOWN = {*filters.NAMES, "q", "was", "before"}


@dataclass(frozen=True)
class Asked:
    """What a request asks for: *filter* without what makes no sense, which *flaws* tell.

    *typed* is what the box should hold, as it was typed if something makes no sense; *was* what of it was understood.
    """

    filter: Filter
    flaws: tuple[str, ...]
    typed: str
    was: str
    is_form: bool


@dataclass
class _Reader:
    """Goes through the arguments of a request and collects what is wrong with them."""

    args: MultiDict[str, str]
    flaws: list[str] = field(default_factory=list)

    def tell(self, flaw: str) -> None:
        if flaw not in self.flaws:
            self.flaws.append(flaw)

    def one(self, name: str) -> str | None:
        """Return the argument *name*, None without one, empty if it is there twice."""
        found = self.args.getlist(name)
        if len(found) > 1:
            self.tell(f"“{name}” is given more than once. Keep one.")
            return ""
        return found[0] if found else None

    def understood(self, name: str, value: str) -> str:
        try:
            return filters.understand(name, value)
        except NotUnderstood as error:
            self.tell(str(error))
            return ""

    def line(self, typed: str) -> Filter:
        """Return what the box asks for."""
        if len(typed) > filters.BOX_LIMIT:
            self.tell(f"The box takes at most {filters.BOX_LIMIT:,} characters.")
            return Filter()
        line = filters.read_line(typed)
        if len(line.text) > filters.TERMS:
            self.tell(f"The box takes at most {filters.TERMS} words or phrases to look for.")
        parts = {name: self._typed(name, values) for name, values in line.parts.items()}
        return filters.make(parts, line.text if len(line.text) <= filters.TERMS else ())

    def _typed(self, name: str, values: list[str]) -> str:
        if len(values) > 1:
            self.tell(f"“{name}:” is in the box more than once. Keep one.")
            return ""
        if not values[0].strip():
            self.tell(f"“{name}:” needs a value right behind it, in quotes if there is a space in it.")
        return self.understood(name, values[0])

    def merged(self, name: str, typed: str, was: str) -> str:
        """Return what counts for *name*: what the box asks, or the address or control of that name."""
        given = self.one(name)
        value = None if given is None else self.understood(name, given)
        if value is None or (typed != was and value in {typed, was}):
            return typed
        if typed != was:
            self.tell(f"“{name}” is “{typed or 'any'}” in the box and “{value or 'any'}” beside it. Choose one.")
            return ""
        return value


def read(args: MultiDict[str, str], zone: tzinfo, now: datetime, also: Collection[str] = ()) -> Asked:
    """Return what *args* ask for, of which those called *also* are somebody else's to understand."""
    reader = _Reader(args)
    box = reader.one("q") or ""
    typed, was = reader.line(box), reader.line(reader.one("was") or "")
    parts = {name: reader.merged(name, typed.parts.get(name, ""), was.parts.get(name, "")) for name in filters.NAMES}
    if _is_reversed(parts, zone, now):
        reader.tell(f"“from” ({parts['from']}) is later than “to” ({parts['to']}). Swap them.")
        parts |= {"from": "", "to": ""}
    for name in sorted({*args} - {*_KNOWN, *also}):
        reader.tell(f"“{name[: filters.LIMIT]}” is nothing that the log can be asked for.")
    asked = filters.make(parts, typed.text)
    flaws, is_form = tuple(reader.flaws), "was" in args
    if flaws and box:
        return Asked(asked, flaws, box, typed.box, is_form)
    return Asked(asked, flaws, asked.box, asked.box, is_form)


def _is_reversed(parts: dict[str, str], zone: tzinfo, now: datetime) -> bool:
    if not (parts["from"] and parts["to"]):
        return False
    return spans.start(parts["from"], zone, now) >= spans.end(parts["to"], zone)
