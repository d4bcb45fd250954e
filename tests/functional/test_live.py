"""The live list: what somebody else does appears by itself, and moves nothing that is being read."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.functional.browser import Visitor
from tests.functional.server import DEMO_PASSWORD, Live, Serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, StorageState

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]  # one server for all

LOG = "/projects/kiteline/audit"
POLL = "**/audit?after=*"
SOON = 5000  # milliseconds until what is new is to be seen
LATER = 15_000  # and until the server is asked again at the latest, after it was away


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Live]:
    """A server with the demo, on which things happen."""
    with serve(with_demo=True) as server:
        yield server


@pytest.fixture(scope="module")
def signed_in(server: Live, browser: Browser) -> Callable[[str], StorageState]:
    """``signed_in("owner")`` is what the browser of somebody who has signed in keeps."""

    @cache
    def signed_in(name: str) -> StorageState:
        context = browser.new_context()
        Visitor(context.new_page(), server.address).sign_in(name, DEMO_PASSWORD)
        kept = context.storage_state()
        context.close()
        return kept

    return signed_in


@pytest.fixture
def reader(visit: Callable[..., Visitor], server: Live, signed_in: Callable[[str], StorageState]) -> Visitor:
    """Somebody from support, who looks at the log; the clock of their page can be put forward."""
    visitor: Visitor = visit(server, cookies=signed_in("support"))
    visitor.page.clock.install()
    return visitor


@pytest.fixture
def write(visit: Callable[..., Visitor], server: Live, signed_in: Callable[[str], StorageState]) -> Callable[..., str]:
    """``write()`` lets somebody else create a key, in whichever project, and returns the key's label."""
    browser = visit(server, cookies=signed_in("owner")).page.request

    def write(project: str = "kiteline") -> str:
        label = f"Key {uuid4().hex[:8]}"
        address = f"{server.address}/projects/{project}/keys/new"
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(address).text())
        assert token
        form = {"csrf_token": token[1], "label": label, "environment": "development"}
        expect(browser.post(address, form=form)).to_be_ok()
        return label

    return write


def newest(page: Page) -> int:
    return int((page.locator(".event").first.get_attribute("id") or "").removeprefix("event-"))


def put_forward(page: Page, milliseconds: int = SOON) -> None:
    """Let the time pass after which the page asks the server."""
    page.clock.fast_forward(milliseconds)


def top_of(page: Page, number: int) -> float:
    return float(page.locator(f"#event-{number}").evaluate("event => event.getBoundingClientRect().top"))


def test_what_is_new_appears_at_the_top_marked_and_the_whole_page_tells_of_it(
    reader: Visitor, write: Callable[..., str]
) -> None:
    page = reader.page
    reader.go(LOG)
    number = newest(page)
    made = page.locator(".foot").inner_text()

    label = write()

    first = page.locator(".event").first
    expect(first).to_have_attribute("id", f"event-{number + 1}", timeout=SOON)
    expect(first).to_contain_text(label)
    expect(first.get_by_text("new", exact=True)).to_be_visible()
    expect(page.locator(".ring-caption")).to_contain_text(f"#{number - 98} – #{number + 1} kept")
    expect(page.locator(".shown")).to_have_text(
        re.compile(rf"#{number + 1} to #{number - 23}.* 1 new since #{number}\.")
    )
    expect(page.locator(".event:not(:has(> .entry > .group-fold))")).to_have_count(25)
    expect(page.locator(".foot")).to_contain_text(f"head #{number + 1}")
    assert page.locator(".foot").inner_text() != made
    expect(page.locator(".live-said")).to_have_text("1 new event.")
    expect(first.get_by_role("button", name="Copy id")).to_be_visible()
    reader.look()
    page.evaluate(
        """() => {
          window.said = 0;
          const observer = new MutationObserver(() => (window.said += 1));
          observer.observe(document.querySelector(".live-said"), { childList: true });
        }"""
    )
    write()
    expect(first).to_have_attribute("id", f"event-{number + 2}", timeout=SOON)
    expect(page.locator(".event.new")).to_have_count(2)
    assert page.evaluate("window.said") == 0, "not a word each time"


def test_what_one_reads_stays_where_it_is(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.go(LOG)
    number = newest(page)
    page.locator(f"#event-{number - 8}").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    page.wait_for_function("scrollY > 300")
    before = top_of(page, number - 8)
    write()
    write()
    put_forward(page)
    button = page.get_by_role("button", name="2 new events")
    expect(button).to_be_visible()
    expect(button).to_be_in_viewport()
    assert top_of(page, number - 8) == before
    assert newest(page) == number

    button.click()

    expect(page.locator(".event").first).to_have_attribute("id", f"event-{number + 2}")
    expect(page.locator(".event").first).to_be_in_viewport()
    expect(page.locator(".event.new")).to_have_count(2)
    expect(page.locator(f"#event-{number + 2} .entry")).to_be_focused()
    expect(button).to_be_hidden()


def test_whoever_goes_back_to_the_top_finds_it_there(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.go(LOG)
    number = newest(page)
    page.locator(f"#event-{number - 12}").scroll_into_view_if_needed()
    page.wait_for_function("scrollY > 300")
    write()
    put_forward(page)
    expect(page.get_by_role("button", name="1 new event")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".event").first).to_have_attribute("id", f"event-{number + 1}", timeout=1500)


def test_an_event_that_has_the_focus_is_not_moved_and_what_is_unfolded_stays_so(
    reader: Visitor, write: Callable[..., str]
) -> None:
    page = reader.page
    reader.go(f"{LOG}?action=create&status=succeeded")
    number = newest(page)
    page.keyboard.press("j")
    fold = page.locator(f"#event-{number} details")
    fold.locator("summary").click()
    page.locator(f"#event-{number} .entry").focus()
    write()
    put_forward(page)
    expect(page.get_by_role("button", name="1 new event")).to_be_visible()
    expect(page.locator(f"#event-{number} .entry")).to_be_focused()
    page.get_by_role("button", name="1 new event").press("Enter")
    assert newest(page) > number
    expect(fold).to_have_attribute("open", "")


def test_only_what_the_filter_lets_through_appears(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.go(f"{LOG}?status=failed")
    number = newest(page)
    kept = page.locator(".ring-caption b").first.inner_text()
    write()
    put_forward(page)
    expect(page.locator(".ring-caption b").first).not_to_have_text(kept)
    assert newest(page) == number
    expect(page.locator(".live-said")).to_be_empty()


def test_it_works_where_nothing_was_shown(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.go(f"{LOG}?q=%22Key%20%22&from=2099-01-01")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.evaluate("history.replaceState(null, '', location.pathname + '?from=24h&action=create&type=api_key&q=Key')")
    label = write()
    put_forward(page)
    expect(page.locator(".event").first).to_contain_text(label)


def take_all_events(database: Path, slug: str) -> None:
    """Leave nothing in the log of the project *slug*, past its triggers."""
    connection = sqlite3.connect(database)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _sql in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("DELETE FROM audit_events WHERE log_id = (SELECT id FROM projects WHERE slug = ?)", [slug])
    for _name, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def test_it_works_in_a_log_that_was_empty(
    visit: Callable[..., Visitor],
    server: Live,
    signed_in: Callable[[str], StorageState],
    write: Callable[..., str],
) -> None:
    owner = visit(server, cookies=signed_in("owner"))
    page = owner.page
    owner.go("/projects/kiteline-docs/audit")
    take_all_events(server.instance / "erebus.db", "kiteline-docs")
    page.reload()
    expect(page.get_by_role("heading", name="No audit events yet")).to_be_visible()
    expect(page.get_by_label("Search and filter the log")).to_have_count(0)
    label = write("kiteline-docs")
    expect(page.locator(".event").first).to_contain_text(label, timeout=SOON)
    expect(page.get_by_label("Search and filter the log")).to_be_visible()


def test_the_server_is_not_asked_while_the_page_is_hidden(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.go(LOG)
    number = newest(page)
    page.route(POLL, lambda _route: None)  # is not answered for now
    with page.expect_request(POLL):
        put_forward(page)
    hide(page, hidden=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.unroute(POLL)  # is answered now
    write()
    for _ in range(4):
        put_forward(page, LATER)
    assert asked == []
    hide(page, hidden=False)
    expect(page.locator(".event").first).to_have_attribute("id", f"event-{number + 1}")


def hide(page: Page, *, hidden: bool) -> None:
    """Let the browser say that *page* is hidden, or to be seen again."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


AWAY = "The server does not answer: new events appear once it does."


def test_a_server_that_fails_is_asked_again_quietly(reader: Visitor, write: Callable[..., str]) -> None:
    page = reader.page
    reader.expect_answer(503)
    reader.go(LOG)
    page.route(POLL, lambda route: route.fulfill(status=503, body="away"))
    for _ in range(4):
        with page.expect_response(POLL):
            put_forward(page, LATER)
    expect(page.locator(".live-away")).to_have_text(AWAY)
    page.unroute(POLL)
    label = write()
    put_forward(page, LATER)
    expect(page.locator(".event").first).to_contain_text(label)
    expect(page.locator(".live-away")).to_be_empty()


def test_without_a_network_one_is_told_so_and_with_it_again_all_is_there(
    reader: Visitor, write: Callable[..., str]
) -> None:
    page = reader.page
    reader.go(LOG)
    page.context.set_offline(True)
    for _ in range(2):
        with page.expect_event("requestfailed"):
            put_forward(page, LATER)
    expect(page.locator(".live-away")).to_have_text(AWAY)
    label = write()
    page.context.set_offline(False)
    expect(page.locator(".event").first).to_contain_text(label)
    expect(page.locator(".live-away")).to_be_empty()
    reader.faults = [fault for fault in reader.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


def test_whoever_is_signed_out_meanwhile_is_told_so_and_the_server_left_alone(reader: Visitor) -> None:
    page = reader.page
    reader.go(LOG)
    page.context.clear_cookies()
    expect(page.locator(".live-away")).to_contain_text("You are signed out.", timeout=SOON)
    expect(page.locator(".event:not(:has(> .entry > .group-fold))")).to_have_count(25)


def test_without_scripts_a_reload_does_it(
    visit: Callable[..., Visitor], server: Live, signed_in: Callable[[str], StorageState], write: Callable[..., str]
) -> None:
    plain = visit(server, has_scripts=False, cookies=signed_in("support"))
    plain.go(LOG)
    expect(plain.page.locator(".live-new button")).to_be_hidden()
    label = write()
    plain.page.reload()
    expect(plain.page.locator(".event").first).to_contain_text(label)
