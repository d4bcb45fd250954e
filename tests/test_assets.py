"""Static files: found by what is in them, kept for good, and compressed for those who can read that."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from erebus.assets import PARTS

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

STYLESHEET = "/static/css/erebus.css"


def test_a_file_is_linked_by_what_is_in_it_and_kept_for_good(client: FlaskClient) -> None:
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/login").text)

    assert len(links) > 5
    for link in links:
        with client.get(link) as answer:
            assert answer.status_code == 200, link
            assert answer.cache_control.immutable, link
            assert answer.cache_control.max_age == 365 * 24 * 3600


@pytest.mark.parametrize("path", ["/static/css/tokens.css", STYLESHEET])
@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789ab"])
def test_a_file_asked_for_by_another_address_is_not_kept_for_good(client: FlaskClient, path: str, query: str) -> None:
    with client.get(f"{path}{query}") as answer:
        assert answer.status_code == 200
        assert not answer.cache_control.immutable
        assert answer.cache_control.max_age == 3600


def test_however_a_file_is_spelt_it_is_kept_in_mind_once(app: Flask, client: FlaskClient) -> None:
    for path in ("css/tokens.css", "./css/tokens.css", "css/../css/./tokens.css"):
        with client.get("/static/" + path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200

    assert list(app.extensions["erebus.assets"]) == ["css/tokens.css"]


def test_a_file_that_is_not_there_is_a_404(client: FlaskClient) -> None:
    assert client.get("/static/css/none.css?v=0123456789ab").status_code == 404


def test_the_stylesheet_of_all_pages_holds_its_parts_in_their_order(app: Flask, client: FlaskClient) -> None:
    parts = []
    for part in PARTS:
        with client.get(f"/static/css/{part}.css") as answer:
            parts.append(answer.data)

    assert client.get(STYLESHEET).data == b"".join(parts)


def test_what_the_stylesheet_points_to_is_there(client: FlaskClient) -> None:
    addresses = re.findall(r'url\("([^"]+)"\)', client.get(STYLESHEET).text)

    assert len(addresses) > 2
    for address in addresses:
        with client.get(urljoin(STYLESHEET, address)) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("path", [STYLESHEET, "/static/js/copy.js", "/static/favicon.svg"])
def test_text_is_compressed_for_those_who_take_that(client: FlaskClient, path: str) -> None:
    with client.get(path) as plain, client.get(path, headers={"Accept-Encoding": "gzip, br"}) as zipped:
        assert (plain.content_encoding, zipped.content_encoding) == (None, "gzip")
        assert gzip.decompress(zipped.data) == plain.data
        assert int(zipped.headers["Content-Length"]) == len(zipped.data) < len(plain.data)
        assert "Accept-Encoding" in plain.vary
        assert "Accept-Encoding" in zipped.vary


@pytest.mark.parametrize("path", [STYLESHEET, "/static/js/copy.js"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_file_that_has_not_changed_is_not_sent_again(client: FlaskClient, path: str, encoding: str) -> None:
    with client.get(path, headers={"Accept-Encoding": encoding}) as first:
        known = first.headers["ETag"]

    with client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": known}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("encoding", ["identity", "gzip;q=0", "br"])
def test_a_file_goes_out_as_it_is_to_those_who_take_no_gzip(client: FlaskClient, encoding: str) -> None:
    assert client.get(STYLESHEET, headers={"Accept-Encoding": encoding}).content_encoding is None


def test_a_page_is_never_compressed_for_it_holds_secrets(client: FlaskClient) -> None:
    assert client.get("/login", headers={"Accept-Encoding": "gzip"}).content_encoding is None


def test_a_part_of_a_file_is_a_part_of_what_it_is(client: FlaskClient) -> None:
    with client.get("/static/js/copy.js", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"}) as part:
        assert (part.status_code, len(part.data), part.content_encoding) == (206, 10, None)
