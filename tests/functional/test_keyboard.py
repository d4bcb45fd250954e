"""The log by keyboard alone, from the list to a filter to an event and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import StorageState

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser

LOG = "/projects/kiteline/audit"


def test_who_changed_what_is_found_and_opened_without_a_mouse(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]
) -> None:
    visitor = visit(demo, cookies=cookies("support"))
    visitor.go(LOG)
    page, press = visitor.page, visitor.page.keyboard.press
    press("f")
    expect(page.get_by_label("Actor")).to_be_focused()
    press("Tab")
    page.keyboard.type("update")
    press("Tab")
    press("Tab")
    page.keyboard.type("succ")
    page.get_by_label("Search and filter the log").focus()
    press("Enter")
    expect(page.locator(".chip")).to_have_text([re.compile("Action update"), re.compile("Status succeeded")])
    events = page.locator(".event > .entry")
    press("j")
    expect(events.nth(0)).to_be_focused()
    press("j")
    press("j")
    press("k")
    expect(events.nth(1)).to_be_focused()
    expect(events.nth(1)).to_be_in_viewport()
    fold = events.nth(1).locator("details")
    if fold.get_attribute("open") is None:
        press("Enter")
    expect(fold).to_have_attribute("open", "")
    press("Escape")
    expect(fold).not_to_have_attribute("open", "")
    expect(events.nth(1)).to_be_focused()
    press("Enter")
    expect(fold).to_have_attribute("open", "")
    number = events.nth(1).locator("a.num").inner_text()
    press("Enter")
    expect(page).to_have_title(re.compile(f"^{number} "))
    page.go_back()
    expect(page.locator(".chip")).to_have_count(2)
    press("j")
    expect(events.nth(2)).to_be_focused()


def test_keys_do_nothing_where_they_are_switched_off(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]
) -> None:
    visitor = visit(demo, cookies=cookies("support"))
    visitor.go(LOG)
    visitor.page.evaluate("localStorage.setItem('erebus.shortcuts.off', '1')")
    visitor.page.keyboard.press("j")
    expect(visitor.page.locator(".entry:focus")).to_have_count(0)
