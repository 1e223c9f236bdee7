"""What was once written stays readable: a golden file for each version of each fact."""

import json
from pathlib import Path

import pytest

from events.catalogue import KNOWN, class_of
from events.codec import decode, encode, header
from events.upcasts import UPCASTS
from tests.events import goldens

FILES = sorted(goldens.FOLDER.glob("*.json"))


def name_and_version(path: Path) -> tuple[str, int]:
    name, version = path.stem.rsplit(".v", 1)
    return name, int(version)


def test_every_fact_has_its_golden_file() -> None:
    assert goldens.expected() <= set(FILES), "see tests/events/goldens.py for how to write the missing ones"


def test_no_golden_file_is_of_a_version_nobody_can_read() -> None:
    readable = set(KNOWN) | set(UPCASTS)
    assert [p.name for p in FILES if name_and_version(p) not in readable] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_golden_file_reads_as_its_class(path: Path) -> None:
    name, version = name_and_version(path)
    fact = decode(path.read_bytes())
    written = json.loads(path.read_bytes())
    assert (written["name"], written["version"]) == (name, version)
    assert type(fact.says) is class_of(name, fact.version)
    assert fact.category == fact.says.category == header(path.read_bytes()).category


@pytest.mark.parametrize("path", [p for p in FILES if name_and_version(p) in KNOWN], ids=lambda p: p.stem)
def test_current_version_is_written_in_the_very_same_bytes(path: Path) -> None:
    assert encode(decode(path.read_bytes())) + b"\n" == path.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_field_of_the_fact_is_filled(path: Path) -> None:
    """A golden file that leaves a field out could not tell when that field's form changes."""
    name, version = name_and_version(path)
    written = json.loads(path.read_bytes())["says"]
    if (name, version) in KNOWN:
        assert set(written) == set(KNOWN[name, version].__struct_fields__)
    assert None not in written.values()


def test_missing_ones_are_written_and_none_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goldens, "FOLDER", tmp_path)
    kept = goldens.path_of("CaseOpened", 1)
    kept.write_text("as it was")
    written = goldens.write_missing()
    assert len(written) == len(KNOWN) - 1 and kept not in written
    assert kept.read_text() == "as it was"
    assert goldens.write_missing() == []
