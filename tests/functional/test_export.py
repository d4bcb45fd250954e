"""Exporting, by eye, by keyboard and without scripts: what the browser saves."""

from __future__ import annotations

import hashlib
import json
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

AUDIT = "/projects/kiteline/audit"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_what_the_filter_shows_is_saved_as_a_file(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], has_scripts: bool
) -> None:
    owner = visit(demo, cookies=cookies("owner"), has_scripts=has_scripts)
    page = owner.page
    owner.go(f"{AUDIT}?type=project&status=failed")
    page.get_by_role("link", name="Export", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Export")
    shown = page.get_by_role("main").get_by_text(re.compile(r"of \d+ kept")).inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as NDJSON").press("Enter")
    owner.faults = [fault for fault in owner.faults if "ERR_ABORTED" not in fault]  # what is saved is no page
    assert re.fullmatch(r"kiteline-audit-\d+-\d+-\d{4}-\d\d-\d\d\.ndjson", download.value.suggested_filename)
    events = [json.loads(line) for line in download.value.path().read_text("utf-8").splitlines()]
    assert f"{len(events)} of" in shown
    assert {(event["entityType"], event["status"]) for event in events} == {("project", False)}
    owner.go(f"{AUDIT}.csv")
    page.get_by_role("link", name="All exports").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Exports")
    digest = hashlib.sha256(download.value.path().read_bytes()).hexdigest()
    expect(page.get_by_role("listitem").filter(has_text=digest).first).to_contain_text(
        f"NDJSON of {len(events)} events"
    )
    if has_scripts:
        owner.look()
    owner.go(AUDIT)
    expect(page.locator(".event").first).to_contain_text(f"Exported {len(events)} events")


@pytest.mark.parametrize(
    ("rest", "status"),
    [("csv", 200), ("ndjson?type=api_key&from=30d&q=key", 200), ("csv?q=nothing-is-called-so", 200), ("csv?x=1", 400)],
)
def test_the_page_looks_right(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], rest: str, status: int
) -> None:
    owner = visit(demo, cookies=cookies("owner"))
    owner.expect_answer(status)
    owner.go(f"{AUDIT}.{rest}")
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("Export")
    owner.look()
