"""A story's people whose organisations run in other processes: who does not answer, or says "later", is asked again."""

from datetime import date
from pathlib import Path

import httpx
import pytest

from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.errors import Refused
from services.scenario import remote
from services.scenario.remote import RemotePlatform

SOCIAL, HETU = "orimattila-social", "010170-999R"
WORKER = Actor("paivi", "Päivi", "own_social_worker", SOCIAL)


def platform_answering(folder: Path, *answers: httpx.Response | None) -> tuple[RemotePlatform, list[httpx.Request]]:
    """Answers one after the other; None: the connection is refused."""
    left, asked = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = left.pop(0)
        if found is None:
            raise httpx.ConnectError("refused")
        return found

    installation, clock = load(Path("deploy/organisations.toml")), StoryClock(folder / "clock.json")
    clock.move(date(2022, 3, 1), 1)
    made = RemotePlatform(folder, installation, clock, {o.id: "http://127.0.0.1:1" for o in installation.organisation})
    made.http = httpx.Client(transport=httpx.MockTransport(answer))
    return made, asked


def problem(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": "asked_too_often", "field": None}})


def test_who_is_away_or_says_later_is_asked_again_and_later_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = list[float]()
    monkeypatch.setattr(remote.time, "sleep", slept.append)
    done = httpx.Response(201, json={"client_ref": "c1" * 16})
    made, asked = platform_answering(tmp_path, None, problem(503), problem(429), *[problem(429)] * 9, done)
    assert made.organisations[SOCIAL].register_client(WORKER, "Testi Asiakas", HETU) == "c1" * 16
    assert len(asked) == 13 and slept == sorted(slept) and slept[0] < 0.1 and slept[-1] == remote.SELDOM_SECONDS


def test_a_refusal_is_final(tmp_path: Path) -> None:
    made, asked = platform_answering(tmp_path, problem(403))
    with pytest.raises(Refused):
        made.organisations[SOCIAL].register_client(WORKER, "Testi Asiakas", HETU)
    assert len(asked) == 1
