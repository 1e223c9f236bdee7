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


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETTINGS_FOLDER", str(tmp_path / "none"))
    with pytest.raises(ValidationError, match="settings_folder"):
        KafkaEnvironment()  # type: ignore[call-arg]
