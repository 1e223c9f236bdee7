"""Stories are played while processes are killed, frozen and cut off, brokers and databases go and come, and the log is
poisoned. Afterwards everybody sees what they would have seen; every invariant holds."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.kafka.local.cluster import Cluster
from deploy.kafka.local.settings import Way
from deploy.local.processes import free_ports
from deploy.postgres.local.server import Server
from services.kit.check import Finding
from services.scenario.document import StoryError
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import Expectation, Step, Story, read
from tests.faults.playing import moments, seed
from tests.machines.checked import findings
from tests.machines.faults import FAULTS, Hurt, Ways, proxied
from tests.machines.paths import differences, paths_of, without_grounds
from tests.machines.test_stories_apart import in_one_process
from tests.nodes import Servers, Town, town
from tests.proxy import Proxy
from tests.scenario.told import SCENARIOS

TIMES = int(os.environ.get("FAULTS", "1"))
"""How often each fault is to happen at least."""
ONLY = [name for name in os.environ.get("FAULT", "").split(";") if name]

BROKERS = 3
STORIES = ("withdrawal", "two-providers", "failed-trial")
SPLIT = ("orimattila-social", "esimerkkivalmennus")
CUT_OFF = "orimattila-employment"
"""Between this organisation and others the network is cut."""


class Chaos:
    """Causes one fault after the other until each has happened often enough."""

    def __init__(self, random: random.Random, wanted: Counter[str]):
        self.wanted, self.happened = wanted, Counter[str]()
        self._random, self._failed = random, list[BaseException]()

    @property
    def left(self) -> list[str]:
        return [f for f in self.wanted if self.happened[f] < self.wanted[f]]

    @contextmanager
    def on(self, hurt: Hurt) -> Iterator[None]:
        calm = threading.Event()
        thread = threading.Thread(target=self._run, args=(hurt, calm))
        thread.start()
        try:
            yield
        finally:
            calm.set()
            thread.join()
        if self._failed:
            raise self._failed[0]

    def _run(self, hurt: Hurt, calm: threading.Event) -> None:
        while not calm.wait(self._random.uniform(0.1, 1.5)) and self.left:
            name = self._random.choice(self.left)
            print(f"  {name}", flush=True)
            try:
                FAULTS[name](hurt)
            except BaseException as error:
                self._failed.append(error)
                return
            self.happened[name] += 1


class Patient(Player):
    """Acts and looks again where a forged record may have stood in the way, and lets no day pass while one does: what waits
    for it would come to others on a later day than otherwise."""

    def __init__(self, platform: Any, story: Story, people: People, hurt: Hurt):
        super().__init__(platform, story, people)
        self._hurt, self._settle = hurt, platform.settle
        platform.settle = self._at_rest

    def _at_rest(self) -> None:
        while True:
            while self._hurt.forged % 2:
                time.sleep(0.1)
            before = self._hurt.forged
            self._settle()
            if self._hurt.forged == before:
                return

    def _do(self, step: Step, client: str) -> None:
        self._patiently(lambda: Player._do(self, step, client))

    def _expect(self, expected: Expectation) -> None:
        self._patiently(lambda: Player._expect(self, expected))

    def _patiently(self, what: Callable[[], None]) -> None:
        while True:
            before = self._hurt.forged
            try:
                return what()
            except StoryError:
                if before % 2 == 0 and self._hurt.forged == before:
                    raise
            self._platform.settle()


@pytest.mark.timeout(1400 * TIMES)
def test_whatever_goes_wrong_on_the_way(tmp_path: Path) -> None:
    chance = moments(seed())
    chaos = Chaos(chance, Counter(dict.fromkeys(ONLY or FAULTS, TIMES)))
    rounds = 0
    while chaos.left:
        told = read(SCENARIOS / f"{STORIES[rounds % len(STORIES)]}.yaml")
        folder = tmp_path / f"round-{rounds}"
        folder.mkdir()
        _play(folder, told, chaos, chance)
        rounds += 1
    print(f"{sum(chaos.happened.values())} faults in {rounds} stories: {dict(chaos.happened)}")


def _play(folder: Path, told: Story, chaos: Chaos, chance: random.Random) -> None:
    (folder / "here").mkdir()
    here = in_one_process(folder / "here", told)
    listens = free_ports(BROKERS)
    brokers = tuple(Proxy("127.0.0.1", port) for port in listens)
    far = [Way(proxy.port, port) for proxy, port in zip(brokers, listens, strict=True)]
    with Cluster(folder / "kafka", BROKERS, ways=far) as cluster, Server() as postgres:
        servers = Servers(cluster.bootstrap_servers, postgres.url, replication=3, min_insync=2)
        with town(folder, servers) as there:
            ways = _ways(there, brokers)
            _serve(there, ways)
            platform = there.platform()
            cut_off = [p for p in there.processes if p.organisation == CUT_OFF]
            hurt = Hurt(there, cluster, postgres, ways, cut_off, lambda: set(platform.refs.values()), chance)
            people = People(platform)  # type: ignore[arg-type]
            people.add(told.people, told.clients)
            with chaos.on(hurt):
                for _ in Patient(platform, told, people, hurt).play():
                    pass
            platform.settle()
            assert list(differences(without_grounds(here), without_grounds(paths_of(platform, people, told)))) == []
            platform.settle()
            assert _unforeseen(there, hurt) == []
            platform.close()
            ways.close()


def _ways(there: Town, brokers: tuple[Proxy, ...]) -> Ways:
    authority, database = urlsplit(there.addresses[there.home]), urlsplit(there.databases[CUT_OFF])
    assert authority.port and database.port
    return Ways(Proxy("127.0.0.1", authority.port), Proxy("127.0.0.1", database.port), brokers)


def _serve(there: Town, ways: Ways) -> None:
    """Start everybody; one reaches the others by the ways that can be cut."""
    there.more[CUT_OFF] = {
        "AUTHORITY_URL": proxied(f"{there.addresses[there.home]}/authority/", ways.authority),
        "DATABASE_URL": proxied(there.databases[CUT_OFF], ways.database),
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(f"127.0.0.1:{way.port}" for way in ways.brokers),
    }
    for organisation in sorted(there.installation.ids):
        for part in ("web", "publisher", "projector", "projector") if organisation in SPLIT else (None,):
            there.serve(organisation, part)
    for process in there.processes:
        process.wait_until_ready()


def _unforeseen(there: Town, hurt: Hurt) -> list[Finding]:
    """What a check of all of it finds, but for the messages that are not ours: those stand where everybody sees them."""
    known = [f" at {position} " for position in hurt.poison]
    return [f for f in findings(there) if not any(p in f"{f.what} " for p in known)]
