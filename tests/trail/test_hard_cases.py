"""Each hard case is held by a test that names it, and stands in the table of ``docs/hard-cases.md`` with that test."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

CASES = {"A": 10, "B": 8, "C": 7, "D": 18, "E": 8, "F": 9, "G": 10}
IDS = [f"O-{part}{number}" for part, count in CASES.items() for number in range(1, count + 1)]
TESTS = Path(__file__).parents[1]
GUIDE = TESTS.parent / "docs" / "hard-cases.md"
ROW = re.compile(r"\| (?P<id>O-\w+) \| (?P<outcome>[^|]+) \| (?P<mark>decided)? ?\| (?P<tests>[^|]+) \|")


def names_by_case(folder: Path) -> dict[str, set[str]]:
    """The names of the tests below *folder* whose docstring names a case, by case."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in folder.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for case in re.findall(r"\bO-[A-Z]\d+\b", ast.get_docstring(node) or ""):
                    found[case].add(node.name)
    return found


def rows() -> list[re.Match[str]]:
    return [row for line in GUIDE.read_text().splitlines() if (row := ROW.fullmatch(line))]


def test_each_case_is_named_by_a_test_and_no_other_is() -> None:
    assert len(IDS) == 70
    assert {*names_by_case(TESTS / "trail")} == {*IDS}


def test_the_table_has_each_case_once_in_order() -> None:
    assert [row["id"] for row in rows()] == IDS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_the_tests_that_the_table_names_are_of_its_case(row: re.Match[str]) -> None:
    named = re.findall(r"`(\w+)`", row["tests"])
    assert named
    assert {*named} <= names_by_case(TESTS)[row["id"]]


def test_the_guide_leads_to_the_table() -> None:
    assert "(hard-cases.md)" in (GUIDE.parent / "trail.md").read_text()
