"""The image's file: what it copies is there and sent along, and what it becomes is small, runs as nobody special, and tells
whether it is alive. (No image is built in the tests; ``test_wheel`` does by hand what it does.)"""

import json
import tomllib
from fnmatch import fnmatch
from typing import NamedTuple

from tests.architecture.source import PACKAGES, ROOT


class Line(NamedTuple):
    word: str
    rest: str


def stages() -> list[list[Line]]:
    """The instructions of each stage; those before the first ``FROM`` are left out."""
    found: list[list[Line]] = []
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in (one.strip() for one in text.splitlines()):
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            if word == "FROM":
                found.append([])
            if found:
                found[-1].append(Line(word, rest.strip()))
    return found


BUILD, FINAL = stages()


def only(word: str) -> str:
    (line,) = [line for line in FINAL if line.word == word]
    return line.rest


def copied() -> list[str]:
    return [source for line in BUILD if line.word == "COPY" for source in line.rest.split()[:-1]]


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert [source for source in copied() if source not in sent] == []
    assert [name for name in sent if name not in copied()] == []
    assert set(PACKAGES) <= set(copied())


def test_what_the_wheel_is_made_of_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    made_of = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "pyproject.toml"}
    assert made_of <= set(copied())


def test_both_stages_are_of_one_python_that_the_program_runs_on() -> None:
    assert BUILD[0].rest.removesuffix(" AS build") == FINAL[0].rest == "python:${PYTHON}"


def test_the_final_stage_only_takes_what_was_built() -> None:
    assert only("COPY") == "--from=build /opt/palvelupolku /opt/palvelupolku"
    assert not any(fnmatch(only("RUN"), f"*{tool}*") for tool in ("pip install", "apt-get", "curl", "gcc"))
    assert "pip uninstall" in only("RUN")


def test_everything_installed_is_pinned_with_hashes() -> None:
    installs = [part for line in BUILD if line.word == "RUN" for part in line.rest.split("&&") if "install " in part]
    assert installs and all("--require-hashes" in part or "--no-index" in part for part in installs)


def test_it_runs_as_nobody_special_and_tells_whether_it_is_alive() -> None:
    user, group = only("USER").split(":")
    assert user == group == "10001" and f"--uid {user}" in only("RUN")
    assert only("ENTRYPOINT") == '["palvelupolku"]'
    check = only("HEALTHCHECK")
    asked = json.loads(check.partition("CMD ")[2])
    assert asked[:2] == ["python", "-c"] and "/healthz" in asked[2]
    compile(asked[2], "HEALTHCHECK", "exec")
