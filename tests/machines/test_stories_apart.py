"""Every shipped story plays on organisations that run apart, and leaves the same paths as in one process."""

from pathlib import Path

import pytest

from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from services.kit.config import load
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import Story, read
from tests.machines.paths import Paths, differences, paths_of
from tests.nodes import INSTALLATION, Town, town
from tests.scenario.told import SCENARIOS

STORIES = sorted(SCENARIOS.glob("*.yaml"))
SPLIT = "esimerkkivalmennus"
"""This organisation's work is shared by several processes."""


def play(platform: object, story: Story) -> People:
    people = People(platform)  # type: ignore[arg-type]
    people.add(story.people, story.clients)
    for _ in Player(platform, story, people).play():  # type: ignore[arg-type]
        pass
    return people


def in_one_process(folder: Path, story: Story) -> Paths:
    platform = Platform(folder, load(INSTALLATION), StoryClock(folder / "clock.json"))
    people = play(platform, story)
    found = paths_of(platform, people, story)
    platform.close()
    return found


def serve(there: Town) -> None:
    for organisation in there.installation.ids - {SPLIT}:
        there.serve(organisation)
    for part in ("web", "publisher", "projector", "projector"):
        there.serve(SPLIT, part)
    for process in there.processes:
        process.wait_until_ready()


@pytest.mark.parametrize("story", STORIES, ids=[s.stem for s in STORIES])
def test_the_same_story_leaves_the_same_paths(tmp_path: Path, story: Path) -> None:
    told = read(story)
    (tmp_path / "here").mkdir()
    here = in_one_process(tmp_path / "here", told)
    with town(tmp_path) as there:
        serve(there)
        platform = there.platform()
        people = play(platform, told)
        assert list(differences(here, paths_of(platform, people, told))) == []
        platform.close()
        assert [p.stop() for p in there.processes] == [0] * len(there.processes)
    assert sum(isinstance(path, dict) and bool(path["timeline"]) for path in here.values()) > 5
