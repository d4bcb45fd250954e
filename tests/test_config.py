"""Settings: read as strings, converted by type, refused by name."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from erebus import config

if TYPE_CHECKING:
    from pathlib import Path


def test_the_given_mapping_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EREBUS_SUPPORT_EMAIL", "from@environment.example")
    monkeypatch.setenv("EREBUS_DORMANT_DAYS", "30")

    settings = config.load({"SUPPORT_EMAIL": "given@example.com"})

    assert (settings.support_email, settings.dormant_days) == ("given@example.com", 30)


def test_a_password_of_digits_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EREBUS_DEMO_PASSWORD", "12345678901")
    assert config.load().demo_password == "12345678901"


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("1", True), ("No", False), ("", False)])
def test_a_yes_or_no_is_read_as_people_write_it(monkeypatch: pytest.MonkeyPatch, text: str, meant: bool) -> None:
    monkeypatch.setenv("EREBUS_SECURE_COOKIES", text)
    assert config.load().secure_cookies is meant


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"DATABASE_URL": "mysql://x"}, "EREBUS_DATABASE_URL must be a sqlite"),
        ({"DATABASE_URL": "nonsense"}, "EREBUS_DATABASE_URL must be a sqlite"),
        (
            {"DATABASE_URL": "postgresql://u:hunter@2@db/erebus"},
            "must have each @ of a user's name or password written",
        ),
        ({"CHAIN_KEY": "abc"}, "EREBUS_CHAIN_KEY must be 64 hexadecimal digits"),
        ({"DORMANT_DAYS": "many"}, "EREBUS_DORMANT_DAYS must be a whole number"),
        ({"DATABASE_URL": "sqlite://"}, "EREBUS_DATABASE_URL must name a file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "EREBUS_DATABASE_URL must name a file"),
        ({"DORMANT_DAYS": None}, "EREBUS_DORMANT_DAYS must be a whole number"),
        ({"DORMANT_DAYS": "0"}, "EREBUS_DORMANT_DAYS must be at least 1"),
        ({"TRUSTED_PROXIES": "-1"}, "EREBUS_TRUSTED_PROXIES must be at least 0"),
        ({"SECURE_COOKIES": "perhaps"}, "EREBUS_SECURE_COOKIES must be true or false"),
        ({"PUBLIC_URL": "erebus.example"}, "EREBUS_PUBLIC_URL must be an address such as"),
        ({"PUBLIC_URL": "https://erebus.example/audit"}, "EREBUS_PUBLIC_URL must be an address such as"),
        ({"PUBLIC_URL": "https://user@erebus.example"}, "EREBUS_PUBLIC_URL must be an address such as"),
        ({"COLOUR": "red"}, "COLOUR is not a setting of Erebus"),
    ],
)
def test_what_cannot_work_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(config.SettingError, match=message) as refused:
        config.load(given)
    assert "2@db" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("EREBUS_DATABSE_URL", "EREBUS_DATABASE_URL"),
        ("EREBUS_DATABASE", "EREBUS_DATABASE_URL"),
        ("EREBUS_SECURE_COOKIE", "EREBUS_SECURE_COOKIES"),
        ("EREBUS_DEMO_PASWORD", "EREBUS_DEMO_PASSWORD"),
    ],
)
def test_a_misspelt_name_is_refused_and_the_right_one_named(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(config.SettingError) as refused:
        config.load()
    assert str(refused.value) == f"{name} is not a setting of Erebus; the nearest is {nearest}"


@pytest.mark.parametrize("name", ["EREBUS_DB_URL", "EREBUS_API_KEY", "EREBUS_"])
def test_another_name_that_looks_like_a_setting_is_warned_of_without_its_value(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv(name, "hunter2")
    config.load()
    (warning,) = caplog.records
    assert warning.getMessage().startswith(f"{name} is not a setting of Erebus; the nearest is EREBUS_")
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("name", ["EREBUS_TEST_DATABASE", "EREBUS_TEST_DATABASE_URL", "EREBUS_SOAK_KILLS", "OTHER_URL"])
def test_names_of_tests_and_of_other_programs_are_no_matter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv(name, "postgresql")
    config.load()
    assert caplog.records == []


def test_a_postgresql_address_gets_the_driver_and_keeps_its_password() -> None:
    address = "postgres://erebus:p%40ss@db.example/erebus"
    settings = config.load({"DATABASE_URL": address})
    owners = config.load({"OWNER_DATABASE_URL": address})

    expected = "postgresql+psycopg://erebus:p%40ss@db.example/erebus"
    assert (config.database_url(settings), config.owner_database_url(owners)) == (expected, expected)
    assert config.owner_database_url(settings) == expected


def test_the_folder_of_the_default_database_is_made(tmp_path: Path) -> None:
    settings = config.load({"INSTANCE_PATH": str(tmp_path / "new"), "CHAIN_KEY": "0" * 64, "SECRET_KEY": "given"})

    assert config.database_url(settings) == f"sqlite:///{tmp_path / 'new' / 'erebus.db'}"
    assert (tmp_path / "new").is_dir()


def test_keys_are_made_once_and_are_for_the_owner_only(tmp_path: Path) -> None:
    settings = config.load({"INSTANCE_PATH": str(tmp_path / "new")})

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: config.chain_key(settings), range(16)))

    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert config.secret_key(settings) == config.secret_key(settings)
    for name in ("chain.key", "session.key"):
        assert stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) == 0o600
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["chain.key", "session.key"]
