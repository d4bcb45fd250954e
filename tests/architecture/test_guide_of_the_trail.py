"""The guide to the engine names everything that the engine offers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from erebus import trail

pytestmark = pytest.mark.pure

GUIDE = (Path(__file__).parents[2] / "docs" / "trail.md").read_text()


@pytest.mark.parametrize("name", trail.__all__)
def test_each_public_name_is_in_the_guide(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)
