"""``deploy/compose.yaml`` without containers: its services as processes of this machine, with exactly the commands, the
environments, the files and the secrets that it gives them. Only hosts, ports and folders are other ones."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from psycopg.sql import SQL, Literal

from deploy.kafka.local import jars
from deploy.local.processes import Process, free_ports, listening, wait_until
from deploy.postgres.local.server import Server
from tests.architecture.source import ROOT

DEPLOY = ROOT / "deploy"
PROGRAM = Path(sys.executable).with_name("palvelupolku")
READY_SECONDS = 90.0
ONCE_SECONDS = 200


def read(*files: str) -> dict[str, Any]:
    """Compose files, a later one over the one before, as Compose lays them (mappings only)."""
    together: dict[str, Any] = {}
    for file in files or ("compose.yaml",):
        together = _over(together, yaml.safe_load((DEPLOY / file).read_text(encoding="utf-8")))
    return together


def _over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _over(below.get(key), value) for key, value in above.items()}
    return above


@dataclass
class Composed:
    """``folder`` takes the place of ``deploy/`` and of every container's file system."""

    folder: Path
    stack: ExitStack
    compose: dict[str, Any] = field(default_factory=lambda: read("compose.yaml", "compose/development.yaml"))

    def __post_init__(self) -> None:
        shutil.copytree(DEPLOY / "compose", self.folder / "compose", ignore=shutil.ignore_patterns("prepared"))
        self._ports = dict(zip(("kafka", "controller", *self.serving()), free_ports(2 + len(self.serving())), strict=True))
        self._hosts: dict[str, str] = {
            "kafka:9092": f"127.0.0.1:{self._ports['kafka']}",
            "kafka:9093": f"127.0.0.1:{self._ports['controller']}",
            "oma-polku:8400": f"127.0.0.1:{self._ports['oma-polku']}",
            "collector:4318": "127.0.0.1:9",  # nobody: nothing may wait for what a process tells of itself
        }
        self._processes: list[tuple[str, Process]] = []
        prepare = ["sh", self.folder / "compose" / "prepare.sh"]
        subprocess.run(prepare, check=True, env=os.environ | {"PALVELUPOLKU": str(PROGRAM)}, stdout=subprocess.DEVNULL)

    def serving(self) -> list[str]:
        return [name for name, service in self.compose["services"].items() if "serve" in service.get("command", [])]

    def address(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports[service]}"

    # The servers

    def start_postgres(self) -> None:
        """A local one, with the superuser's password that was prepared."""
        server = Server()
        server.start()
        self.stack.callback(server.stop)
        password = self._prepared("postgres_password").read_text()
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(SQL("ALTER ROLE postgres PASSWORD {}").format(Literal(password)))
        self._hosts["postgres:5432"] = server.url.rpartition("@")[2].partition("/")[0]

    def start_kafka(self) -> None:
        """As the container does, on the jars that the tests' Kafka runs on."""
        here = self.folder / "kafka"
        programs = here / "bin"
        programs.mkdir(parents=True)
        for name, main in (("kafka-storage.sh", "kafka.tools.StorageTool"), ("kafka-server-start.sh", "kafka.Kafka")):
            logging = f"-Dlog4j2.configurationFile={jars.HERE / 'log4j2.properties'}"
            java = f"exec {jars.java()} $KAFKA_HEAP_OPTS {logging} -cp '{jars.fetched()}/*' {main}"
            (programs / name).write_text(f'#!/bin/sh\n{java} "$@"\n')
            (programs / name).chmod(0o755)
        service = self.compose["services"]["kafka"]
        files = self._configs(service, here)
        settings = files["/etc/palvelupolku/server.properties"]
        text = self._here(settings.read_text()).replace("://:9092", f"://{self._hosts['kafka:9092']}")
        text = text.replace("://:9093", f"://{self._hosts['kafka:9093']}").replace("/var/lib/kafka/data", str(here / "data"))
        settings.write_text(text)
        environment = {**service["environment"], **_plain(), "KAFKA_PROGRAMS": str(programs), "SECRETS": str(self._secrets("kafka"))}
        command = ["env", "-i", *(f"{k}={v}" for k, v in environment.items())]
        start = [self._path(part, files) for part in service["entrypoint"]]
        process = Process([*command, *start], here / "log")
        self.stack.callback(process.end, signal.SIGKILL, 10)
        wait_until(lambda: listening(self._ports["kafka"]), "Kafka", READY_SECONDS, [process])

    # The program's services

    def once(self, name: str) -> str:
        """Run a service that ends, and return what it said."""
        return self._run(name, self._command(name))

    def run(self, name: str, *words: str, status: int = 0) -> str:
        """Run another command of the program as a service: ``docker compose run --rm NAME WORDS``."""
        return self._run(name, [str(PROGRAM), *words], status)

    def installation(self, name: str) -> Path:
        """The installation's file as a service sees it; here each has its own."""
        return Path(self.environment(name)["INSTALLATION"])

    def _run(self, name: str, command: list[str], status: int = 0) -> str:
        done = subprocess.run(
            command, env=self.environment(name), capture_output=True, text=True, check=False,
            cwd=self.folder, timeout=ONCE_SECONDS,
        )
        assert done.returncode == status, f"{name}: {done.stderr[-3000:]}"
        return done.stdout

    def start(self, *names: str) -> None:
        """Start services that stay, and wait until they are ready. One named twice is started twice."""
        started = [self._start(name, names[:n].count(name) + 1) for n, name in enumerate(names)]
        for name, (port, process) in zip(names, started, strict=True):
            wait_until(lambda port=port: _ready(port), name, READY_SECONDS, [process])  # type: ignore[misc]

    def _start(self, name: str, number: int) -> tuple[int, Process]:
        port = self._ports[name] if number == 1 else free_ports(1)[0]
        command = [*self._command(name), "--port", str(port)]
        environment = [f"{k}={v}" for k, v in self.environment(name).items()]
        process = Process(["env", "-i", *environment, *command], self.folder / f"{name}-{number}.log", ending=signal.SIGTERM)
        self._processes.append((name, process))
        return port, process

    def stop(self, *names: str) -> None:
        """All of them, if none is named."""
        ending = [process for name, process in self._processes if name in names or not names]
        for process in ending:
            process.send(signal.SIGTERM)
        for process in ending:
            process.end(signal.SIGTERM, 20)

    def environment(self, name: str) -> dict[str, str]:
        """What the file gives the service, and a PATH."""
        service, secrets = self.compose["services"][name], self._secrets(name)
        given = {key: self._here(str(value)).replace("/run/secrets", str(secrets)) for key, value in service["environment"].items()}
        files = self._configs(service, self.folder / name)
        return {key: self._path(value, files) for key, value in given.items()} | _plain()

    def _command(self, name: str) -> list[str]:
        service = self.compose["services"][name]
        entry = service.get("entrypoint", [str(PROGRAM)])
        files = self._configs(service, self.folder / name)
        return [self._path(part, files).replace("0.0.0.0", "127.0.0.1") for part in (*entry, *service["command"])]

    def _configs(self, service: dict[str, Any], here: Path) -> dict[str, Path]:
        """Where each file that a service is given stands, by its path in the container."""
        here.mkdir(exist_ok=True)
        found = {}
        for config in service["configs"]:
            source = self.folder / self.compose["configs"][config["source"]]["file"]
            found[config["target"]] = there = here / Path(config["target"]).name
            if not there.exists():
                shutil.copy(source, there)
        return found

    def _secrets(self, name: str) -> Path:
        """A folder as ``/run/secrets`` of the service. Made once: what is changed there stays."""
        folder = self.folder / name / "secrets"
        if folder.exists():
            return folder
        for secret in self.compose["services"][name]["secrets"]:
            source, target = (secret, secret) if isinstance(secret, str) else (secret["source"], secret["target"])
            there, content = folder / target, (self.folder / self.compose["secrets"][source]["file"]).read_bytes()
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(self._here(content.decode()).encode() if target.endswith("_url") else content)
        return folder

    def _prepared(self, name: str) -> Path:
        return self.folder / "compose" / "prepared" / "secrets" / name

    def _here(self, text: str) -> str:
        for host, here in self._hosts.items():
            text = text.replace(host, here)
        return text

    @staticmethod
    def _path(text: str, files: dict[str, Path]) -> str:
        return str(files.get(text, text))


def _plain() -> dict[str, str]:
    return {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def composed(folder: Path) -> Iterator[Composed]:
    """Everything ends with it."""
    with ExitStack() as stack:
        installation = Composed(folder, stack)
        stack.callback(installation.stop)
        yield installation
