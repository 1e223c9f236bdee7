"""``palvelupolku run`` as its user starts it: a process of its own that is asked over HTTP and beside which the
command line answers."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.processes import free_ports
from services.scenario.story import read

STORY = Path(__file__).parents[2] / "deploy" / "scenarios" / "withdrawal.yaml"
COMMAND = (sys.executable, "-m", "services.cli.main")


def identity_codes() -> list[str]:
    """Those of the story's clients."""
    return [str(client["hetu"]) for client in read(STORY).clients.values()]


class Served:
    def __init__(self, data: Path, port: int, process: subprocess.Popen[Any]):
        self.data, self.port, self.process = data, port, process

    def get(self, address: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{address}", headers=headers)

    def ask(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run([*COMMAND, *arguments, "--data", str(self.data)], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data, (port,) = tmp_path_factory.mktemp("served") / "data", free_ports(1)
    run = [*COMMAND, "run", "--data", str(data), "--story", str(STORY), "--development", "--port", str(port)]
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    served = Served(data, port, process)
    wait_until_it_answers(served)
    yield served
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [code for code in identity_codes() if code in said] == []


def wait_until_it_answers(served: Served) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert served.process.poll() is None, served.process.stdout and served.process.stdout.read()
        try:
            if served.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


def test_the_first_page_and_the_story_are_there(served: Served) -> None:
    page = served.get("/")
    assert page.status_code == 200 and "orimattila-social" in page.text and "paivi" in page.text
    clients = served.get("/orimattila-social/clients", Authorization="Development paivi", **{"X-Role": "own_social_worker"})
    assert len(clients.json()["clients"]) == 1


def test_the_command_line_answers_beside_it(served: Served) -> None:
    (client, *_) = json.loads(served.ask("clients", "--as", "orimattila-social", "--json"))
    asked = ("path", client["name"], "--as", "orimattila-social", "--role", "own_social_worker", "--json")
    path = json.loads(served.ask(*asked))
    over_http = served.get(
        f"/orimattila-social/clients/{client['client_ref']}/path",
        Authorization="Development paivi",
        **{"X-Role": "own_social_worker"},
    ).json()
    assert path["timeline"] == over_http["timeline"] and path["timeline"]
    kinds = [(row["person"], row["kind"]) for row in json.loads(served.ask("disclosures", client["name"], "--json"))]
    assert ("console", "opened") in kinds


def test_views_are_rebuilt_while_it_serves(served: Served) -> None:
    before = {p.name for p in served.data.glob("*/view-*.sqlite")}
    served.ask("rebuild")
    after = {p.name for p in served.data.glob("*/view-*.sqlite")}
    assert before.isdisjoint(after) and served.get("/readyz").json()["ready"]
    assert json.loads(served.ask("check", "--json"))["findings"] == []


def test_no_identity_code_is_written_anywhere(served: Served) -> None:
    """Beside what ``check`` searches for: here the codes are known from outside, and the files are read raw."""
    codes = [form.encode() for code in identity_codes() for form in (code, code.lower(), code.replace("-", ""))]
    files = [p for p in served.data.rglob("*") if p.is_file()]
    assert codes and len(files) > 20
    assert [(p.name, c) for p in files for c in codes if c in p.read_bytes()] == []


def test_what_is_written_is_for_its_owner_only(served: Served) -> None:
    files = list(served.data.rglob("*.sqlite*")) + list(served.data.rglob("*.key"))
    assert len(files) > 20 and [p.name for p in files if p.stat().st_mode & 0o077] == []


def test_a_second_process_does_not_work_on_the_same_data(served: Served) -> None:
    assert "another process" in served.ask("play", str(STORY), status=1)


def test_it_stops_though_somebody_never_finishes_a_request(tmp_path: Path) -> None:
    data, (port,) = tmp_path / "data", free_ports(1)
    process = subprocess.Popen([*COMMAND, "run", "--data", str(data), "--port", str(port)], stdout=subprocess.DEVNULL)
    wait_until_it_answers(Served(data, port, process))
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.send(b"POST /orimattila-social/clients HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        process.terminate()
        assert process.wait(25) == 0
    assert list(data.glob("**/*.sqlite-wal")) == []  # everything was closed


def test_a_storys_clock_is_refused_outside_development(tmp_path: Path, served: Served) -> None:
    run = [*COMMAND, "run", "--data", str(tmp_path / "d"), "--story", str(STORY), "--port", str(free_ports(1)[0])]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "--development" in done.stderr


def test_a_port_that_is_taken_is_told_before_a_story_is_played(tmp_path: Path, served: Served) -> None:
    data = tmp_path / "d"
    run = [*COMMAND, "run", "--data", str(data), "--story", str(STORY), "--development", "--port", str(served.port)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "taken" in done.stderr and not data.exists()
