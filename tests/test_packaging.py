"""An installation from a wheel works: it has every file that a checkout has, at the place where it is looked for.

The wheel is laid out here as `pyproject.toml` tells the build backend to; the backend itself is not asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


def declared() -> Iterator[tuple[Path, Path]]:
    """Yield each file of the wheel: where it is in the checkout, and where it is going to be installed."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for package in tool["packages"]:
        folder = folder_of(package, tool["package-dir"])
        for pattern in ("*.py", *tool["package-data"].get(package, ())):
            for path in folder.glob(pattern):
                if path.is_file():
                    yield path, Path(*package.split("."), path.relative_to(folder))


def folder_of(package: str, moved: dict[str, str]) -> Path:
    """Return where *package* is in the checkout: some stand elsewhere than their name says."""
    elsewhere = next((name for name in moved if f"{package}.".startswith(f"{name}.")), None)
    if elsewhere is None:
        return ROOT.joinpath(*package.split("."))
    return ROOT.joinpath(moved[elsewhere], *package.removeprefix(elsewhere).split(".")[1:])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of installed packages; another one's migrations lie in it too."""
    site = tmp_path / "site-packages"
    for source, place in declared():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, site / place)
    (site / "migrations" / "versions").mkdir(parents=True)
    return site


@pytest.mark.parametrize("folder", ["erebus", "migrations"])
def test_no_file_of_the_checkout_is_missing_in_a_wheel(folder: str) -> None:
    there = {path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert there - {source for source, _ in declared()} == set()


def test_an_installation_far_from_a_checkout_makes_its_tables(installed: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EREBUS_")}
    command = [sys.executable, "-m", "flask", "--app", "erebus:create_app", "erebus", "upgrade"]
    upgraded = subprocess.run(
        command,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (upgraded.returncode, upgraded.stdout) == (0, "The tables are up to date.\n"), upgraded.stderr
    assert (tmp_path / "instance" / "erebus.db").exists()
