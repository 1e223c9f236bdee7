"""The pump: at once when woken, waiting where the authority cannot answer, going on with the others."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consent.keys import AuthorityUnavailable
from services.kit import runner as runner_module
from services.kit.runner import Runner
from tests.web import EMPLOYMENT, SOCIAL, Web, web_on


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with web_on(tmp_path) as web:
        yield web


def soon(happens: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not happens() and time.monotonic() < until:
        time.sleep(0.01)
    return happens()


def published(web: Web, organisation: str) -> bool:
    return web.platform.organisations[organisation].store.unpublished(1) == []


def test_a_command_wakes_the_pump(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "IDLE_SECONDS", 60)
    runner = Runner(web.platform)
    runner.start()
    try:
        paivi = web.as_("paivi", SOCIAL, "own_social_worker")
        ref = paivi.register()
        assert soon(lambda: published(web, SOCIAL))
        assert paivi.give(ref, "open-case").status_code == 201
        assert soon(lambda: published(web, SOCIAL))
    finally:
        runner.stop()
    assert not runner.running


@pytest.mark.parametrize("error", [AuthorityUnavailable(), RuntimeError("SALAISUUS")])
def test_one_organisation_stands_still_in_plain_sight_and_the_others_go_on(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    for person, organisation, role in (("paivi", SOCIAL, "own_social_worker"), ("tiina", EMPLOYMENT, "employment_coach")):
        session = web.as_(person, organisation, role)
        assert session.give(session.register(), "open-case").status_code == 201

    def fails() -> int:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(web.platform.organisations[SOCIAL], "pump", fails)
        runner = web.app.state.runner
        while runner.round():
            pass
        assert runner.failure == {SOCIAL: type(error).__name__}
        assert published(web, EMPLOYMENT)
        assert not published(web, SOCIAL)
        answer = web.send("GET", "/readyz")
        assert answer.status_code == 503
        assert answer.json()["organisations"][SOCIAL]["failure"] == type(error).__name__
        assert "SALAISUUS" not in caplog.text + answer.text
    assert soon(lambda: runner.round() >= 0 and published(web, SOCIAL))
    assert runner.failure == {}


def test_an_organisation_that_fails_is_not_asked_again_at_once(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fails() -> int:
        asked.append(time.monotonic())
        raise AuthorityUnavailable

    monkeypatch.setattr(runner_module, "IDLE_SECONDS", 60)
    monkeypatch.setattr(web.platform.organisations[SOCIAL], "pump", fails)
    for _ in range(5):
        web.app.state.runner.round()
    assert len(asked) == 1
