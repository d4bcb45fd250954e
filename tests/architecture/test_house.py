"""House rules that can be tested (CONTRIBUTING.md, *Never*)."""

from __future__ import annotations

import ast
import gzip
import re
from dataclasses import fields
from pathlib import Path

import pytest

from erebus.app import BUILT_IN
from erebus.config import PREFIX, Settings
from erebus.plugins import load

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
PLACES = (ROOT / "erebus", *(path for path in (ROOT / "examples").glob("*/*") if (path / "__init__.py").exists()))
SOURCES = sorted(source for place in PLACES for source in place.rglob("*.py"))
TEMPLATES = sorted(template for place in PLACES for template in place.rglob("templates/**/*.html"))
FEATURE_FILES = {"__init__", "models", "services", "forms", "views", "permissions", "audit", "queries"}


def imported(tree: ast.Module) -> set[str]:
    """Return what *tree* imports, by its full name, however it is written."""
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {f"{n.module}.{a.name}" for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names}


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


@pytest.mark.parametrize("path", named(SOURCES))
def test_only_transaction_commits_and_only_the_trail_flushes(path: Path) -> None:
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    allowed = {"erebus/db.py": {"commit"}, "erebus/trail/listener.py": {"flush"}, "erebus/trail/bulk.py": {"flush"}}
    assert {"commit", "flush"} & set(calls) <= allowed.get(str(path.relative_to(ROOT)), set())


@pytest.mark.parametrize("path", named([p for p in SOURCES if "trail" not in p.parts]))
def test_nobody_outside_the_trail_appends_to_a_log(path: Path) -> None:
    text = path.read_text()
    for name in (text, *imported(ast.parse(text))):
        assert not re.search(r"trail\.(ledger|ring_\w+|telling|listener)\b", name)
    assert "audit_events" not in text


@pytest.mark.parametrize("path", named(SOURCES))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("path", named(SOURCES))
def test_every_exception_from_lint_has_its_reason(path: Path) -> None:
    for line in path.read_text().splitlines():
        if "# noqa" in line:
            assert re.search(r"# noqa: [A-Z0-9, ]+ - \w", line), line
        if "# type: ignore" in line:
            assert re.search(r"# type: ignore\[[a-z, -]+\]  # \w", line), line


@pytest.mark.parametrize("path", named(SOURCES))
def test_no_room_is_called_after_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "misc", "base"}


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_templates_hold_no_script_no_style_and_no_way_around_escaping(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_every_form_that_posts_has_a_token(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL | re.IGNORECASE):
        assert "csrf_token" in form or "hidden_tag" in form, form[:200]


@pytest.mark.parametrize("path", named([p for p in SOURCES if "trail" not in p.parts]))
def test_moments_become_text_in_one_place(path: Path) -> None:
    home = {"erebus/times.py", "erebus/blueprints/audit/spans.py"}  # which has the grammar of filters
    found = re.findall(r"\b(?:strftime|isoformat|fromtimestamp)\(|%S", path.read_text())
    assert not found or str(path.relative_to(ROOT)) in home


def test_styles_and_scripts_of_our_own_stay_light() -> None:
    files = [path for kind in ("css", "js") for path in (ROOT / "erebus" / "static" / kind).iterdir()]

    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 40_000


def test_the_readme_names_every_setting_and_every_permission() -> None:
    readme = (ROOT / "README.md").read_text()
    settings = {PREFIX + field.name.upper() for field in fields(Settings)}
    permissions = {permission.name for plugin in load(BUILT_IN) for permission in plugin.permissions}

    named = set(re.findall(r"`([A-Z_]+|[a-z]+:[a-z:]+)`", readme))
    assert settings - named == set()
    assert permissions - named == set()
    assert {name for name in named if ":" in name} - permissions == set()


def test_every_feature_has_the_same_rooms() -> None:
    for feature in (ROOT / "erebus" / "blueprints").iterdir():
        if feature.is_dir() and feature.name != "__pycache__":
            rooms = {path.stem for path in feature.glob("*.py")}
            assert {"__init__", "permissions", "views"} <= rooms, feature.name
            assert rooms & FEATURE_FILES
