"""A story played in a process of its own that is killed with -9, and what its data directory then holds."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

COMMAND = (sys.executable, "-m", "services.cli.main")
NOT_COMPARED = {"PathOpened", "PathRefused", "ClientRefAsked"}
"""A retry of a question adds another entry (consent.md, "Read")."""


def play_until_killed(story: Path, data: Path, seconds: float) -> tuple[set[int], bool]:
    """Play, and kill the process ``seconds`` after it was started. Returns the steps that it acknowledged, and
    whether it was killed before the story's end."""
    process = subprocess.Popen(
        [*COMMAND, "play", str(story), "--data", str(data), "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    lines = process.stdout.readlines()
    timer.cancel()
    status = process.wait()
    assert status in (0, -9), f"the player ended with status {status}: {lines[-1:]}"
    whole = [line for line in lines if line.endswith("\n")]  # the kill may cut an acknowledgement in two
    return {json.loads(line)["step"] for line in whole}, status == -9


def play_to_the_end(story: Path, data: Path) -> None:
    subprocess.run([*COMMAND, "play", str(story), "--data", str(data), "--json"], check=True, stdout=subprocess.DEVNULL)


def check(data: Path) -> dict[str, object]:
    """What ``palvelupolku check`` found."""
    done = subprocess.run([*COMMAND, "check", "--data", str(data), "--json"], capture_output=True, text=True, check=False)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _facts(data: Path) -> list[dict[str, object]]:
    facts = []
    for store in sorted(data.glob("*/store.sqlite")):
        connection = sqlite3.connect(store)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'stored_events'").fetchone():
            facts += [json.loads(state) for (state,) in connection.execute("SELECT state FROM stored_events")]
        connection.close()
    return facts


def acknowledged_in_files(data: Path) -> set[int]:
    """Numbers of the story's steps whose commands stand in some file."""
    ids = (str(f["command_id"]).split(":") for f in _facts(data))
    return {int(parts[-2]) for parts in ids if parts[0] == "story"}


def facts_told(data: Path) -> Counter[tuple[object, ...]]:
    """Every fact by what it is, ids and moments aside: two plays of one story tell the same ones as often."""
    told: Counter[tuple[object, ...]] = Counter()
    for fact in _facts(data):
        if fact["name"] not in NOT_COMPARED:
            told[_command(fact), fact["organisation"], fact["name"], fact["occurred_on"]] += 1
    return told


def _command(fact: dict[str, object]) -> str:
    """A story's command has the same id in every play; a reaction's, a confirmation's or a ground's names a fact."""
    command_id = str(fact["command_id"])
    return command_id if command_id.startswith("story:") else command_id.split(":")[0]


def moments(seed: int) -> random.Random:
    print(f"\nseed {seed}")
    return random.Random(seed)


def seed() -> int:
    return int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
