"""Only a path of this site is a place to go on to."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.auth.addresses import is_own

HERE = "https://erebus.example"


@given(st.text(alphabet=st.sampled_from("/\\:.?#@ \t\r\nabc%2f[]\u200a\u202e"), max_size=12))
def test_what_is_taken_for_own_stays_on_this_site_even_as_browsers_read_it(address: str) -> None:
    if is_own(address):
        as_browsers_read_it = address.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip()
        assert urlsplit(urljoin(HERE, as_browsers_read_it)).netloc == "erebus.example"


def test_ordinary_pages_are_own() -> None:
    for address in ("/", "/projects", "/projects/a-b/audit?before=216#n", "/projects?q=ü"):
        assert is_own(address)
