"""What stands around every page: the switch between projects, the search, shortcuts, toasts, and the footer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import StorageState

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser

CHAT = "/projects/kiteline"


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_goes_from_project_to_project_in_the_top_bar(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], *, has_scripts: bool
) -> None:
    visitor = visit(demo, cookies=cookies("owner"), has_scripts=has_scripts)
    visitor.go(f"{CHAT}/settings")
    page = visitor.page
    page.locator("summary", has_text="Switch project").click()
    menu = page.get_by_role("navigation", name="Your projects")
    expect(menu.get_by_role("link")).to_have_text(
        ["Kiteline Chat", "Kiteline Docs", "All projects", "Create new project"]
    )
    expect(menu.locator("[aria-current=true]")).to_have_text("Kiteline Chat")
    visitor.look()
    menu.get_by_role("link", name="Kiteline Docs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kiteline Docs")


def test_the_switch_opens_and_closes_by_keyboard(owner: Visitor) -> None:
    owner.go(CHAT)
    summary = owner.page.locator("summary", has_text="Switch project")
    menu = owner.page.get_by_role("navigation", name="Your projects")
    summary.focus()
    owner.page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    owner.page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Kiteline Chat")).to_be_focused()
    owner.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.parametrize("path", [f"{CHAT}/keys", "/account", "/docs/audit-logs"])
def test_the_slash_leads_to_the_search_which_finds_projects(owner: Visitor, path: str) -> None:
    owner.go(path)
    page = owner.page
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search projects")).to_be_focused()
    page.keyboard.type("docs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")
    expect(page.locator(".project-card")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("docs")


def test_on_the_list_of_projects_the_slash_leads_to_its_own_search(owner: Visitor) -> None:
    owner.go("/projects")
    owner.page.keyboard.press("/")
    expect(owner.page.get_by_role("main").get_by_role("searchbox")).to_be_focused()


def test_on_a_phone_the_search_unfolds_when_it_is_touched(owner: Visitor) -> None:
    owner.page.set_viewport_size({"width": 375, "height": 800})
    owner.go(CHAT)
    field = owner.page.get_by_role("searchbox", name="Search projects")
    field.click()
    expect(field).to_be_focused()
    expect(field).to_have_css("opacity", "1")
    box = field.bounding_box()
    assert box is not None
    assert box["width"] > 300
    field.press_sequentially("docs")
    field.press("Enter")
    expect(owner.page.locator(".project-card")).to_have_count(1)


def test_shortcuts_are_listed_and_can_be_switched_off(owner: Visitor) -> None:
    owner.go(CHAT)
    page = owner.page
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(listed).to_be_visible()
    owner.look()
    listed.get_by_role("checkbox", name="Use these keys").uncheck()
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    owner.go(f"{CHAT}/keys")
    expect(page.locator("[data-shortcut-sign]")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(listed).to_be_hidden()
    expect(page.get_by_role("searchbox", name="Search projects")).not_to_be_focused()
    page.get_by_role("button", name="Shortcuts").click()
    expect(listed).to_be_visible()


@pytest.mark.parametrize("path", ["", "/keys", "/keys/new", "/audit", "/members", "/settings", "/delete"])
def test_the_footer_of_a_project_says_where_its_log_stands(owner: Visitor, path: str) -> None:
    head = owner.page.request.get(f"{owner.address}{CHAT}/audit.json").json()["events"][0]
    owner.go(CHAT + path)
    footer = owner.page.get_by_role("contentinfo")
    written = datetime.fromtimestamp(head["createdAt"] / 1000, UTC)
    for part in (
        "Kiteline Chat",
        f"head #{head['number']}",
        f"hash {head['hash'][:12]}",
        f"written {written:%Y-%m-%d %H:%M:%S} UTC",
    ):
        expect(footer).to_contain_text(part)
    made = re.search(r"page made (\S+ \S+) UTC", footer.inner_text())
    assert made
    moment = datetime.strptime(made[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_what_was_done_is_told_in_a_status(visit: Callable[..., Visitor], empty: Live) -> None:
    visitor = visit(empty)
    visitor.go("/signup")
    for label, value in (("Name", "Grace Hill"), ("Email", "grace@example.com"), ("Password", "violet harbour 9")):
        visitor.page.get_by_label(label).fill(value)
    visitor.page.get_by_role("button", name="Sign up").click()
    visitor.page.get_by_role("link", name="Create new project").first.click()
    visitor.page.get_by_label("Name").fill("My Chat App")
    visitor.page.get_by_role("button", name="Create Project").click()
    expect(visitor.page.get_by_role("status").filter(has_text="Project 'My Chat App' created.")).to_be_visible()
