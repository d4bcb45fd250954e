"""Whoever clicks twice does a thing once, and sees no refusal of what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.functional.server import Live, Serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.functional.browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("twice")]  # one server for all
LINE = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}  # as fast as can be
SLOW = 500  # milliseconds until an answer
HAND = 40  # milliseconds for which a hand holds the button; faster clicks are one to the browser


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Live]:
    """A server on which everybody may sign up."""
    with serve(with_demo=False) as server:
        yield server


@pytest.fixture
def visitor(visit: Callable[..., Visitor], server: Live) -> Visitor:
    """Somebody who has just signed up."""
    visitor = visit(server)
    visitor.go("/signup")
    visitor.page.get_by_label("Name").fill("Grace Hill")
    visitor.page.get_by_label("Email").fill(f"{uuid4().hex}@example.com")
    visitor.page.get_by_label("Password").fill("violet harbour lantern 9")
    twice(visitor.page, "Sign up", "Projects")
    return visitor


def test_a_double_click_does_everything_once(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/projects/new")
    page.get_by_label("Name").fill("Chat Once")
    twice(page, "Create Project", "Chat Once")
    visitor.go("/projects/chat-once/keys/new")
    page.get_by_role("textbox", name="Label").fill("Chat server")
    twice(page, "Create Key", "Key created")
    page.get_by_role("link", name="I have stored it").click()
    page.get_by_role("textbox", name="Label").fill("Server")
    twice(page, "Update Label", "Server")
    twice(page, "Disable", "Server")
    twice(page, "Enable", "Server")
    page.locator("summary", has_text="Revoke").click()
    page.get_by_role("textbox", name="Reason").fill("Left on a train")
    twice(page, "Revoke", "Server")
    page.locator("summary", has_text="Delete key").click()
    twice(page, "Delete key", "API Keys")

    told = page.request.get(f"{visitor.address}/projects/chat-once/audit.json").json()["events"]

    assert [(event["status"], event["actionDescription"]) for event in reversed(told)] == [
        (True, "Created new project"),
        (True, "Added member"),
        (True, "Generated new API key"),
        (True, "Updated API key"),
        (True, "Updated API key status"),
        (True, "Updated API key status"),
        (True, "Revoked API key"),
        (True, "Deleted API key"),
    ]


def test_a_form_that_was_refused_can_be_sent_again(visitor: Visitor) -> None:
    visitor.expect_answer(422)
    page = visitor.page
    visitor.go("/projects/new")
    page.get_by_label("Name").evaluate("field => field.minLength = 1")
    page.get_by_label("Name").fill("a")
    twice(page, "Create Project", "Create new project")
    page.get_by_label("Name").fill("Chat")
    twice(page, "Create Project", "Chat")


def test_a_form_that_the_browser_brings_back_as_it_was_left_can_be_sent_again(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/projects/new")
    page.locator("main form").evaluate("form => form.ariaBusy = 'true'")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.get_by_label("Name").fill("Chat Again")
    twice(page, "Create Project", "Chat Again")


def test_a_button_keeps_its_value(visitor: Visitor) -> None:
    visitor.page.locator("summary[aria-label^=Theme]").click()
    visitor.page.get_by_role("button", name="Light").dblclick(delay=HAND)
    expect(visitor.page.locator("html[data-theme=light]")).to_be_visible()


def twice(page: Page, button: str, heading: str) -> None:
    """Click *button* twice, as people do who are used to icons; a page with that *heading* follows.

    The line is slow meanwhile: else the second click might meet a button of the next page.
    """
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {**LINE, "latency": SLOW})
    page.get_by_role("main").get_by_role("button", name=button, exact=True).dblclick(delay=HAND)
    line.send("Network.emulateNetworkConditions", {**LINE, "latency": 0})
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()  # whoever goes on at once would break off what the page still loads
    line.detach()
