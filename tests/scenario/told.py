"""Small stories for tests, and the command line that plays them."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.scenario.document import StoryError
from services.scenario.story import Story, read

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "deploy" / "scenarios"

BEGINNING = """
story: Test
clients:
  Sirpa: {hetu: 140476-902Y}
  Jarmo: {hetu: 220568-9115, name: Jarmo Testi}
steps:
"""

OPENED = BEGINNING + """
  - {on: 2022-08-01, who: paivi, client: Sirpa, do: register_client}
  - {who: paivi, client: Sirpa, do: open_case, as: case}
"""


def written(folder: Path, text: str, name: str = "story.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def story(folder: Path, *steps: str, head: str = BEGINNING) -> Story:
    """A story of these steps, each the lines of one list item."""
    return read(written(folder, head + "\n".join(steps) + "\n"))


def error_in(folder: Path, text: str) -> StoryError:
    """What reading this text, less its common indent, says is wrong."""
    with pytest.raises(StoryError) as caught:
        read(written(folder, textwrap.dedent(text).lstrip("\n")))
    return caught.value


def line_of(text: str, words: str) -> int:
    """The first line of the text that holds these words."""
    return next(n for n, line in enumerate(text.splitlines(), start=1) if words in line)


class Told:
    """A story's file and a data directory to play it into."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        self.file = folder / "story.yaml"

    def plays(self, text: str) -> Result:
        self.file.write_text(text, encoding="utf-8")
        return palvelupolku("play", str(self.file), "--data", str(self.data))

    def fails(self, text: str) -> dict[str, Any]:
        """Play, expect it to fail, and return the error: its line and words."""
        self.file.write_text(text, encoding="utf-8")
        result = palvelupolku("play", str(self.file), "--data", str(self.data), "--json")
        assert result.exit_code == 1, result.output
        error: dict[str, Any] = json.loads(result.stdout[result.stdout.index('{\n  "error"') :])["error"]
        return error

    def path(self, client: str, organisation: str, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = asked("path", client, "--as", organisation, *more, "--data", str(self.data))
        return found

    def steps_played(self) -> int:
        done = list((self.data / "stories").glob("*.done"))
        return sum(len(d.read_text().splitlines()) for d in done)


def palvelupolku(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def asked(*arguments: str) -> Any:
    """What the command line answers as JSON."""
    result = palvelupolku(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
