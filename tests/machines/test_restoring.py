"""Backup and restore, as the runbook says, on real servers in the middle of a story: nothing that anybody was told of is lost."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from deploy.postgres.local.server import Server
from services.kit.migrations import migrate
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import read
from tests.machines.checked import findings
from tests.machines.paths import differences, paths_of
from tests.machines.restoring import Kept
from tests.machines.test_stories_apart import in_one_process
from tests.nodes import Process, Servers, Town, town
from tests.scenario.told import SCENARIOS
from tests.servers import kafka

STORY = SCENARIOS / "withdrawal.yaml"
DUMPED = "orimattila-employment"


def test_a_server_is_lost_and_restored_and_the_story_goes_on(tmp_path: Path) -> None:
    told = read(STORY)
    (tmp_path / "here").mkdir()
    here = in_one_process(tmp_path / "here", told)
    copied, lost, dumped = (len(told.steps) * part // 4 for part in (1, 2, 3))
    with Server() as server, Kept(server) as kept, town(tmp_path, Servers(kafka(), server.url)) as there:
        there.serve_all()
        platform = there.platform()
        people = People(platform)  # type: ignore[arg-type]
        people.add(told.people, told.clients)
        for n, _ in enumerate(Player(platform, told, people).play()):  # type: ignore[arg-type]
            if n == copied:
                kept.copy()
            elif n == lost:
                before = _stored(there)
                _stop(there.processes)
                kept.lose()
                kept.restore()
                assert _stored(there) == before, "to the last commit"
                _start(there.processes)
            elif n == dumped:
                _dump_and_restore(there, kept)
        assert list(differences(here, paths_of(platform, people, told))) == []
        platform.settle()
        assert findings(there) == []
        platform.close()


def _dump_and_restore(there: Town, kept: Kept) -> None:
    """One organisation's database and role, from a dump that was made while its processes were stopped."""
    processes = [p for p in there.processes if p.organisation == DUMPED]
    url = urlsplit(there.databases[DUMPED])
    assert url.username == url.path.lstrip("/") and url.password
    _stop(processes)
    file = kept.dump(url.username)
    kept.lose_database(url.username)
    kept.from_dump(url.username, url.password, file)
    migrate(url.geturl())
    _start(processes)


def _stop(processes: list[Process]) -> None:
    assert [p.stop() for p in processes] == [0] * len(processes)


def _start(processes: list[Process]) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.wait_until_ready()


def _stored(there: Town) -> dict[str, object]:
    """How many facts, and how far each has published and read."""
    found: dict[str, object] = {}
    for organisation, url in there.databases.items():
        with psycopg.connect(url) as connection:
            facts = connection.execute("SELECT COUNT(*), MAX(notification_id) FROM stored_events").fetchone()
            positions = connection.execute("SELECT * FROM tracking ORDER BY 1").fetchall()
            read_to = connection.execute("SELECT * FROM view.last_read ORDER BY 1").fetchall()
            found[organisation] = (facts, positions, read_to)
    return found
