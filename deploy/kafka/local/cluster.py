"""One Kafka broker, or three (replication 3, min ISR 2), on 127.0.0.1, with plain ``java``: for development and tests.

``python deploy/kafka/local/cluster.py start --brokers 3 --folder F``, then ``status`` or ``stop`` with the same folder.
"""

import argparse
import base64
import json
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.kafka.local import jars
from deploy.kafka.local.settings import ADMIN, Broker, Way, properties, written
from deploy.local.processes import Process, ServerFailed, free_ports, listening, wait_until

START_SECONDS = 90.0
STOP_SECONDS = 20.0
JVM = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
QUICK = "-XX:TieredStopAtLevel=1"
"""One compiler of the JVM's two: starts in two thirds of the time, and stays below its full speed."""


def _id() -> str:
    """A Kafka uuid; one that begins with a dash would read as an option."""
    return base64.urlsafe_b64encode(b"\x70" + secrets.token_bytes(15)).decode().rstrip("=")


class Cluster:
    """A cluster in ``folder``, which keeps its data, its ports and its logs: one that was stopped starts as it was.

    ``secured``: clients sign in with SCRAM-SHA-256, ACLs hold, ``admin`` may do anything. ``settings``: more of the broker's
    properties. ``ways``: a second address for each broker. ``full_speed``: for measuring. ``guarded``: the brokers end with this process at the latest. Brokers are numbered
    from 1. Not for threads. As a context it is killed at the end, which is quick; ``stop`` lets the brokers shut down.
    """

    def __init__(
        self,
        folder: str | Path,
        brokers: int = 1,
        *,
        secured: bool = False,
        settings: Mapping[str, str] | None = None,
        heap_mb: int = 384,
        full_speed: bool = False,
        guarded: bool = True,
        ways: Sequence[Way] = (),
    ) -> None:
        if brokers not in (1, 3):
            raise ValueError("a local cluster has 1 or 3 brokers")
        self.folder = Path(folder).absolute()
        self._count, self._secured, self._settings = brokers, secured, dict(settings or {})
        self._jvm = (f"-Xmx{heap_mb}m", *JVM, *(() if full_speed else (QUICK,)))
        self._guarded, self._ways = guarded, dict(enumerate(ways, 1))
        self._brokers: list[Broker] = []
        self._password: str | None = None
        self._processes: dict[int, Process] = {}
        if self._state.exists():
            self._remember()

    # -- what clients need

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{b['port']}" for b in self._brokers)

    def client_settings(self, user: str = ADMIN, password: str | None = None) -> dict[str, str]:
        """Keyword arguments for kafka-python's clients. Without a password: the admin's."""
        if self._password is None:
            return {"bootstrap_servers": self.bootstrap_servers}
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-256",
            "sasl_plain_username": user,
            "sasl_plain_password": password or self._password,
        }

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """Raises KafkaError if no broker answers within two seconds."""
        client = KafkaAdminClient(**self.client_settings(), bootstrap_timeout_ms=2000, request_timeout_ms=5000)
        try:
            yield client
        finally:
            client.close()

    def log(self, broker: int) -> Path:
        return self._at(broker) / "log"

    # -- its life

    def start(self) -> None:
        """Returns when every broker answers. Raises ServerFailed, and then nothing runs that did not run before."""
        if self.running():
            raise ServerFailed(f"The Kafka in {self.folder} runs already: brokers {self.running()}.")
        java, lib = jars.java(), jars.fetched()
        if self._state.exists() and (len(self._brokers), self._password is not None) != (self._count, self._secured):
            kind = "secured" if self._password else "plain"
            raise ServerFailed(f"The Kafka in {self.folder} is another: {kind}, of {len(self._brokers)}.")
        try:
            if not self._state.exists():
                self._found(java, lib)
            for broker in self._brokers:
                self._run(broker)
            self._wait(set(self._processes))
        except BaseException:
            self._end(signal.SIGKILL)
            raise

    def start_broker(self, broker: int) -> None:
        """Bring back one that was killed. Returns when it answers; its copies may still be catching up."""
        self._run(self._of(broker))
        self._wait({broker})

    def kill(self, broker: int) -> None:
        """SIGKILL, and wait until it is gone."""
        self._processes.pop(broker).end(signal.SIGKILL, 10)

    def pause(self, broker: int) -> None:
        """SIGSTOP: its connections stay open and nobody answers."""
        self._processes[broker].send(signal.SIGSTOP)

    def resume(self, broker: int) -> None:
        self._processes[broker].send(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def running(self) -> list[int]:
        return sorted(n for n, p in self._processes.items() if p.alive())

    def wait_until_in_sync(self, seconds: float = 30) -> None:
        """Until every copy of every partition is in sync. Raises ServerFailed."""
        wait_until(self._in_sync, "Kafka's copies", seconds, list(self._processes.values()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end(signal.SIGKILL)

    # -- within

    @property
    def _state(self) -> Path:
        return self.folder / "cluster.json"

    def _at(self, broker: int) -> Path:
        return self.folder / f"broker-{broker}"

    def _of(self, broker: int) -> Broker:
        return next(b for b in self._brokers if b["id"] == broker)

    def _remember(self) -> None:
        state = json.loads(self._state.read_text(encoding="utf-8"))
        self._brokers, self._password = state["brokers"], state["password"]
        for broker in self._brokers:
            found = Process.found(broker["process"], self.log(broker["id"]), str(self._at(broker["id"])))
            if found:
                self._processes[broker["id"]] = found

    def _save(self) -> None:
        self._state.touch(mode=0o600)
        state = {"brokers": self._brokers, "password": self._password}
        self._state.write_text(json.dumps(state), encoding="utf-8")

    def _found(self, java: str, lib: Path) -> None:
        """Choose ports and format every broker's storage."""
        ports = free_ports(2 * self._count)
        self._brokers = [
            Broker(id=n, port=ports[2 * n - 2], controller_port=ports[2 * n - 1], directory=_id(), process=0)
            for n in range(1, self._count + 1)
        ]
        self._password = secrets.token_urlsafe(18) if self._secured else None
        cluster = _id()
        formats = []
        for broker in self._brokers:
            at = self._at(broker["id"])
            shutil.rmtree(at, ignore_errors=True)  # of a start that ended before it was whole
            at.mkdir(parents=True)
            self._tell(broker)
            command = [
                *self._java(java, lib, *JVM, QUICK),
                "kafka.tools.StorageTool",
                "format",
                *self._identity(cluster),
            ]
            formats.append(Process([*command, "-c", str(at / "server.properties")], at / "log"))
        for broker, process in zip(self._brokers, formats, strict=True):
            if not process.ended(START_SECONDS):
                process.end(signal.SIGKILL, 5)
            if not (self._at(broker["id"]) / "data" / "meta.properties").exists():
                raise ServerFailed(f"Kafka's storage cannot be formatted:\n{process.last_words()}")
        self._save()

    def _tell(self, broker: Broker) -> None:
        at = self._at(broker["id"])
        settings = properties(broker, self._brokers, at / "data", self._password, self._ways.get(broker["id"])) | self._settings
        written(settings, at / "server.properties")

    def _identity(self, cluster: str) -> list[str]:
        voters = ",".join(f"{b['id']}@127.0.0.1:{b['controller_port']}:{b['directory']}" for b in self._brokers)
        account = ["--add-scram", f"SCRAM-SHA-256=[name={ADMIN},password={self._password}]"] if self._password else []
        return ["-t", cluster, "--initial-controllers", voters, *account]

    @staticmethod
    def _java(java: str, lib: Path, *options: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={jars.HERE / 'log4j2.properties'}"
        return [java, *options, logging, "-cp", f"{lib}/*"]

    def _run(self, broker: Broker) -> None:
        n = broker["id"]
        if n in self._processes and self._processes[n].alive():
            raise ServerFailed(f"Kafka's broker {n} in {self.folder} runs already.")
        self._tell(broker)
        command = [*self._java(jars.java(), jars.fetched(), *self._jvm), "kafka.Kafka"]
        command.append(str(self._at(n) / "server.properties"))
        self._processes[n] = Process(command, self.log(n), guarded=self._guarded)
        broker["process"] = self._processes[n].id
        self._save()

    def _wait(self, brokers: set[int]) -> None:
        needed = [self._processes[n] for n in sorted(brokers)]
        wait_until(lambda: self._answer(brokers), "Kafka", START_SECONDS, needed)

    def _answer(self, brokers: set[int]) -> bool:
        """Each of them by itself, and the controller counts it among those that serve."""
        if not all(listening(self._of(n)["port"]) for n in brokers):
            return False
        with suppress(KafkaError), self.admin() as admin:
            serving = {b["broker_id"] for b in admin.describe_cluster()["brokers"] if not b["is_fenced"]}
            return brokers <= serving and len(admin.describe_log_dirs(brokers=sorted(brokers))) == len(brokers)
        return False

    def _in_sync(self) -> bool:
        with suppress(KafkaError), self.admin() as admin:
            partitions = [p for topic in admin.describe_topics() for p in topic["partitions"]]
            return all(len(p["isr_nodes"]) == len(p["replica_nodes"]) for p in partitions)
        return False

    def _end(self, how: signal.Signals) -> None:
        """All at once: one that waits for another's answer waits no longer than that one lives."""
        for process in self._processes.values():
            process.send(how)
        for process in self._processes.values():
            process.end(how, STOP_SECONDS)
        self._processes.clear()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A local Kafka for development.")
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--brokers", type=int, choices=[1, 3], default=1)
    parser.add_argument("--secured", action="store_true", help="SCRAM accounts and ACLs; prints the admin's password")
    given = parser.parse_args(arguments)
    cluster = Cluster(given.folder, given.brokers, secured=given.secured, guarded=False)
    try:
        if given.command == "start":
            cluster.start()
        elif given.command == "stop":
            cluster.stop()
    except ServerFailed as why:
        print(why, file=sys.stderr)
        return 1
    running = cluster.running()
    print(f"brokers running: {', '.join(map(str, running)) or 'none'}")
    for name, value in cluster.client_settings().items() if running else ():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
