"""``check`` finds what does not hold: each of its checks, with a fault planted into stored data."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.activity import ActivityStarted
from services.kit.bootstrap import Platform
from services.kit.check import CHECKS, check
from services.kit.config import load
from tests.projections.town import EMPLOYMENT, HETU, HOME, NAME, SOCIAL, Town

STARTED = ActivityStarted(days_per_week=3, place="Paja")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    town.register(EMPLOYMENT, NAME, HETU)
    town.path(EMPLOYMENT)
    town.platform.settle()
    yield town
    town.platform.close()


def found(town: Town) -> set[tuple[str, str]]:
    """(check, organisation) of what is found by a process that begins afresh: nothing remembered hides it."""
    town.platform.close()
    town.platform = Platform(town.data, load(Path("deploy/organisations.toml")), town.clock, beside_another=True)
    return {(f.invariant, f.organisation) for f in check(town.platform).findings}


def to_log(statement: str) -> Callable[[Town], object]:
    return lambda town: _write(town.platform.log.datastore, statement)


def to_view(organisation: str, statement: str) -> Callable[[Town], object]:
    return lambda town: _write(town[organisation].projector.view.database, statement)


def to_store(organisation: str, statement: str) -> Callable[[Town], object]:
    return lambda town: _write(town[organisation].store.database, statement)


def _write(datastore: object, statement: str) -> None:
    with datastore.transaction(commit=True) as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)
        assert cursor.rowcount > 0, "the fault is not planted"


def unpublished(town: Town) -> None:
    town.says(SOCIAL, STARTED, settle=False)


def set_aside(town: Town) -> None:
    town.forge(SOCIAL, EMPLOYMENT, "activity", b"not a fact")
    town.platform.settle()


def code_in_a_file(town: Town) -> None:
    (town.data / "forgotten.txt").write_text(HETU)


THE_FACT = "(SELECT position FROM published WHERE position > 0 ORDER BY number LIMIT 1)"
LAST_HELD = "position = (SELECT MAX(position) FROM held WHERE category = 'activity')"
OWN = "(SELECT MIN(rowid) FROM stored_events)"

FAULTS: dict[str, tuple[Callable[[Town], object], tuple[str, str]]] = {
    "a fact cannot be read": (to_store(SOCIAL, f"UPDATE stored_events SET state = CAST(substr(state, 2) AS BLOB) WHERE rowid = {OWN}"), ("files", SOCIAL)),
    "a file has a gap": (to_store(HOME, f"DELETE FROM stored_events WHERE rowid = {OWN}"), ("files", HOME)),
    "a fact that others hold is not in its file": (
        to_store(SOCIAL, "DELETE FROM stored_events"), ("held as written", EMPLOYMENT)),
    "a fact was altered where it is held": (
        to_view(EMPLOYMENT, f"UPDATE held SET data = replace(data, 'Paja', 'Muu') WHERE {LAST_HELD}"), ("held as written", EMPLOYMENT)),
    "a record was altered": (
        to_log("UPDATE stored_events SET state = substr(state, 1, 60) || x'00' || substr(state, 62) WHERE rowid = 2"), ("log", "")),
    "a record was given to another client": (
        to_log("UPDATE stored_events SET originator_id = 'c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1' WHERE rowid = 2"), ("log", "")),
    "a record is gone": (to_log("DELETE FROM stored_events WHERE rowid = 1"), ("log", HOME)),
    "facts wait": (unpublished, ("at the head", SOCIAL)),
    "a record is set aside": (set_aside, ("at the head", EMPLOYMENT)),
    "what is held is not covered": (
        to_view(EMPLOYMENT, f"UPDATE held SET category = 'health' WHERE {LAST_HELD}"), ("held only where covered", EMPLOYMENT)),
    "a fact is missing": (to_view(EMPLOYMENT, f"DELETE FROM held WHERE {LAST_HELD}"), ("nothing missing", EMPLOYMENT)),
    "a party was told otherwise": (
        to_view(EMPLOYMENT, "DELETE FROM consent_changes"), ("told alike", EMPLOYMENT)),
    "a view differs": (to_view(EMPLOYMENT, "DELETE FROM day_edges"), ("rebuilt equal", EMPLOYMENT)),
    "an opening was not told": (to_view(HOME, "DELETE FROM held WHERE category = 'consent'"), ("disclosed", EMPLOYMENT)),
    "an identity code is readable": (code_in_a_file, ("no identity codes", "")),
}


def test_nothing_is_found_where_all_holds(town: Town) -> None:
    assert found(town) == set()


@pytest.mark.parametrize("name", FAULTS)
def test_is_found(town: Town, name: str) -> None:
    plant, expected = FAULTS[name]
    plant(town)
    assert expected in found(town)


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert {check for _, (check, _) in FAULTS.values()} == set(CHECKS)
