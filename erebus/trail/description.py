"""How one model is told: its entity type, its label, the fields whose values may be kept, and its sentences.

A feature writes only what is special. Without any words of its own a model is told as ``Created widget``; a model
without a description at all likewise, and with the names of the changed fields only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erebus.trail.changes import ChangeSet
    from erebus.trail.refusal import Rule

_PAST = {"create": ("Created", "create"), "update": ("Updated", "update"), "delete": ("Deleted", "delete")}


@dataclass(frozen=True)
class Words:
    """The words for one kind of change: the first in a description whose action and *when* fit is taken.

    *verb* is the past and the base form (``("Revoked", "revoke")``): a success is told as past form and *tell*, a
    failure as ``Tried to``, base form and *tell*, then the reason. *tell* gets the `ChangeSet`.
    """

    action: str
    title: str
    verb: tuple[str, str]
    tell: Callable[[ChangeSet], str]
    when: Callable[[ChangeSet], bool] = lambda _change: True


@dataclass(frozen=True, kw_only=True)
class AuditDescription:
    """How one model is told.

    *label* gives the entity's name in the log. Values are kept only of the fields in *recorded*; of those in *secret*
    that they changed; those in *ignored* are no change at all (counters, time stamps). *names* are the words for
    fields; *about* what a sentence needs beside the changed fields, read when the change is captured (``{"project":
    lambda key: key.project.title}``); *reason* why a change was made, where somebody gave a reason. *constraints* say,
    by the name of a constraint in the database, which rule stands behind it: who violates it is refused by that rule.
    """

    entity_type: str
    label: Callable[[Any], str]
    recorded: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    words: tuple[Words, ...] = ()
    reason: Callable[[ChangeSet], str | None] = lambda _change: None
    constraints: Mapping[str, Rule] = field(default_factory=dict)

    def words_for(self, change: ChangeSet) -> Words:
        """Return the words for *change*: the first that fit, else generic ones."""
        fitting = (w for w in self.words if w.action == change.action and w.when(change))
        return next(fitting, None) or generic_words(self.entity_type, change.action)

    def name_of(self, name: str) -> str:
        """Return the word for the field *name*."""
        return self.names.get(name, name.replace("_", " "))


def generic(model: type) -> AuditDescription:
    """Return the description of a *model* that has none: generic words, no values."""
    entity_type = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()
    return AuditDescription(entity_type=entity_type, label=lambda _entity: "")


def generic_words(entity_type: str, action: str) -> Words:
    """Return the words for *action* on an entity that has none of its own."""
    verb = _PAST[action]
    noun = entity_type.replace("_", " ")
    return Words(action, f"{verb[0]} {noun}", verb, lambda change: _rest(noun, change))


def _rest(noun: str, change: ChangeSet) -> str:
    told = f"{noun} '{change.label}'" if change.label else noun
    if change.action != "update":
        return told
    return f"{told}: {', '.join(f.name for f in change.fields)}"
