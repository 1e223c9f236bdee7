"""Faults of real processes and servers: each is caused, lasts a while, and is over when its function returns."""

import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kafka import KafkaProducer

from deploy.kafka.local.cluster import Cluster
from deploy.postgres.local.server import Server
from events.shared_log.kafka.binding import position_of
from tests.machines.dying import POINTS
from tests.machines.proxy import Proxy
from tests.nodes import COMMAND, Process, Town

LONG = float(os.environ.get("FAULT_SECONDS", "3"))
"""How long what is away stays away."""

KEYS_AWAY = float(os.environ.get("KEYS_AWAY_SECONDS", "3"))
"""A minute, in a night's run."""

DYING = (sys.executable, "-m", "tests.machines.dying")
FROZEN_SECONDS = 18.0
"""Longer than a reader's membership of its group: others take its partitions over meanwhile."""


@dataclass
class Hurt:
    """What faults are caused to. ``poison`` are the positions of records that nobody made."""

    town: Town
    cluster: Cluster
    postgres: Server
    proxies: dict[str, Proxy]
    random: random.Random
    poison: list[int] = field(default_factory=list)

    def some(self, *parts: str | None) -> Process:
        return self.random.choice([p for p in self.town.processes if p.only in parts])

    @property
    def home(self) -> Process:
        (found,) = [p for p in self.town.processes if p.organisation == self.town.home]
        return found


def _again(process: Process) -> None:
    """As whatever watches over processes would."""
    if process.popen.poll() is None:
        process.kill()
    process.start(COMMAND)
    process.wait_until_ready()


def kill_web(hurt: Hurt) -> None:
    _again(hurt.some("web", None))


def kill_publisher(hurt: Hurt) -> None:
    _again(hurt.some("publisher"))


def kill_projector(hurt: Hurt) -> None:
    _again(hurt.some("projector"))


def kill_client_service(hurt: Hurt) -> None:
    _again(hurt.home)


def dying_at(point: str) -> Callable[[Hurt], None]:
    def fault(hurt: Hurt) -> None:
        """A process that comes there dies there; one that does not, in time, is spared."""
        at_home = {"epoch opened", "consent on the log, not acknowledged"}
        process = hurt.home if point in at_home else hurt.some("web", "publisher", "projector", None)
        process.kill()
        process.start((*DYING, point, str(hurt.random.randint(1, 3))))
        until = time.monotonic() + 4 * LONG
        while process.popen.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        hurt.town.died[point] += process.popen.poll() == -9
        _again(process)

    fault.__name__ = f"die: {point}"
    return fault


def kill_broker(hurt: Hurt) -> None:
    broker = hurt.random.choice(hurt.cluster.running())
    hurt.cluster.kill(broker)
    time.sleep(LONG)
    hurt.cluster.start_broker(broker)
    hurt.cluster.wait_until_in_sync()


def move_leaders(hurt: Hurt) -> None:
    """A broker stands still until others lead its partitions."""
    broker = hurt.random.choice(hurt.cluster.running())
    hurt.cluster.pause(broker)
    time.sleep(LONG + 5)
    hurt.cluster.resume(broker)
    hurt.cluster.wait_until_in_sync()


def restart_postgres(hurt: Hurt) -> None:
    hurt.postgres.restart()


def keys_away(hurt: Hurt) -> None:
    hurt.home.stand_still()
    time.sleep(KEYS_AWAY)
    hurt.home.go_on()


def freeze(hurt: Hurt) -> None:
    """It stands still until others have taken over its work, then goes on where it was."""
    process = hurt.some("publisher", "projector", None)
    process.stand_still()
    time.sleep(FROZEN_SECONDS)
    process.go_on()


def cut_from_authority(hurt: Hurt) -> None:
    _cut(hurt.proxies["authority"])


def cut_from_database(hurt: Hurt) -> None:
    _cut(hurt.proxies["database"])


def _cut(proxy: Proxy) -> None:
    proxy.cut()
    time.sleep(LONG)
    proxy.mend()


def poison(hurt: Hurt) -> None:
    """Records that nobody of the platform made: without headers, without a key, with words in the wrong places."""
    producer = KafkaProducer(bootstrap_servers=hurt.cluster.bootstrap_servers)
    some = os.urandom(16).hex()
    ours = [("ce_specversion", b"1.0"), ("ce_id", os.urandom(16).hex().encode()), ("ce_subject", some.encode())]
    sent = [
        producer.send(hurt.town.kafka.topic, b"not sealed", some.encode(), ours),
        producer.send(hurt.town.kafka.topic, os.urandom(700), some.encode(), [*ours, ("ce_time", b"yesterday")]),
        producer.send(hurt.town.kafka.topic, b"", b"\xff\xfe"),
        producer.send(hurt.town.kafka.topic, b"{}", None),
    ]
    producer.flush()
    told = [future.get(10) for future in sent]
    hurt.poison += [position_of(t.partition, t.offset) for t in told]
    producer.close()


def proxied(url: str, proxy: Proxy) -> str:
    """The same address, by way of the proxy."""
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{who}{at}127.0.0.1:{proxy.port}").geturl()


FAULTS: dict[str, Callable[[Hurt], None]] = {
    fault.__name__: fault
    for fault in (
        kill_web, kill_publisher, kill_projector, kill_client_service, kill_broker, move_leaders, restart_postgres, keys_away,
        freeze, cut_from_authority, cut_from_database, poison, *map(dying_at, POINTS),
    )
}

