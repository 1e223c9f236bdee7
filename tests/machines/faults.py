"""Faults of real processes and servers: each is caused, lasts until it shows in somebody's figures and a while longer, and
is over when its function returns."""

import os
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from kafka import KafkaProducer

from deploy.kafka.local.cluster import Cluster
from deploy.postgres.local.server import Server
from events.shared_log import Record, microseconds
from events.shared_log.kafka.binding import Headers, headers, position_of
from events.shared_log.kafka.settings import SESSION_SECONDS
from tests.nodes import COMMAND, ROOT, Figures, Process, Town
from tests.proxy import Proxy

LONG = float(os.environ.get("FAULT_SECONDS", "1"))
"""How long what is away stays away after that shows."""

KEYS_AWAY = float(os.environ.get("KEYS_AWAY_SECONDS", "1"))
"""A minute, in a night's run."""

FROZEN_SECONDS = SESSION_SECONDS + 1
"""Longer than a reader's membership of its group: others take its partitions over meanwhile."""
SHOWN_SECONDS = 60.0

class Ways(NamedTuple):
    """The network between one organisation's processes and what they need."""

    authority: Proxy
    database: Proxy
    brokers: tuple[Proxy, ...]

    def close(self) -> None:
        for way in (self.authority, self.database, *self.brokers):
            way.close()


@dataclass
class Hurt:
    """What faults are caused to. ``cut_off``: the processes of the organisation that goes by ``ways``. ``clients``: references
    of those that there are by now. ``poison``: positions of messages that are not ours. ``forged``: how often a forgery began or
    ended: while the number is odd, a client's records wait at everybody's."""

    town: Town
    cluster: Cluster
    postgres: Server
    ways: Ways
    cut_off: list[Process]
    clients: Callable[[], set[str]]
    random: random.Random
    poison: list[int] = field(default_factory=list)
    forged: int = 0

    def some(self, *parts: str | None) -> Process:
        return self.random.choice([p for p in self.town.processes if p.only in parts])

    @property
    def anybody(self) -> Process:
        return self.random.choice(self.town.processes)

    @property
    def another(self) -> Process:
        """Not at the client's own place."""
        return self.random.choice([p for p in self.town.processes if p.organisation != self.town.home])

    @property
    def home(self) -> Process:
        (found,) = [p for p in self.town.processes if p.organisation == self.town.home]
        return found

    def dismiss(self, organisation: str, position: int) -> None:
        """As whoever runs the organisation would: the one, or all that nobody made."""
        which = self.random.choice((str(position), "--nobodys"))
        command = [*COMMAND, "node", "dismiss", organisation, which, "--by", "testi", "--because", "nobody made it"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.town.environment(organisation), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout


Sign = Callable[[Figures | None], bool]
"""What somebody who looks at a process's figures sees; None where they cannot be fetched."""


def gone(figures: Figures | None) -> bool:
    return figures is None


def away(upstream: str) -> Sign:
    return lambda figures: figures is not None and figures.of("palvelupolku_upstream_answers", upstream=upstream) == 0


def copies_missing(figures: Figures | None) -> bool:
    return bool(figures is not None and figures.of("palvelupolku_log_copies_missing"))


def set_aside(figures: Figures | None) -> float:
    return (figures.of("palvelupolku_dead_letters") if figures is not None else None) or 0


def _shows(process: Process, sign: Sign) -> None:
    """A fault lasts until it shows in the figures."""
    until = time.monotonic() + SHOWN_SECONDS
    while not sign(process.figures()):
        assert time.monotonic() < until, f"the fault does not show in the figures of {process.name}: {process.figures()}"
        time.sleep(0.1)


def _started(figures: Figures | None) -> float | None:
    return figures.of("process_start_time_seconds") if figures is not None else None


def _again(process: Process, started: float | None) -> None:
    """As whatever watches over processes would. The figures tell that it is another process since."""
    if process.popen.poll() is None:
        process.kill()
    assert gone(process.figures())
    process.start(COMMAND)
    process.wait_until_ready()
    assert started is not None and (_started(process.figures()) or 0) > started


def _kill(process: Process) -> None:
    started = _started(process.figures())
    process.kill()
    _again(process, started)


def kill_web(hurt: Hurt) -> None:
    _kill(hurt.some("web", None))


def kill_publisher(hurt: Hurt) -> None:
    _kill(hurt.some("publisher"))


def kill_projector(hurt: Hurt) -> None:
    _kill(hurt.some("projector"))


def kill_client_service(hurt: Hurt) -> None:
    _kill(hurt.home)


def kill_broker(hurt: Hurt) -> None:
    broker = hurt.random.choice(hurt.cluster.running())
    hurt.cluster.kill(broker)
    try:
        _shows(hurt.anybody, copies_missing)
        time.sleep(LONG)
    finally:
        hurt.cluster.start_broker(broker)
        hurt.cluster.wait_until_in_sync()


def move_leaders(hurt: Hurt) -> None:
    """A broker stands still until others lead its partitions."""
    broker = hurt.random.choice(hurt.cluster.running())
    hurt.cluster.pause(broker)
    try:
        _shows(hurt.anybody, copies_missing)
        time.sleep(LONG)
    finally:
        hurt.cluster.resume(broker)
        hurt.cluster.wait_until_in_sync()


def restart_postgres(hurt: Hurt) -> None:
    hurt.postgres.kill()
    try:
        _shows(hurt.anybody, away("store"))
    finally:
        hurt.postgres.start()


def keys_away(hurt: Hurt) -> None:
    hurt.home.stand_still()
    try:
        _shows(hurt.another, away("authority"))
        time.sleep(KEYS_AWAY)
    finally:
        hurt.home.go_on()


def freeze(hurt: Hurt) -> None:
    """It stands still until others have taken over its work, then goes on where it was."""
    process = hurt.some("publisher", "projector", None)
    process.stand_still()
    try:
        _shows(process, gone)
        time.sleep(FROZEN_SECONDS)
    finally:
        process.go_on()


def cut_from_authority(hurt: Hurt) -> None:
    _cut(hurt, "authority", hurt.ways.authority)


def cut_from_database(hurt: Hurt) -> None:
    _cut(hurt, "store", hurt.ways.database)


def cut_from_kafka(hurt: Hurt) -> None:
    _cut(hurt, "log", *hurt.ways.brokers)


def _cut(hurt: Hurt, upstream: str, *ways: Proxy) -> None:
    """The network breaks or, as often, swallows whatever is sent."""
    holds = hurt.random.random() < 0.5
    for way in ways:
        way.hold() if holds else way.cut()
    try:
        for process in hurt.cut_off:
            _shows(process, away(upstream))
        time.sleep(LONG)
    finally:
        for way in ways:
            way.mend()


def poison(hurt: Hurt) -> None:
    """Messages that are not the platform's: without headers, without a key, with words in the wrong places."""
    some = os.urandom(16).hex()
    ours = [("ce_specversion", b"1.0"), ("ce_id", os.urandom(16).hex().encode()), ("ce_subject", some.encode())]
    reader = hurt.anybody
    before = set_aside(reader.figures())
    hurt.poison += _put(
        hurt,
        (b"not sealed", some.encode(), ours),
        (os.urandom(700), some.encode(), [*ours, ("ce_time", b"yesterday")]),
        (b"", b"\xff\xfe", []),
        (b"{}", None, []),
    )
    _shows(reader, lambda figures: set_aside(figures) > before)


def forge(hurt: Hurt) -> None:
    """A record that looks like one of ours stands on a client's own stream. It stops that client's records at everybody's,
    until everybody has dismissed it."""
    until = time.monotonic() + SHOWN_SECONDS
    while not (clients := sorted(hurt.clients())):  # the story has just begun
        assert time.monotonic() < until
        time.sleep(0.1)
    client = hurt.random.choice(clients)
    record = Record(os.urandom(16).hex(), client, microseconds(datetime.now(UTC)), os.urandom(1068))
    readers = {p.organisation: (p, set_aside(p.figures())) for p in hurt.town.processes}
    hurt.forged += 1
    try:
        (position,) = _put(hurt, (record.data, client.encode(), headers(record)))
        for process, before in readers.values():
            _shows(process, lambda figures, before=before: set_aside(figures) > before)  # type: ignore[misc]
        for organisation in readers:
            hurt.dismiss(organisation, position)
    finally:
        hurt.forged += 1


def _put(hurt: Hurt, *messages: tuple[bytes, bytes | None, Headers]) -> list[int]:
    """Their positions."""
    with closing(KafkaProducer(bootstrap_servers=hurt.cluster.bootstrap_servers)) as producer:
        sent = [producer.send(hurt.town.kafka.topic, data, key, more) for data, key, more in messages]
        producer.flush()
        told = [future.get(10) for future in sent]
    return [position_of(t.partition, t.offset) for t in told]


def proxied(url: str, proxy: Proxy) -> str:
    """The same address, by way of the proxy."""
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{who}{at}127.0.0.1:{proxy.port}").geturl()


FAULTS: dict[str, Callable[[Hurt], None]] = {
    fault.__name__: fault
    for fault in (
        kill_web, kill_publisher, kill_projector, kill_client_service, kill_broker, move_leaders, restart_postgres, keys_away,
        freeze, cut_from_authority, cut_from_database, cut_from_kafka, poison, forge,
    )
}

