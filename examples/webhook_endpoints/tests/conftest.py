"""The fixtures that Erebus ships, with this plugin in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import webhook_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from erebus.plugins import Plugin
    from erebus.testing import Account, Workspace

pytest_plugins = ["erebus.testing"]


@pytest.fixture
def erebus_plugins() -> Iterable[Plugin]:
    return [webhook_endpoints.plugin]


@pytest.fixture
def ada(erebus_user: Callable[[str], Account]) -> Account:
    """The owner of the project."""
    return erebus_user("Ada Byron")


@pytest.fixture
def eve(erebus_user: Callable[[str], Account], ada: Account) -> Account:
    """A developer in the project."""
    return erebus_user("Eve Holt")


@pytest.fixture
def project(erebus_project: Callable[..., Workspace], ada: Account, eve: Account) -> Workspace:
    return erebus_project(ada, "Engine", developer=eve)
