"""Who may import whom: the contracts of pyproject.toml hold, and they can fail."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from importlinter.cli import EXIT_STATUS_ERROR, EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.source import PACKAGES, ROOT

FORBIDDEN = """
[importlinter]
root_packages = events, consent, projections, services

[importlinter:contract:planted]
name = planted
type = forbidden
source_modules = services.social.activity.domain
forbidden_modules = events.activity
"""


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """The linter sets logging up for itself and turns every other logger off."""
    with patch("importlinter.cli.logging_config"):
        yield


def test_every_contract_holds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_a_contract_that_is_broken_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "contracts.ini").write_text(FORBIDDEN)
    assert lint_imports(config_filename=str(tmp_path / "contracts.ini"), no_cache=True) == EXIT_STATUS_ERROR


def test_the_contracts_speak_of_every_package_and_kind() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    by_type = {c["type"]: c for c in settings["contracts"]}
    assert set(settings["root_packages"]) == set(PACKAGES) == set(by_type["layers"]["layers"])
    kinds = {f"services.{p.parent.name}" for p in (ROOT / "services").glob("*/__init__.py")}
    kinds -= {"services.kit", "services.case", "services.cli", "services.scenario"}
    assert set(by_type["independence"]["modules"]) == kinds
