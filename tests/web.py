"""The API as its users meet it: requests to the whole application in this process, each answer kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.web import platform_app

INSTALLATION = Path(__file__).parents[1] / "deploy" / "organisations.toml"

SOCIAL, EMPLOYMENT, PROVIDER = "orimattila-social", "orimattila-employment", "esimerkkivalmennus"
OTHER_PROVIDER, FUNDER, WORKSHOP, HOME = "toinen-valmennus", "hame-funder", "orimattila-workshop", "oma-polku"
HETU = "010170-999R"
OTHER_HETU = "010170-998P"


class Web:
    """The installation's application. ``as_(person)`` speaks as somebody."""

    def __init__(self, platform: Platform, development: bool = True):
        self.platform = platform
        self.app = platform_app(platform, development)
        self.answers: list[httpx.Response] = []
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(self.app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://test")

    def send(self, method: str, url: str, **how: Any) -> httpx.Response:
        answer = self._loop.run_until_complete(self._client.request(method, url, **how))
        self.answers.append(answer)
        return answer

    def as_(self, person: str, organisation: str, role: str | None = None) -> "Session":
        return Session(self, person, organisation, role)

    def client(self, client_ref: str) -> "Session":
        return Session(self, client_ref, HOME, None)

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()


class Session:
    """Somebody at one organisation's app, in one role."""

    def __init__(self, web: Web, person: str, organisation: str, role: str | None):
        self.web, self.organisation = web, organisation
        self.headers = {"Authorization": f"Development {person}"} | ({"X-Role": role} if role else {})

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self._send("GET", path, **how)

    def post(self, path: str, json: Any = None, **how: Any) -> httpx.Response:
        return self._send("POST", path, json={} if json is None else json, **how)

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        return self.web.send(method, f"/{self.organisation}{path}", headers=self.headers | (headers or {}), **how)

    def register(self, hetu: str = HETU, name: str = "Testi Asiakas") -> str:
        answer = self.post("/clients", {"full_name": name, "hetu": hetu})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["client_ref"])

    def give(self, client_ref: str, command: str, key: str | None = None, **fields: Any) -> httpx.Response:
        """A command. ``key`` is its Idempotency-Key."""
        return self.post(f"/clients/{client_ref}/{command}", fields, headers={"Idempotency-Key": key} if key else None)

    def path(self, client_ref: str, **query: str) -> Any:
        answer = self.get(f"/clients/{client_ref}/path", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def web_on(data: Path, development: bool = True, today: str = "2022-08-23") -> Iterator[Web]:
    """A new installation on a story's clock."""
    data.mkdir(exist_ok=True)
    clock = StoryClock(data / "clock.json")
    clock.move(date.fromisoformat(today), 0)
    platform = Platform(data, load(INSTALLATION), clock)
    web = Web(platform, development)
    yield web
    web.close()
    platform.close()


def code(answer: httpx.Response) -> str:
    """The refusal's code."""
    return str(answer.json()["error"]["code"])
