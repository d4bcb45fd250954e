"""The form, how often it may be sent, and what is there for those who verify by themselves."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage
from werkzeug.test import TestResponse

from erebus import clock, create_app, db
from erebus.blueprints.verify.limits import reader
from erebus.config import SettingError
from erebus.records import FILE_LIMIT, Document, code_of, grouped, link_to, read_jwks
from erebus.records.links import LINK_LIMIT
from erebus.signing import rotate
from tests.blueprints.verify.conftest import picture
from tests.blueprints.verify.test_verdicts import KEPT, NOT_OURS, title

Make = Callable[..., Document]
Upload = Callable[..., TestResponse]
KEYS = "/.well-known/erebus-keys.json"
LINE_LIMIT = 4094  # characters of a request's first line that gunicorn takes


def errors(answer: TestResponse) -> list[str]:
    lists = re.findall(r'<ul class="field-errors"[^>]*>(.*?)</ul>', answer.text, re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", "".join(lists))


def test_the_form_is_there_for_everybody(client: FlaskClient) -> None:
    answer = client.get("/verify")
    assert answer.status_code == 200
    assert 'enctype="multipart/form-data"' in answer.text
    assert len(answer.data) < 60_000


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "Type the code, paste the link, or choose the file."),
        ("   ", "Type the code, paste the link, or choose the file."),
        ("7KMQ", "A verification code has 20 letters and digits"),
        ("\x00", "A verification code has 20 letters and digits"),
        ("é" * 21, "A verification code has 20 letters and digits"),
    ],
)
def test_what_is_no_code_is_told_at_the_field(client: FlaskClient, code: str, told: str) -> None:
    answer = client.post("/verify", data={"code": code})
    assert answer.status_code == 422
    assert errors(answer)[0].startswith(told)


def test_a_mistyped_character_is_told_before_anything_is_looked_up(client: FlaskClient, record: Make) -> None:
    code = grouped(code_of(record(2).payload))
    other = "1" if code[3] == "0" else "0"
    answer = client.post("/verify", data={"code": code[:3] + other + code[4:]})
    assert answer.status_code == 422
    assert errors(answer) == [
        "A character of this code is mistyped: its check character does not fit. Compare it with the record."
    ]
    assert code[:3] + other in answer.text, "what was typed is still there"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "It is neither a picture"),
        (b"GIF89a", "It is neither a picture"),
        (b"\xff\xfe", "It is neither a picture"),
        (b"https://erebus.example/", "It is neither a picture"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82", "There is no record in this picture: a screenshot"),
    ],
)
def test_a_file_without_a_record_is_told_at_the_field(upload: Upload, data: bytes, told: str) -> None:
    answer = upload(data, "holiday.png")
    assert answer.status_code == 422
    assert errors(answer)[0].startswith(told)


@pytest.mark.parametrize(
    "data", [b"{}", b'{"payload": {"\\ud800": 1}}', b"{" * 5000, b"\x89PNG\r\n\x1a\n", b"/verify/0"]
)
def test_a_broken_record_is_a_verdict(upload: Upload, data: bytes) -> None:
    answer = upload(data)
    assert (answer.status_code, title(answer)) == (200, NOT_OURS)


def test_a_code_and_a_file_at_once_are_a_question(client: FlaskClient, record: Make) -> None:
    document = record(2)
    data = {"code": grouped(code_of(document.payload)), "file": (io.BytesIO(picture(document)), "r.png")}
    assert errors(client.post("/verify", data=data)) == [
        "This is a code or link, and there is a file as well. Give one of them."
    ]


def test_fields_and_files_sent_twice_are_refused(client: FlaskClient) -> None:
    assert client.post("/verify", data={"code": ["a", "b"]}).status_code == 400
    files = [(io.BytesIO(b"a"), "a.png"), (io.BytesIO(b"b"), "b.png")]
    assert client.post("/verify", data={"file": files}).status_code == 400
    assert client.post("/verify", data={"file": "a text"}).status_code == 422


def test_a_file_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/verify", data=b"x" * (FILE_LIMIT + 1), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert f"at most {FILE_LIMIT // 10**6} MB" in answer.text
    assert "or type its code." in answer.text


def test_only_a_file_may_be_large(client: FlaskClient) -> None:
    large = "x" * 1_100_000
    assert client.post("/verify", data={"code": large}).status_code == 413
    parts, kind = (
        f'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n{large}\r\n--x--\r\n',
        "multipart/form-data",
    )
    assert client.post("/verify", data=parts, content_type=f"{kind}; boundary=x").status_code == 413
    assert client.post("/login", data=parts, content_type=f"{kind}; boundary=x").status_code == 413


def test_the_form_asks_for_its_token(settings: dict[str, Any]) -> None:
    app = create_app(settings)
    assert app.test_client().post("/verify", data={"code": "x"}).status_code == 400
    with app.app_context():
        db.engine.dispose()


def test_a_link_fits_into_the_line_that_the_server_takes(client: FlaskClient) -> None:
    assert len(f"GET /VERIFY/{'0' * LINK_LIMIT} HTTP/1.1") < LINE_LIMIT
    for text in ("0" * LINK_LIMIT, "0", "%00", "%FF", "%E2%80%AE", "a%2Fb", "x" * 20_000):
        assert client.get(f"/verify/{text}").status_code in {200, 400, 404}
    assert title(client.get("/verify/abc")) == NOT_OURS


# Limits


def test_thirty_a_minute_are_answered_and_then_one_waits(client: FlaskClient, record: Make) -> None:
    link = link_to(record(2).record, "")
    now = datetime.now(UTC)
    for _ in range(15):
        assert client.get(link).status_code == 200
        assert client.post("/verify", data={"code": "x"}).status_code == 422
    answer = client.get(link)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Wait a minute, then try again." in answer.text
    assert '<a class="btn primary" href="">Try again</a>' in answer.text
    sent = client.post("/verify", data={"code": "x"})
    assert (sent.status_code, "Try again</a>" in sent.text) == (429, False), "a form is not sent by a link"
    assert client.get("/verify").status_code == 200, "the form alone costs nothing"
    assert client.get(KEYS).status_code == 200
    other = client.get(link, environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert (other.status_code, title(other)) == (200, KEPT)
    assert datetime.now(UTC) - now < timedelta(minutes=1)


def test_no_other_page_is_limited(client: FlaskClient) -> None:
    assert {client.get("/login").status_code for _ in range(40)} == {200}
    assert "X-RateLimit-Limit" not in client.get("/login").headers


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.9", "::ffff:192.0.2.9"),
        ("", "unknown"),
        ("somewhere", "somewhere"),
    ],
)
def test_a_subscriber_is_counted_as_one(app: Flask, address: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert reader() == counted


@pytest.mark.parametrize("place", ["nowhere://x", "redis://127.0.0.1:1", "x"])
def test_a_place_to_count_that_cannot_be_is_refused_by_name(settings: dict[str, Any], place: str) -> None:
    with pytest.raises(SettingError, match="EREBUS_RATE_STORAGE must be"):
        create_app({**settings, "RATE_STORAGE": place})


# What others need


def test_the_keys_are_there_for_everybody_and_every_page(client: FlaskClient, record: Make, app: Flask) -> None:
    document = record(2)
    with app.app_context():
        rotate()
    answer = client.get(KEYS, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.cache_control.public
    assert answer.cache_control.max_age == 3600
    assert "Set-Cookie" not in answer.headers
    keys = answer.get_json()
    assert [set(key) for key in keys["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}] * 2
    assert read_jwks(keys).has_signed(document.record)


def test_security_txt_says_where_to_write_and_until_when(settings: dict[str, Any]) -> None:
    app = create_app({**settings, "SUPPORT_EMAIL": "security@example.com"})
    then = datetime(2026, 11, 28, 12, tzinfo=UTC)
    with clock.at(then):
        answer = app.test_client().get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    assert answer.text.splitlines() == [
        "Contact: mailto:security@example.com",
        "Expires: 2027-05-27T00:00:00Z",
        "Preferred-Languages: en",
    ]
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("file", "text"), [("record.key", "zz"), ("record.key", ""), ("record-old.keys", "ab\ncd\n")])
def test_without_its_keys_it_says_nothing_of_a_record(
    client: FlaskClient, record: Make, upload: Upload, tmp_path: Path, file: str, text: str
) -> None:
    document = record(2)
    (tmp_path / file).write_text(text)
    for answer in (
        client.get(link_to(document.record, "")),
        client.post("/verify", data={"code": code_of(document.payload)}),
        upload(picture(document)),
        client.get(KEYS),
    ):
        assert answer.status_code == 503
        assert "This says nothing about the record." in answer.text or answer.is_json
        assert document.record.signature.hex() not in answer.text


class Away(MemoryStorage):
    """A place to count that does not answer."""

    STORAGE_SCHEME: ClassVar[list[str]] = ["away"]

    def acquire_entry(self, *_arguments: Any, **_named: Any) -> bool:
        raise ConnectionError


def test_where_the_place_to_count_is_away_each_process_counts_for_itself(settings: dict[str, Any]) -> None:
    app = create_app({**settings, "RATE_STORAGE": "away://"})
    client = app.test_client()
    assert [client.get("/verify/0").status_code for _ in range(31)] == [200] * 30 + [429]
    with app.app_context():
        db.engine.dispose()
