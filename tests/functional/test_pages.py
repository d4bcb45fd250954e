"""Every page of the demo, dark, light and on a phone."""

from __future__ import annotations

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
PAGES = (
    ("/projects", "Projects"),
    ("/projects?q=bill", "Projects"),
    ("/projects?q=nothing-is-called-so", "Projects"),
    ("/projects/new", "Create new project"),
    (CHAT, "Kiteline Chat"),
    (f"{CHAT}/keys", "API Keys"),
    (f"{CHAT}/keys?dormant=1", "API Keys"),
    (f"{CHAT}/keys/new", "Create new key"),
    (f"{CHAT}/audit", "Audit Logs"),
    (f"{CHAT}/audit?before=100", "Audit Logs"),
    (f"{CHAT}/audit?action=update&status=failed&from=30d&q=key", "Audit Logs"),
    (f"{CHAT}/audit?q=nothing-is-called-so", "Audit Logs"),
    (f"{CHAT}/exports", "Exports"),
    (f"{CHAT}/members", "Members"),
    (f"{CHAT}/settings", "Settings"),
    (f"{CHAT}/delete", "Delete project"),
    ("/projects/kiteline-docs", "Kiteline Docs"),
    ("/projects/kiteline-docs/keys", "API Keys"),
    ("/projects/kiteline-docs/audit", "Audit Logs"),
    ("/account", None),
    ("/docs/audit-logs", None),
)

HEAVY = 60_000  # bytes, before compression


@pytest.mark.parametrize(("path", "heading"), PAGES)
def test_a_page_looks_right(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], path: str, heading: str | None
) -> None:
    owner = visit(demo, cookies=cookies("owner"))
    owner.go(path)
    title = owner.page.get_by_role("heading", level=1)
    expect(title).to_have_count(1)
    if heading:
        expect(title).to_have_text(heading)
    owner.look()


@pytest.mark.parametrize("path", [path for path, _heading in PAGES])
def test_a_page_is_light(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], path: str
) -> None:
    owner = visit(demo, cookies=cookies("owner"))
    assert len(owner.page.request.get(owner.address + path).body()) < HEAVY


@pytest.mark.parametrize("path", ["/login", "/signup", "/docs/audit-logs"])
def test_a_page_looks_right_to_somebody_signed_out(visit: Callable[..., Visitor], demo: Live, path: str) -> None:
    visitor = visit(demo)
    visitor.go(path)
    expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
    visitor.look()


@pytest.mark.parametrize("status", ["active", "disabled", "revoked"])
def test_the_page_of_a_key_looks_right(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], status: str
) -> None:
    owner = visit(demo, cookies=cookies("owner"))
    owner.go(f"{CHAT}/keys?status={status}")
    owner.page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(owner.page.get_by_role("heading", name="About")).to_be_visible()
    owner.look()


@pytest.mark.parametrize("path", [CHAT, f"{CHAT}/audit"])
def test_support_sees_what_support_may(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], path: str
) -> None:
    support = visit(demo, cookies=cookies("support"))
    support.go(path)
    expect(support.page.get_by_role("link", name="Audit Logs").first).to_be_visible()
    expect(support.page.get_by_role("link", name="Settings")).to_have_count(0)
    support.look()


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("owner", "/projects/no-such-project", 404),
        ("support", f"{CHAT}/settings", 403),
    ],
)
def test_a_page_that_is_not_to_be_had_says_what_to_do(
    visit: Callable[..., Visitor],
    demo: Live,
    cookies: Callable[..., StorageState],
    who: str,
    path: str,
    status: int,
) -> None:
    visitor = visit(demo, cookies=cookies(who))
    visitor.expect_answer(status)
    visitor.go(path)
    expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
    visitor.look()


def test_a_form_filled_in_wrongly_says_so_at_the_field(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]
) -> None:
    owner = visit(demo, cookies=cookies("owner"))
    owner.expect_answer(422)
    owner.go(f"{CHAT}/keys/new")
    owner.page.get_by_label("Label").fill("My \u202eyek")
    owner.page.get_by_role("button", name="Create Key").click()
    field = owner.page.get_by_label("Label")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("My \u202eyek")
    owner.look()
