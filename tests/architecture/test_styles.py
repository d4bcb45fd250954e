"""Styles and templates keep step: no class without a rule, no rule without its class."""

from __future__ import annotations

import re

import pytest

from tests.architecture.test_house import ROOT, SOURCES, TEMPLATES

pytestmark = pytest.mark.pure

PAGES = "\n".join(path.read_text() for path in TEMPLATES)
CODE = "\n".join(path.read_text() for path in (*SOURCES, *(ROOT / "erebus" / "static" / "js").iterdir()))
STYLES = "\n".join(path.read_text() for path in (ROOT / "erebus" / "static" / "css").iterdir())
RULES = set(re.findall(r"\.([a-z][\w-]*)", " ".join(re.findall(r"[^{};]+(?=\{)", re.sub(r"/\*.*?\*/", "", STYLES)))))


def test_each_class_of_a_template_has_a_rule_or_is_found_by_a_script() -> None:
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", PAGES)
    named = {name for names in re.findall(r'\bclass="([^"]*)"', plain) for name in names.split() if name[-1] != "-"}
    assert {name for name in named - RULES if f'".{name}"' not in CODE} == set()


def test_each_rule_is_for_a_class_that_something_has() -> None:
    tags = re.findall(r"<[^>]*>|\{[{%].*?[%}]\}|(?<=%\})[\w-]+(?=\{%)", PAGES)
    words = set(re.findall(r"[\w-]+", " ".join([*tags, *re.findall(r"""["'`][\w. -]+["'`]""", CODE)])))
    begun = tuple(re.findall(r"([a-z][\w-]*-)\{\{", PAGES))
    assert {name for name in RULES - words if not name.startswith(begun)} == set()
