"""What Erebus is for, from the first account to the log: with scripts and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser

PASSWORD = "violet harbour lantern 9"
SECRET = re.compile(r"dv-er-[0-9A-Za-z]{48}")
TOLD = (
    ("Deleted API key", "Deleted development API key 'Chat server'"),
    ("Revoked API key", "Revoked development API key 'Chat server', giving the reason 'Left on a train'"),
    ("Updated API key status", "Enabled development API key 'Chat server': disabled → active"),
    ("Updated API key status", "Disabled development API key 'Chat server': active → disabled"),
    ("Updated API key", "Renamed development API key 'My Dev Key' to 'Chat server'"),
    ("Generated new API key", "Created development API key 'My Dev Key' for project 'My Chat App'"),
    ("Added member", "Added 'Grace Hill' as owner to project 'My Chat App'"),
    ("Created new project", "Created project 'My Chat App' in region eu"),
)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_everything_done_with_a_key_is_in_the_log(
    visit: Callable[..., Visitor], empty: Live, *, has_scripts: bool
) -> None:
    visitor = visit(empty, has_scripts=has_scripts)
    sign_up(visitor)
    create_project(visitor)
    secret = create_key(visitor)
    change_and_delete_key(visitor, secret)
    read_log(visitor, secret)
    sign_out_and_in(visitor)


def sign_up(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/signup")
    visitor.look()
    page.get_by_label("Name").fill("Grace Hill")
    page.get_by_label("Email").fill("grace@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")
    expect(page.get_by_text("No projects yet")).to_be_visible()
    visitor.look()


def create_project(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Create new project").click()
    visitor.look()
    page.get_by_label("Name").fill("My Chat App")
    page.get_by_label("Region").select_option("eu")
    page.get_by_role("button", name="Create Project").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My Chat App")
    visitor.look()


def create_key(visitor: Visitor) -> str:
    """Create a key; return the secret that is shown this once."""
    page = visitor.page
    sidebar(visitor, "API Keys")
    page.get_by_role("link", name="Create new key").click()
    visitor.look()
    page.get_by_role("textbox", name="Label").fill("My Dev Key")
    page.get_by_label("Environment").select_option("development")
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text(SECRET)).to_be_visible()
    visitor.look()
    secret = page.get_by_text(SECRET).inner_text()
    assert SECRET.fullmatch(secret)
    if visitor.has_scripts:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy secret").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="I have stored it").click()
    return secret


def change_and_delete_key(visitor: Visitor, secret: str) -> None:
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("My Dev Key")
    assert secret not in page.content()
    visitor.look()
    page.get_by_role("textbox", name="Label").fill("Chat server")
    page.get_by_role("button", name="Update Label").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chat server")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    visitor.look()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()
    page.locator("summary", has_text="Revoke").click()
    expect(page.get_by_text("It has never been used. This cannot be undone.")).to_be_visible()
    visitor.look()
    page.get_by_role("textbox", name="Reason").fill("Left on a train")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="Delete")).to_be_visible()
    visitor.look()
    page.locator("summary", has_text="Delete key").click()
    expect(page.get_by_text("This cannot be undone")).to_be_visible()
    page.get_by_role("button", name="Delete key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API Keys")
    expect(page.get_by_text("Chat server")).to_have_count(0)
    visitor.look()


def read_log(visitor: Visitor, secret: str) -> None:
    page = visitor.page
    sidebar(visitor, "Audit Logs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit Logs")
    events = page.locator(".events > li")
    expect(events).to_have_count(len(TOLD))
    for event, (title, sentence) in zip(events.all(), TOLD, strict=True):
        expect(event).to_contain_text("Grace Hill")
        expect(event).to_contain_text(title)
        expect(event).to_contain_text(sentence)
    expect(page.get_by_text("Chain verified")).to_be_visible()
    assert secret not in page.content()
    visitor.look()


def sign_out_and_in(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_label("Account of Grace Hill").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    visitor.look()
    visitor.sign_in("grace", PASSWORD)


def sidebar(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("navigation", name="Project").get_by_role("link", name=name).click()
