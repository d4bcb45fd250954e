"""The history of one entity, by eye, by keyboard, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import StorageState

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser

CHAT = "/projects/kiteline"
AUDIT = f"{CHAT}/audit"


def events(visitor: Visitor, asked: str) -> list[dict[str, Any]]:
    """Return the newest page of what a filter lets through."""
    found: list[dict[str, Any]] = visitor.page.request.get(f"{visitor.address}{AUDIT}.json?{asked}").json()["events"]
    return found


@pytest.mark.parametrize("asked", ["type=project", "type=api_key&action=update", "type=api_key&action=delete"])
def test_a_history_looks_right_now_and_then(owner: Visitor, asked: str) -> None:
    event = next(e for e in events(owner, asked) if e["status"])
    address = f"{AUDIT}/history/{event['entityType']}/{event['entityId']}"
    for rest in ("", f"?at={event['number'] - 1}"):
        owner.go(address + rest)
        expect(owner.page.get_by_role("heading", level=1)).to_contain_text("History of")
        expect(owner.page.get_by_role("heading", name="What would have to be set back")).to_be_visible()
        owner.look()


def test_what_has_no_kept_event_looks_right(owner: Visitor) -> None:
    owner.go(f"{AUDIT}/history/api_key/key_unknown")
    expect(owner.page.get_by_role("heading", name="No event of it is kept")).to_be_visible()
    owner.look()


def test_one_gets_from_a_key_to_an_earlier_state_by_keyboard(owner: Visitor) -> None:
    page, keyboard = owner.page, owner.page.keyboard
    event = next(e for e in events(owner, "type=api_key&action=update&status=succeeded") if e["changes"])
    owner.go(f"{CHAT}/keys/{event['entityId']}")
    page.get_by_role("link", name="History", exact=True).focus()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("History of")
    page.get_by_role("textbox", name="After #").focus()
    keyboard.press("Control+A")
    keyboard.type(str(event["number"] - 1))
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"As it was after #{event['number'] - 1}")).to_be_visible()
    page.get_by_role("link", name=re.compile(rf"^After #{event['number']}")).focus()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(rf"after #{event['number']}$"))).to_be_visible()


def test_without_scripts_all_of_it_works(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]
) -> None:
    plain = visit(demo, cookies=cookies("owner"), has_scripts=False)
    plain.go(CHAT)
    plain.page.get_by_role("link", name="History", exact=True).click()
    plain.page.get_by_role("link", name=re.compile("^As it was after")).last.click()
    expect(plain.page.get_by_role("heading", name=re.compile("^As it was after"))).to_be_visible()
    plain.look()


def test_members_lead_to_their_history(owner: Visitor) -> None:
    owner.go(f"{CHAT}/members")
    owner.look()
    owner.page.get_by_role("link", name=re.compile("^History of")).first.click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("A member of which no event is kept")
