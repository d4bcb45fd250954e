"""What a password must be."""

from __future__ import annotations

import time

import pytest

from erebus.blueprints.auth import passwords


@pytest.mark.parametrize("password", ["4@8({[<3691!|70$5+%2" * 6, "1!|7({[<4@69" * 10, "({[<1!|7" * 16])
def test_no_password_keeps_the_judge_busy(password: str) -> None:
    begin = time.process_time()

    passwords.weakness(password[: passwords.LONGEST])

    assert time.process_time() - begin < 1.5, "seconds of computing; unbounded, it takes up to eight"


@pytest.mark.parametrize("password", ["4@8({[<3691!|70$5+%2 and on", "correct horse battery staple", "x" + "9Kq#t" * 8])
def test_a_good_password_is_good(password: str) -> None:
    assert passwords.weakness(password) is None
