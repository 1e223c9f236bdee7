"""kill -9 at random moments while the story plays: nothing acknowledged is lost, nothing is doubled, all holds."""

import os
from pathlib import Path
from shutil import rmtree

from services.scenario.story import read
from tests.faults.playing import (
    acknowledged_in_files,
    check,
    facts_told,
    moments,
    play_to_the_end,
    play_until_killed,
    seed,
)

STORY = Path(__file__).parents[2] / "deploy" / "scenarios" / "orimattila.yaml"
KILLS = int(os.environ.get("KILLS", "20"))
SHORTEST, LONGEST = 0.5, 3.5
"""Seconds from a process's start to its kill: while it starts, recovers, or plays."""


def test_killed_at_random_moments(tmp_path: Path) -> None:
    untouched = tmp_path / "untouched"
    play_to_the_end(STORY, untouched)
    expected = facts_told(untouched)
    writing = {s.number for s in read(STORY).steps if s.number in acknowledged_in_files(untouched)}
    random = moments(seed())
    kills = plays = 0
    while kills < KILLS:
        data = tmp_path / f"play-{plays}"
        plays += 1
        acknowledged: set[int] = set()
        killed = True
        while killed and kills < KILLS:
            steps, killed = play_until_killed(STORY, data, random.uniform(SHORTEST, LONGEST))
            kills += killed
            acknowledged |= steps
            missing = (acknowledged & writing) - acknowledged_in_files(data)
            assert not missing, f"acknowledged steps are missing after a kill: {missing}"
        play_to_the_end(STORY, data)
        assert facts_told(data) == expected
        assert check(data)["findings"] == []
        rmtree(data)
    print(f"{kills} kills in {plays} plays: nothing lost, nothing doubled, every check clean")
