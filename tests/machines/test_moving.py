"""An installation moves from a data directory to Kafka and PostgreSQL: nothing is lost, nothing doubled."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from events.shared_log.kafka import KafkaSharedLog
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.data_directory import LeftBehind, working_on
from services.kit.moving import CannotMove, Moved, move
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import Story, read
from tests.machines.paths import Paths, differences, paths_of
from tests.nodes import COMMAND, INSTALLATION, Town, town
from tests.scenario.told import SCENARIOS

STORY = SCENARIOS / "withdrawal.yaml"
SOCIAL, WORKSHOP = "orimattila-social", "orimattila-workshop"


class Embedded:
    """A story that was played in a data directory, and what everybody saw there at its end."""

    def __init__(self, data: Path):
        self.data, self.story = data, read(STORY)
        platform = Platform(data, load(INSTALLATION), StoryClock(data / "story-clock.json"))
        people = People(platform)
        people.add(self.story.people, self.story.clients)
        for _ in Player(platform, self.story, people).play():
            pass
        self.paths: Paths = paths_of(platform, people, self.story)
        platform.settle()
        self.refs = {c["hetu"]: people.client_ref(name) for name, c in self.story.clients.items()}
        self.facts = {o.id: sum(len(o.own_facts(c)) for c in o.store.clients()) for o in platform.organisations.values()}
        self.records = platform.log.behind({})
        platform.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded"))


@pytest.fixture
def here(played: Embedded, tmp_path: Path) -> Path:
    """A copy of the data directory."""
    return Path(shutil.copytree(played.data, tmp_path / "data"))


@pytest.fixture
def there(here: Path, tmp_path: Path) -> Iterator[Town]:
    """Servers with nothing on them."""
    with town(tmp_path) as made:
        made.secrets = tmp_path / "moved-secrets"
        made.clock_file.write_bytes((here / "story-clock.json").read_bytes())
        yield made


def moving(here: Path, there: Town) -> Iterator[Moved]:
    return move(here, load(INSTALLATION), there.kafka, there.databases, there.secrets)


def facts_in(there: Town) -> dict[str, int]:
    found = {}
    for organisation, url in there.databases.items():
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT COUNT(*) FROM stored_events").fetchone()
            assert row is not None
            found[organisation] = row[0]
    return found


def records_in(there: Town) -> int:
    log = KafkaSharedLog(there.kafka)
    try:
        return log.behind({})
    finally:
        log.close()


def on_the_command_line(here: Path, there: Town) -> None:
    databases = there.folder / "databases.toml"
    databases.write_text("".join(f'{o} = "{url}"\n' for o, url in there.databases.items()))
    (here / "organisations.toml").write_bytes(INSTALLATION.read_bytes())
    (here / "installation.json").write_text('{"story": true}')
    where = ("--databases", databases, "--secrets", there.secrets, "--installation", there.installation_file, "--data", here)
    done = subprocess.run(
        [*COMMAND, "migrate-log", *map(str, where)], env=there.environment(SOCIAL), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everybody_sees_the_same_afterwards_and_life_goes_on(played: Embedded, here: Path, there: Town) -> None:
    on_the_command_line(here, there)
    assert (facts_in(there), records_in(there)) == (played.facts, played.records)
    there.serve_all()
    platform = there.platform()
    platform.refs = dict(played.refs)
    people = People(platform)  # type: ignore[arg-type]
    people.add(played.story.people, played.story.clients)
    platform.settle()
    assert list(differences(played.paths, paths_of(platform, people, played.story))) == []  # type: ignore[arg-type]
    _life_goes_on(platform, played.story, people)
    platform.close()


def _life_goes_on(platform, story: Story, people: People) -> None:  # type: ignore[no-untyped-def]
    """A new client, told of between two organisations: numbers, positions and epochs go on where they were."""
    from services.case.cases.commands import OpenCase

    social = platform.organisations[SOCIAL]
    actor = Actor("paivi", "Päivi Testinen", "own_social_worker", SOCIAL)
    ref = social.register_client(actor, "Testi Uusi", "010170-998P")
    social.execute(ref, OpenCase(), actor, "after the move")
    platform.settle()
    path = social.path(ref, actor)
    assert [row["category"] for row in path["timeline"]][:1] == ["case"]


def test_done_again_it_changes_nothing(played: Embedded, here: Path, there: Town) -> None:
    list(moving(here, there))
    with pytest.raises(LeftBehind), working_on(here):
        pass
    list(moving(here, there))
    assert (facts_in(there), records_in(there)) == (played.facts, played.records)


def test_ended_anywhere_it_goes_on(played: Embedded, here: Path, there: Town) -> None:
    """Each attempt is ended one step later than the one before."""
    steps = 0
    while True:
        attempt = moving(here, there)
        done = [m for _, m in zip(range(steps + 1), attempt, strict=False)]
        attempt.close()
        if len(done) <= steps:
            break
        steps += 1
    assert steps > 10
    assert (facts_in(there), records_in(there)) == (played.facts, played.records)


def test_a_record_that_stands_there_twice_is_noticed(here: Path, there: Town) -> None:
    attempt = moving(here, there)
    next(attempt)
    attempt.close()
    log = KafkaSharedLog(there.kafka)
    partition = next(p for p in log.partitions() if log.head(p))
    log.append([log.read(partition, 0, 1)[0].record])
    log.close()
    with pytest.raises(CannotMove, match="records"):
        list(moving(here, there))


def test_another_topic_of_the_same_size_is_noticed(here: Path, there: Town) -> None:
    from events.shared_log import Record

    log = KafkaSharedLog(there.kafka)
    log.append([Record(f"{n:032x}", f"{n:032x}", 1, b"x" * 40) for n in range(5)])
    log.close()
    with pytest.raises(CannotMove):
        list(moving(here, there))


def test_a_database_with_something_else_in_it_is_left_alone(here: Path, there: Town) -> None:
    with psycopg.connect(there.databases[WORKSHOP]) as connection:
        connection.execute("INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES ('x', 1, 't', '')")
    with pytest.raises(CannotMove, match=WORKSHOP):
        list(moving(here, there))


def test_other_keys_are_left_alone(here: Path, there: Town) -> None:
    (there.secrets / SOCIAL).mkdir(parents=True)
    (there.secrets / SOCIAL / "store.key").write_bytes(bytes(32))
    with pytest.raises(CannotMove, match=SOCIAL):
        list(moving(here, there))
