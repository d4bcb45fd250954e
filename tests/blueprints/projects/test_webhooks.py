"""What may stand as a webhook URL, and what is kept of what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.projects import webhooks

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "text", ["https://example.com", "https://a.b", "https://hooks.my-chat.example", "https://xn--bcher-kva.example"]
)
def test_https_and_a_host_with_a_dot_is_right(text: str) -> None:
    assert webhooks.find_flaw(text) is None


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("http://example.com", "https://"),
        ("example.com", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://localhost", "dot"),
        ("https://", "dot"),
        ("https://.com", "dot"),
        ("https://example..com", "dot"),
        ("https://example.com.", "dot"),
        ("https://-a.example", "dot"),
        ("https://127.0.0.1", "dot"),
        ("https://bücher.example", "dot"),
        ("https://exa mple.com", "dot"),
        ("https://example.com\\@evil.example", "user name"),
        (f"https://{'a' * 64}.example", "dot"),
        (f"https://{'a.' * 126}aa", "dot"),
        ("https://example.com/", "path"),
        ("https://example.com/erebus/webhook", "path"),
        ("https://example.com?x=1", "query"),
        ("https://example.com#x", "fragment"),
        ("https://user:pass@example.com", "user name"),
        ("https://example.com:8443", "port"),
    ],
)
def test_anything_else_is_refused_saying_what_is_wrong(text: str, because: str) -> None:
    flaw = webhooks.find_flaw(text)

    assert flaw is not None
    assert because in flaw.reason
    assert "https://hooks.example.com" in flaw.reason


@pytest.mark.parametrize(
    ("typed", "kept"), [("", None), ("  ", None), (" HTTPS://Example.COM ", "https://example.com")]
)
def test_what_is_typed_is_trimmed_and_in_small_letters(typed: str, kept: str | None) -> None:
    assert webhooks.normalise(typed) == kept


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@a.b",
        "ftp://hunter2@a.b",
        "a@hunter2@b",
        "https://a.b?k=hunter2",
        "https://a.b/services/hunter2",
        "https://a.b\\hunter2",
        "https://a.b:hunter2",
        "https://me:pass/hunter2@a.b",
        "https://me:p@hunter2.x/word@a.b",
        "https://a.b/x@hunter2",
        "https://hunter2",
        "hunter2://a",
        "hunter2",
    ],
)
def test_what_could_be_a_credential_is_not_printable(text: str) -> None:
    flaw = webhooks.find_flaw(text)

    assert flaw is not None
    assert "hunter2" not in flaw.printable


@pytest.mark.parametrize(
    ("text", "printable"),
    [
        ("https://me:secret@a.b", "https://…@a.b"),
        ("https://hooks.a.b/services/t0/b0", "https://hooks.a.b…"),
        ("https://a.b/", "https://a.b…"),
        ("https://a.b:8443", "https://a.b…"),
        ("http://a.b", "http://a.b"),
        ("a.b", "a.b"),
        ("https://localhost", "https://localhost"),
        ("https://127.0.0.1/x", "https://127.0.0.1…"),
        ("https://a.b.c.", "https://…"),
    ],
)
def test_of_what_is_refused_the_host_is_kept_and_nothing_after_it(text: str, printable: str) -> None:
    flaw = webhooks.find_flaw(text)

    assert flaw is not None
    assert flaw.printable == printable


@given(st.text())
def test_any_text_is_answered_and_what_is_right_has_nothing_but_a_host(text: str) -> None:
    if webhooks.find_flaw(f"https://{text}") is None:
        assert text.isascii()
        assert "." in text
        assert not set("/?#@: ") & set(text)
