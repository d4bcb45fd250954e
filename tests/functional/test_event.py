"""The page of one event, by eye, by keyboard, and without scripts; and of one that is gone."""

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

AUDIT = "/projects/kiteline/audit"
LONG_AGO = "01HQXYZ123ABC456DEF7890000"  # March 2024


def kept(visitor: Visitor) -> list[dict[str, Any]]:
    """Return the events that the log keeps, newest first."""
    events: list[dict[str, Any]] = []
    before: int | None = 10**6
    while before:
        answer = visitor.page.request.get(f"{visitor.address}{AUDIT}.json?before={before}").json()
        events, before = [*events, *answer["events"]], answer["next"]
    return events


def test_what_else_its_actor_did_that_day_is_a_link_away(support: Visitor) -> None:
    event = kept(support)[30]
    support.go(f"{AUDIT}/{event['number']}")
    support.page.get_by_role("link", name=f"What else {event['actorName']} did that day").press("Enter")
    expect(support.page.locator(".chip")).to_contain_text([f"Actor {event['actorName']}", "From", "To"])
    expect(support.page.locator(f"#event-{event['number']}")).to_be_visible()
    assert {event["actorName"]} == set(support.page.locator(".event h3 b").all_inner_texts())


@pytest.mark.parametrize(
    ("action", "status", "heading"),
    [
        ("create", True, "What was created"),
        ("update", True, "What changed"),
        ("delete", True, "What was deleted"),
        ("update", False, "What was tried"),
    ],
)
def test_the_page_of_an_event_looks_right(support: Visitor, action: str, status: bool, heading: str) -> None:
    event = next(e for e in kept(support) if (e["action"], e["status"]) == (action, status) and e["changes"])
    support.go(f"{AUDIT}/{event['id']}?n={event['number']}")
    main = support.page.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_contain_text(event["actionDescription"])
    expect(main.get_by_role("heading", name=heading)).to_be_visible()
    expect(main.get_by_text("Succeeded" if status else "Failed", exact=True).first).to_be_visible()
    expect(main.get_by_text("Chain verified")).to_be_visible()
    support.look()


@pytest.mark.parametrize(("asked", "status"), [("3", 410), (LONG_AGO, 410), ("9999", 404), ("mistyped", 404)])
def test_what_is_gone_or_unknown_looks_right_and_leads_on(support: Visitor, asked: str, status: int) -> None:
    support.expect_answer(status)
    support.go(f"{AUDIT}/{asked}")
    expect(support.page.get_by_role("heading", level=1)).to_have_count(1)
    support.look()
    support.page.get_by_role("link", name="Go to the newest events").click()
    expect(support.page.get_by_role("heading", level=1)).to_have_text("Audit Logs")


def test_one_goes_from_event_to_event_by_keyboard(support: Visitor) -> None:
    page, keyboard = support.page, support.page.keyboard
    newest = kept(support)[0]["number"]
    support.go(AUDIT)
    page.locator(f"#event-{newest - 1} a.num").focus()
    keyboard.press("Enter")
    expect(page).to_have_title(re.compile(rf"^#{newest - 1} "))
    page.get_by_role("link", name="In the log").focus()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Make a record")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name=f"Previous #{newest - 2}")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name=f"Next #{newest}")).to_be_focused()
    keyboard.press("Enter")
    expect(page).to_have_title(re.compile(rf"^#{newest} "))
    expect(page.get_by_role("link", name=re.compile("^Next"))).to_have_count(0)
    page.get_by_role("link", name="In the log").press("Enter")
    expect(page.locator(f"#event-{newest}:target")).to_be_in_viewport()


def test_the_link_is_copied_and_leads_back(support: Visitor) -> None:
    page = support.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    event = kept(support)[5]
    support.go(f"{AUDIT}/{event['number']}")
    page.get_by_role("button", name="Copy link").press("Enter")
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{support.address}{AUDIT}/{event['id']}?n={event['number']}"
    page.goto(copied)
    expect(page).to_have_title(re.compile(rf"^#{event['number']} "))


def test_without_scripts_all_is_there_but_the_buttons_that_copy(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], support: Visitor
) -> None:
    event = kept(support)[1]
    plain = visit(demo, cookies=cookies("support"), has_scripts=False)
    plain.go(f"{AUDIT}/{event['id']}")
    main = plain.page.get_by_role("main")
    expect(main.get_by_text(event["hash"]).first).to_be_visible()
    expect(main.get_by_role("region", name="This event as JSON")).to_contain_text(f'"number": {event["number"]}')
    expect(main.get_by_role("button")).to_have_count(0)
    plain.look()
    main.get_by_role("link", name=f"Previous #{event['number'] - 1}").click()
    expect(plain.page).to_have_title(re.compile(rf"^#{event['number'] - 1} "))
