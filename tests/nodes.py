"""A whole installation in processes of their own: a database and a role for each organisation, one Kafka topic, and
``palvelupolku serve`` for each part that a test wants. On the run's servers (``tests.servers``)."""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from deploy.local.processes import free_ports
from events.shared_log.kafka import KafkaSettings
from events.shared_log.kafka.topic import create_topic
from services.kit.clock import StoryClock
from services.kit.config import Installation, load
from services.kit.migrations import Tables, migrate
from services.kit.moving.installation import with_public_keys
from services.kit.servers import make_keys
from services.scenario.people import FILE as PEOPLE
from services.scenario.remote import RemotePlatform
from tests.servers import fresh_database, fresh_topic, kafka, postgres

ROOT = Path(__file__).parents[1]
INSTALLATION = ROOT / "deploy" / "organisations.toml"
COMMAND = (sys.executable, "-m", "services.cli.main")
START_SECONDS = 180.0
STOP_SECONDS = 60.0
"""Its parts may take nearly as long (``tests.deploy.ending``)."""
FETCH_SECONDS = 2.0
PARTITIONS = 6
MOST_PROCESSES = 40


class Servers(NamedTuple):
    """Where they are, and how many copies of a record Kafka keeps."""

    kafka: str
    postgres: str
    replication: int = 1
    min_insync: int = 1


class Figures(str):
    """What a process tells at ``/metrics``."""

    def of(self, name: str, **labels: str) -> float | None:
        """The sum of a figure over whatever has these labels; None where it is not told."""
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        lines = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", self, re.MULTILINE)
        found = [float(value) for told, value in lines if wanted <= set(told.split(","))]
        return sum(found) if found else None


class Process:
    """``palvelupolku serve`` of one organisation, or of a part of its work."""

    def __init__(self, organisation: str, only: str | None, environment: dict[str, str], log: Path, port: int):
        self.organisation, self.only, self.port, self.log = organisation, only, port, log
        self.environment = environment
        self.start()

    @property
    def name(self) -> str:
        return f"{self.organisation}/{self.only or 'all'}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, program: Sequence[str] = COMMAND) -> None:
        command = [*program, "serve", self.organisation, "--development", "--port", str(self.port)]
        with self.log.open("a") as log:
            self.popen = subprocess.Popen(
                [*command, *(("--only", self.only) if self.only else ())], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.popen.poll() is None, f"{self.organisation} has ended: {self.log.read_text()[-2000:]}"
            try:
                if httpx.get(f"{self.address}/readyz", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.organisation} does not get ready: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stand_still(self) -> None:
        self.popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.popen.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Asked to end. Returns its status."""
        self.popen.send_signal(signal.SIGCONT)
        self.popen.terminate()
        return self.popen.wait(STOP_SECONDS)

    def figures(self) -> "Figures | None":
        """As Prometheus would fetch them; None where it would get nothing."""
        try:
            return Figures(httpx.get(f"{self.address}/metrics", timeout=FETCH_SECONDS).raise_for_status().text)
        except httpx.HTTPError:
            return None

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.address}/readyz", timeout=10).json()
        return found


class Town:
    """An installation. ``processes`` are those that were started."""

    def __init__(self, folder: Path, stack: ExitStack, servers: Servers):
        self.folder, self.processes = folder, list[Process]()
        self.more: dict[str, dict[str, str]] = {}
        """Settings of some organisations that are otherwise."""
        self.secrets, self.clock_file = folder / "secrets", folder / "story-clock.json"
        self.installation_file = folder / "organisations.toml"
        self.installation_file.write_text(with_keys(INSTALLATION, self.secrets))
        self.installation: Installation = load(self.installation_file)
        self.kafka = KafkaSettings(servers.kafka, topic=fresh_topic("town"), partitions=PARTITIONS)
        create_topic(self.kafka, servers.replication, servers.min_insync)
        self.databases = {o.id: stack.enter_context(fresh_database(servers.postgres)) for o in self.installation.organisation}
        for url in self.databases.values():
            migrate(url)
        self.home = self.installation.client_organisation.id
        migrate(self.databases[self.home], Tables.AUTHORITY)
        self._ports = iter(free_ports(MOST_PROCESSES))
        self.addresses = {o.id: f"http://127.0.0.1:{next(self._ports)}" for o in self.installation.organisation}

    def environment(self, organisation: str) -> dict[str, str]:
        return os.environ | {
            "INSTALLATION": str(self.installation_file),
            "SECRETS": str(self.secrets),
            "DATABASE_URL": self.databases[organisation],
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "KAFKA_TOPIC": self.kafka.topic,
            "KAFKA_PARTITIONS": str(PARTITIONS),
            "AUTHORITY_URL": f"{self.addresses[self.home]}/authority/",
            "STORY_CLOCK": str(self.clock_file),
            "PEOPLE": str(self.folder / PEOPLE),
            "PYTHONFAULTHANDLER": "1",
            **self.more.get(organisation, {}),
        }

    def serve(self, organisation: str, only: str | None = None) -> Process:
        """Start a process; the one that answers people has the organisation's address."""
        port = int(self.addresses[organisation].rpartition(":")[2]) if only in (None, "web") else next(self._ports)
        log = self.folder / f"{organisation}-{only or 'all'}-{len(self.processes)}.log"
        process = Process(organisation, only, self.environment(organisation), log, port)
        self.processes.append(process)
        return process

    def serve_all(self) -> None:
        for organisation in self.installation.organisation:
            self.serve(organisation.id)
        for process in self.processes:
            process.wait_until_ready()

    def platform(self) -> RemotePlatform:
        """As the story player wants it."""
        return RemotePlatform(self.folder, self.installation, StoryClock(self.clock_file), self.addresses)

    def tell_where_everybody_stands(self) -> None:
        """Into each process's log, for whoever looks why a test failed. It ends them."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.go_on()
                process.popen.send_signal(signal.SIGABRT)
                process.popen.wait(30)

    def close(self) -> None:
        """Nothing stays behind, also where a process does not stop."""
        late = []
        for process in self.processes:
            if process.popen.poll() is None:
                try:
                    process.stop()
                except subprocess.TimeoutExpired:
                    process.kill()
                    late.append(process.name)
        assert late == [], "these did not stop in time"


@contextmanager
def town(folder: Path, servers: Servers | None = None) -> Iterator[Town]:
    """An installation whose databases go at the end; on the run's servers, if none are given."""
    with ExitStack() as stack:
        made = Town(folder, stack, servers or Servers(kafka(), postgres()))
        try:
            yield made
        except BaseException:
            made.tell_where_everybody_stands()
            raise
        finally:
            made.close()


def with_keys(installation: Path, secrets: Path) -> str:
    """The installation's file with each organisation's keys made and its public key written in."""
    text = installation.read_text(encoding="utf-8")
    organisations = tomllib.loads(text)["organisation"]
    return with_public_keys(text, {o["id"]: make_keys(secrets, o["id"], o["kind"] == "client") for o in organisations})
