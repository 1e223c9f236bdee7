"""What is read from the environment is documented, all of it."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.kit import settings
from services.kit.settings import KafkaEnvironment, Settings
from tests.architecture.source import ROOT

PAGE = ROOT / "deploy" / "docs" / "settings.md"


def test_the_page_is_what_the_code_gives() -> None:
    """After a change: ``palvelupolku settings --markdown > deploy/docs/settings.md``."""
    assert PAGE.read_text(encoding="utf-8") == settings.markdown()


def test_every_class_of_settings_is_on_the_page_and_every_setting_is_described() -> None:
    classes = {c for c in vars(settings).values() if isinstance(c, type) and issubclass(c, BaseSettings)}
    assert {c for c in classes if c.__module__ == settings.__name__ and c is not settings.Environment} == set(settings.USED_BY)
    told = [row for kind in settings.USED_BY for row in settings.rows(kind)]
    assert [row.name for row in told if not row.what] == []
    assert {row.name.lower() for row in told} >= set(Settings.model_fields)


def test_a_setting_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kafka_sasl_password").write_text("from the file\n")
    (tmp_path / "kafka_topic").write_text("from the file\n")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("KAFKA_TOPIC", "from the environment")
    monkeypatch.setenv("SETTINGS_FOLDER", str(tmp_path))
    given = KafkaEnvironment()  # type: ignore[call-arg]
    assert given.kafka("x").sasl_password == "from the file" and given.kafka_topic == "from the environment"


@pytest.mark.parametrize(
    ("url", "plain", "taken"),
    [
        ("https://oma-polku.example/authority/", "", True),
        ("http://127.0.0.1:8400/authority/", "", True),
        ("http://[::1]:8400/authority/", "", True),
        ("http://oma-polku.example/authority/", "", False),
        ("http://127.0.0.1.example/authority/", "", False),
        ("HTTP://oma-polku/authority/", "", False),
        ("oma-polku.example/authority/", "", False),
        ("http://oma-polku:8400/authority/", "true", True),
    ],
)
def test_keys_are_not_asked_for_over_a_network_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, plain: str, taken: bool
) -> None:
    for name in ("DATABASE_URL", "INSTALLATION", "SECRETS", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("AUTHORITY_URL", url)
    monkeypatch.setenv("AUTHORITY_OVER_PLAIN_HTTP", plain)
    if taken:
        assert Settings().authority_url == url  # type: ignore[call-arg]
        return
    with pytest.raises(ValidationError, match="AUTHORITY_URL is not https"):
        Settings()  # type: ignore[call-arg]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETTINGS_FOLDER", str(tmp_path / "none"))
    with pytest.raises(ValidationError, match="settings_folder"):
        KafkaEnvironment()  # type: ignore[call-arg]
