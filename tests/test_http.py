"""The edge: headers on every answer, errors that say what to do, and nothing that a client sends is a 500."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from erebus.http import actor, attachment
from erebus.trail import SYSTEM, ActorKind

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.mark.parametrize("address", ["/login", "/nowhere", "/projects", "/static/css/tokens.css"])
def test_every_answer_carries_the_security_headers_and_an_id(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"].upper() == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert len(headers["X-Request-Id"]) == 26


def test_pages_are_not_kept_and_assets_are(client: FlaskClient) -> None:
    assert client.get("/login").headers["Cache-Control"] == "no-store"
    address = re.search(r"/static/[^\"]+\?v=\w+", client.get("/login").text)
    assert address is not None
    with client.get(address[0]) as asset:
        assert "max-age=31536000" in asset.headers["Cache-Control"]


def test_a_page_that_takes_an_account_leads_to_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/projects?q=a%26b")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/projects?q%3Da%2526b"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/projects/%00", 400),
        ("GET", "/login?next=%00", 400),
        ("GET", "/login?%ff=%fe", 200),
        ("PUT", "/login", 405),
        ("GET", "/images/" + "x" * 5000 + ".png", 404),
        ("GET", "/login?next=//evil.example", 200),
    ],
)
def test_odd_addresses_get_an_answer_that_says_what_to_do(
    client: FlaskClient, method: str, address: str, status: int
) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == status
    assert "<h1" in answer.text


@pytest.mark.parametrize("host", ["x" * 64, f"{'x' * 64}.example", "a..example", "\x01", "[::1", "localhost:99999999"])
@pytest.mark.parametrize("address", ["/login", "/projects", "/nowhere"])
def test_a_host_that_is_none_gets_an_answer(client: FlaskClient, host: str, address: str) -> None:
    answer = client.get(address, headers={"Host": host})
    assert answer.status_code in {200, 302, 400, 404}
    assert answer.status_code != 400 or "Check the address" in answer.text


@pytest.mark.parametrize("name", ["erebus_remember", "erebus_session"])
@pytest.mark.parametrize("value", ["a|\u00e9", "|", "a|b|c", "\u00ff", "." * 4000])
def test_a_cookie_that_is_not_ours_is_none(app: Flask, name: str, value: str) -> None:
    answer = app.test_client(use_cookies=False).get("/login", headers={"Cookie": f"{name}={value}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/login", "/nowhere", "//elsewhere.example/projects", "/projects/caf\u00e9"])
def test_an_address_with_the_secret_of_a_key_is_left_for_one_without(client: FlaskClient, path: str) -> None:
    secret = "sk-er-" + "aB3" * 16
    answer = client.get(path, query_string={"q": ["one", f"my {secret}"], "next": f"/projects?q={secret}"})

    assert answer.status_code == 302
    assert secret not in answer.location + answer.text
    where = urlsplit(answer.location)
    assert (where.netloc, parse_qs(where.query)["q"]) == ("", ["one", "my sk-er-\u20263aB3"])
    assert client.get(answer.location).status_code in {200, 302, 308, 404}


def test_too_much_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/login", data={"email": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_form_without_its_token_is_refused_in_words(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post("/signup", data={"name": "Ada"})
    assert answer.status_code == 400
    assert "This form has expired" in answer.text


@pytest.mark.parametrize(
    "headers", [{"Referer": "https://[/"}, {"Referer": "https://localhost:abc/"}, {"Host": "localhost:99999999"}]
)
def test_over_tls_a_form_from_what_is_no_address_is_refused(app: Flask, headers: dict[str, str]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client, secure = app.test_client(), {"base_url": "https://localhost"}
    form = {"csrf_token": _token(client.get("/login", **secure).text)}
    sent = {"Referer": "https://localhost/", **headers}
    assert client.post("/login", data=form, headers={"Referer": "https://localhost/"}, **secure).status_code == 422
    assert client.post("/login", data=form, headers=sent, **secure).status_code == 400


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_an_error_of_ours_shows_the_requests_id_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    def fail() -> str:
        message = "hunter2"
        raise RuntimeError(message)

    fail.erebus_permission = "public"
    app.view_functions["auth.signup"] = fail
    app.testing = False
    answer = client.get("/signup")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    assert "hunter2" not in answer.text


def test_what_a_browser_calls_itself_is_kept_without_a_secret(app: Flask) -> None:
    secret = "sk-er-" + "aB3" * 16
    with app.test_request_context("/login", headers={"User-Agent": f"Tool {secret}"}):
        app.preprocess_request()
        assert actor().user_agent == "Tool sk-er-…3aB3"


def test_outside_a_request_the_system_acts_and_in_one_somebody_unknown(app: Flask) -> None:
    assert actor() == SYSTEM
    with app.test_request_context("/login", headers={"User-Agent": "Test"}):
        app.preprocess_request()
        somebody = actor()
    assert (somebody.kind, somebody.id, somebody.user_agent) == (ActorKind.ANONYMOUS, "anonymous", "Test")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("log-1.json", "filename=log-1.json"),
        ("a log; 1.json", 'filename="a log; 1.json"'),
        ("Tomás.json", "filename=Tomas.json; filename*=UTF-8''Tom%C3%A1s.json"),
    ],
)
def test_a_file_has_the_name_that_it_is_given(app: Flask, name: str, told: str) -> None:
    with app.test_request_context():
        answer = attachment(b"{}", name, "application/json", {"X-Erebus-Hidden": "4"})
    assert answer.headers["Content-Disposition"] == f"attachment; {told}"
    assert not {"Cache-Control", "Expires"} & {*answer.headers.keys()}, "nobody is told to keep it"
    answer.direct_passthrough = False
    assert (answer.data, answer.mimetype, answer.headers["X-Erebus-Hidden"]) == (b"{}", "application/json", "4")
