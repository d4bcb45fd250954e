"""A server, a browser and a visitor for the tests of what people see."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.functional.browser import NO_CHROMIUM, Visitor, find_chromium, is_ci, launched
from tests.functional.server import DEMO_PASSWORD, Live, Serve, live, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, StorageState


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one, tests are left out loudly, or fail where CI is set."""
    if find_chromium() is None:
        (pytest.fail if is_ci() else pytest.skip)(NO_CHROMIUM)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    """``prepared(with_demo)`` is an instance folder that is made once, for others to copy."""

    @cache
    def prepared(with_demo: bool) -> Path:
        folder = tmp_path_factory.mktemp("prepared")
        prepare(folder, with_demo=with_demo)
        return folder

    return prepared


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[bool], Path], browser: Browser) -> Serve:
    """``with serve(with_demo=True) as server:`` gives a server of one's own."""

    @contextmanager
    def serve(*, with_demo: bool) -> Iterator[Live]:
        folder = shutil.copytree(prepared(with_demo), tmp_path_factory.mktemp("instance"), dirs_exist_ok=True)
        with live(folder) as server:
            yield server

    return serve


@pytest.fixture
def empty(serve: Serve) -> Iterator[Live]:
    """A server on which nobody has an account yet."""
    with serve(with_demo=False) as server:
        yield server


@pytest.fixture(scope="session")
def demo(serve: Serve) -> Iterator[Live]:
    """A server with the demo, which tests only look at."""
    with serve(with_demo=True) as server:
        yield server


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """``visit(server)`` gives a visitor; the test fails at its end if anything went wrong on a page they saw."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def visit(server: Live, *, has_scripts: bool = True, cookies: StorageState | None = None) -> Visitor:
        context = browser.new_context(java_script_enabled=has_scripts, storage_state=cookies, locale="en-GB")
        context.set_default_timeout(10_000)
        contexts.append(context)
        visitors.append(Visitor(context.new_page(), server.address, has_scripts))
        return visitors[-1]

    yield visit
    for context in contexts:
        context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []


@pytest.fixture(scope="session")
def cookies(demo: Live, browser: Browser) -> Callable[[str], StorageState]:
    """``cookies("owner")`` is what the browser of somebody who has signed in to the demo keeps."""
    kept: dict[str, StorageState] = {}

    def cookies(name: str) -> StorageState:
        if name not in kept:
            context = browser.new_context()
            Visitor(context.new_page(), demo.address).sign_in(name, DEMO_PASSWORD)
            kept[name] = context.storage_state()
            context.close()
        return kept[name]

    return cookies
