"""Slugs: what they are made from, and that none is given twice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.projects import slugs
from erebus.blueprints.projects.models import SLUG_MAX
from erebus.db import transaction


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("My Chat App", "my-chat-app"),
        ("  --Já & Ты--  ", "ja"),
        ("Straße 7", "strasse-7"),
        ("日本語", ""),
        ("!!!", ""),
        ("a" * 100, "a" * 55),
    ],
)
def test_a_slug_is_small_letters_digits_and_single_hyphens(title: str, slug: str) -> None:
    assert slugs.slugify(title) == slug


@given(st.text(max_size=100))
def test_any_title_makes_a_slug_that_fits_an_address(title: str) -> None:
    slug = slugs.slugify(title)

    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert len(slug) <= SLUG_MAX - 5


@pytest.mark.parametrize(
    ("title", "pattern"),
    [("new", r"new-[a-z0-9]{4}"), ("日本語", r"project"), ("New York", r"new-york")],
)
def test_a_slug_is_neither_empty_nor_reserved(app_context: None, title: str, pattern: str) -> None:
    with transaction():
        assert re.fullmatch(pattern, slugs.give(title, "proj_1"))


def test_a_slug_that_was_given_once_is_never_given_again(app_context: None) -> None:
    with transaction():
        given = [slugs.give("Shop", f"proj_{number}") for number in range(3)]

    assert given[0] == "shop"
    assert all(re.fullmatch(r"shop-[a-z0-9]{4}", slug) for slug in given[1:])
    assert len(set(given)) == 3
