"""What a feature hands to the app, and the one door through which features come in: ours and strangers'.

A `Plugin` is data. Built-in features are named in `erebus.app` as entry points of the group ``erebus.plugins``; an
installed package declares its own in its metadata; ``create_app(plugins=…)`` takes them directly. All are loaded,
checked and registered alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from flask import current_app

from erebus.permissions import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import click
    from flask import Blueprint, Flask

    from erebus.config import Settings
    from erebus.permissions import Permission
    from erebus.trail import AuditDescription

GROUP = "erebus.plugins"


class PluginError(Exception):
    """A plugin cannot be taken in; the text names it and says what is missing."""


@dataclass(frozen=True)
class NavigationItem:
    """A line in a project's sidebar: shown to those who have *permission*; *endpoint* takes ``slug``.

    *also* are endpoints of pages that belong to it without lying below its address.
    """

    label: str
    endpoint: str
    permission: str
    position: int = 100
    count: Callable[[Any], int] | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One feature: everything that the app needs to know of it.

    *descriptions* tells each audited model; *exempt* names the models that are not audited, each with the reason.
    *find_scope* (one plugin has it) turns a slug from the address into a project and the reader's role in it.
    *migrations* is a folder of Alembic revisions with a version table of its own, for plugins with models.
    *public_endpoints* are the views of a library that cannot be marked with ``@public``, and are open all the same;
    *library_endpoints* those that ask for nothing but an account.
    """

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    descriptions: Mapping[type, AuditDescription] = field(default_factory=dict)
    exempt: Mapping[type, str] = field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    commands: tuple[click.Command, ...] = ()
    migrations: Path | None = None
    init_app: Callable[[Flask], None] | None = None
    find_scope: Callable[[str], tuple[Any, Any] | None] | None = None
    public_endpoints: frozenset[str] = frozenset()
    library_endpoints: frozenset[str] = frozenset()


def load(built_in: Iterable[str], further: Iterable[Plugin] = ()) -> list[Plugin]:
    """Return the plugins: *built_in* (``module:attribute``), installed ones, then *further*, in that order.

    Raises `PluginError` when two claim one name, or when an entry point does not lead to a `Plugin`.
    """
    doors = [EntryPoint(name=path, value=path, group=GROUP) for path in built_in]
    doors += sorted(entry_points(group=GROUP), key=lambda door: door.name)
    plugins = [*(_enter(door) for door in doors), *further]
    seen: set[str] = set()
    for plugin in plugins:
        if plugin.name in seen:
            message = f"two plugins are named {plugin.name!r}: rename one of them"
            raise PluginError(message)
        seen.add(plugin.name)
    return plugins


def _enter(door: EntryPoint) -> Plugin:
    plugin = door.load()
    if not isinstance(plugin, Plugin):
        message = f"the entry point {door.name!r} leads to {door.value}, which is no Plugin"
        raise PluginError(message)
    return plugin


@dataclass(frozen=True)
class Installation:
    """What one app is made of: its settings and its plugins; kept as ``app.extensions["erebus"]``."""

    settings: Settings
    plugins: tuple[Plugin, ...]

    @cached_property
    def permissions(self) -> dict[str, Permission]:
        """All permissions by name."""
        return {p.name: p for plugin in self.plugins for p in plugin.permissions}

    @cached_property
    def allowed_by_role(self) -> dict[Role, list[str]]:
        """What each role may do that none below it may, in words, the greatest role first."""
        allowed = {role: [p.allows for p in self.permissions.values() if p.least is role] for role in Role}
        return dict(reversed(allowed.items()))

    @cached_property
    def navigation(self) -> tuple[NavigationItem, ...]:
        """The lines of a project's sidebar, in order."""
        items = [item for plugin in self.plugins for item in plugin.navigation]
        return tuple(sorted(items, key=lambda item: (item.position, item.label)))

    def find_scope(self, slug: str) -> tuple[Any, Any] | None:
        """Return the project *slug* and the reader's role in it, or None."""
        finders = (plugin.find_scope for plugin in self.plugins if plugin.find_scope)
        return next((scope for find in finders if (scope := find(slug))), None)


def installation() -> Installation:
    """Return what the running app is made of."""
    found: Installation = current_app.extensions["erebus"]
    return found
