"""The runbooks can be followed: every command in them exists, every file and service that they name is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source import ROOT, paths
from tests.deploy.command_line import PROGRAM, NoSuchCommand, check
from tests.deploy.composed import read

DOCS = ROOT / "deploy" / "docs"
RUNBOOKS = DOCS / "runbooks"
STEP_BY_STEP = (
    "install", "move-to-servers", "add-an-organisation", "upgrade", "backup-and-restore", "rotate-keys-and-credentials", "rebuild", "dead-letters",
    "broker-lost",
)
PARTS = ("When", "Before you begin", "Steps", "How to see that it worked", "How to go back", "What clients notice")
SERVICES = read()["services"]
OTHERS = {
    "cat", "cp", "curl", "echo", "export", "head", "install", "mkdir", "mv", "printf", "psql", "rm", "tar", "umask", "unset",
    "kafka-metadata-quorum.sh", "kafka-storage.sh", "kafka-topics.sh",
}
"""Commands that are not ours, or of the shell: used by hand, not checked here."""

WITH_SERVICES = {"up", "stop", "exec", "run", "ps", "down", "logs", "config"}
OF_ALL = {"up", "stop", "ps", "down", "config"}
"""May name no service."""

TAKES_A_VALUE = {"-u", "--user", "--volume", "--entrypoint", "--profile"}


class Said(NamedTuple):
    page: str
    words: list[str]


def blocks(page: Path) -> Iterator[list[str]]:
    """The lines of each ``sh`` block; one that goes on below is one."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        yield [line.strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def commands() -> list[Said]:
    """As words, without an assignment before the command, and without files that are read or written."""
    found = []
    for page in sorted(RUNBOOKS.glob("*.md")):
        for line in (line for block in blocks(page) for line in block):
            words = shlex.split(line.split(" < ")[0].split(" > ")[0])
            while words and re.match(r"^[A-Z_]+=", words[0]):
                words.pop(0)
            found.append(Said(page.name, words))
    return found


def in_passing() -> list[Said]:
    """What pages say of the program within a sentence."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for said in re.findall(rf"`{PROGRAM} ([a-z][^`]*)`", re.sub(r"\s+", " ", re.sub(r"```.*?```", "", text, flags=re.DOTALL))):
            found.append(Said(page.name, shlex.split(said)))
    return found


def ours(said: Said) -> list[str] | None:
    """The program's words in a command line, also where it runs in a container; None where there are none."""
    first, second, *rest = *said.words, "", ""
    if first == PROGRAM:
        return said.words[1:]
    if (first, second) == ("docker", "run"):
        image = [n for n, word in enumerate(said.words) if word.startswith(f"{PROGRAM}:")]
        return said.words[image[0] + 1 :] if image else None
    if (first, second) == ("docker", "compose"):
        subcommand, services, inside = compose(said)
        if subcommand == "run" and inside:
            begins = SERVICES[services[0]].get("entrypoint", PROGRAM)
            begins = rest[rest.index("--entrypoint") + 1] if "--entrypoint" in rest else begins
            return inside if begins == PROGRAM else None
        return inside[1:] if inside[:1] == [PROGRAM] else None
    return None


def compose(said: Said) -> tuple[str, list[str], list[str]]:
    """The subcommand, the services that it names, and what it runs in a container of one."""
    found: list[str] = []
    rest = said.words[2:]
    while rest and not (len(found) == 2 and found[0] in ("exec", "run")):
        word, *rest = rest
        if word in TAKES_A_VALUE:
            rest = rest[1:]
        elif not word.startswith("-"):
            found.append(word)
    return found[0], found[1:], rest


@pytest.mark.parametrize("said", [s for s in commands() if ours(s)], ids=lambda s: " ".join([s.page, *s.words]))
def test_every_command_of_the_program_exists(said: Said) -> None:
    check(ours(said) or [])


@pytest.mark.parametrize("said", in_passing(), ids=lambda s: " ".join([s.page, *s.words]))
def test_so_does_what_is_said_in_passing(said: Said) -> None:
    """With a placeholder for what is left out."""
    if said.words == ["run"] or "--help" in said.words:
        said = Said(said.page, said.words[:1])
    try:
        check(said.words)
    except NoSuchCommand as error:
        if "Missing" not in str(error):
            raise


def test_every_service_that_is_named_exists() -> None:
    lines = [s for s in commands() if s.words[:2] == ["docker", "compose"]]
    assert len(lines) > 20
    for said in lines:
        subcommand, services, _ = compose(said)
        assert subcommand in WITH_SERVICES, said
        assert set(services) <= set(SERVICES), said
        assert services or subcommand in OF_ALL, said


def test_every_other_command_is_known_and_its_files_are_there() -> None:
    for said in commands():
        if ours(said) is None and said.words[:2] != ["docker", "compose"]:
            first, *rest = said.words
            assert first in OTHERS or first in ("sh", "docker"), said
            files = [w for w in rest if w.startswith("deploy/") and "/prepared/" not in w]
            assert [f for f in files if not (ROOT / f).exists()] == [], said


@pytest.mark.parametrize("name", STEP_BY_STEP)
def test_each_says_all_that_a_runbook_says(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == PARTS
    assert f"({name}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


def test_every_page_that_is_linked_is_there() -> None:
    for page in RUNBOOKS.glob("*.md"):
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name


def test_the_reasons_are_those_that_the_code_gives() -> None:
    text = (RUNBOOKS / "dead-letters.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^   \| `([^`]+)` \|", text, re.MULTILINE)
    code = "\n".join(path.read_text(encoding="utf-8") for path in paths())
    assert len(reasons) == 7 and [r for r in reasons if r not in code] == []
