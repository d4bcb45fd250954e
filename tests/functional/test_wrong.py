"""Whoever filled in a form wrongly sees what is wrong, wherever on the page it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.functional.browser import PHONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import StorageState

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_refused_form_has_the_focus_where_it_is_wrong(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], has_scripts: bool
) -> None:
    visitor = visit(demo, cookies=cookies("support"), has_scripts=has_scripts)
    visitor.expect_answer(422)
    page = visitor.page
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    visitor.go("/account")
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password", exact=True).fill("violet harbour lantern 9")
    page.get_by_label("New password again").fill("violet harbour lantern 8")
    page.get_by_role("button", name="Change password").click()

    expect(page.get_by_text("This differs from the new password.")).to_be_in_viewport()
    expect(page.get_by_label("New password again")).to_be_focused()
