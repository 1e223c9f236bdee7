"""The view's store: rows and position together or not at all."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from events.codec import encode
from events.consent import ConsentGiven
from projections.held import Batch, HeldFacts, HeldRow, SetAside, ToConfirm
from tests.consent_core.changes import given
from tests.events.goldens import fact_of

CLIENT, OTHER = "c1" * 16, "c2" * 16
DAY = date(2022, 3, 1)


@pytest.fixture
def view(tmp_path: Path) -> Iterator[HeldFacts]:
    opened = HeldFacts(tmp_path / "view.sqlite")
    yield opened
    opened.close()


def row(position: int, seq: int | None = None, client: str = CLIENT, source: str = "social", **more: Any) -> HeldRow:
    return HeldRow(position, client, source, seq or position, "activity", DAY, DAY, b"{}")._replace(**more)


def given_on(position: int, client: str = CLIENT) -> tuple[int, str, date, bytes]:
    fact = fact_of(ConsentGiven, says=given(since="2022-03-01"), corrects=None, client_ref=client)
    return (position, client, DAY, encode(fact))


def positions(view: HeldFacts, client: str = CLIENT) -> list[int]:
    return [r.position for r in view.held(client)]


def test_rows_come_back_as_they_were_in_order(view: HeldFacts) -> None:
    rows = [row(3), row(5, client=OTHER), row(9, source="employment", seq=1)]
    view.write(Batch(rows=[rows[2], rows[0], rows[1]]), "0", 9)
    assert view.held(CLIENT) == [rows[0], rows[2]] and view.held(OTHER) == [rows[1]]
    assert view.held_after(3, 10) == [rows[1], rows[2]] and view.held_after(0, 1) == [rows[0]]


def test_a_batch_that_cannot_be_written_moves_nothing(view: HeldFacts) -> None:
    view.write(Batch(rows=[row(1)]), "0", 1)
    broken = Batch(rows=[row(2)], purges=[(CLIENT, [1])], set_aside=[SetAside(3, CLIENT, "r", object())])  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"binding|type"):
        view.write(broken, "0", 3)
    assert (positions(view), view.position("0")) == ([1], 1)


def test_the_position_is_kept_and_never_goes_back(view: HeldFacts) -> None:
    assert view.position("0") == 0
    view.write(Batch(), "0", 7)
    with pytest.raises(IntegrityError):
        view.write(Batch(rows=[row(5)]), "0", 5)
    assert (view.position("0"), positions(view)) == (7, [])
    assert view.position("1") == 0, "each partition has its own"


def test_everything_survives_reopening(view: HeldFacts) -> None:
    aside, confirm = SetAside(4, CLIENT, "r4", "why"), ToConfirm(3, CLIENT, "ch", 2)
    batch = Batch(rows=[row(1)], changes=[given_on(2)], edges=[(DAY, CLIENT)], set_aside=[aside], to_confirm=[confirm])
    view.write(batch, "0", 4)
    again = HeldFacts(view.path)
    assert again.contents() == view.contents()
    assert (again.position("0"), again.set_aside(), again.to_confirm(0, 10)) == (4, [aside], [confirm])
    again.close()


def test_one_fact_is_held_once(view: HeldFacts) -> None:
    view.write(Batch(rows=[row(1, seq=4)]), "0", 1)
    view.write(Batch(rows=[row(2, seq=4), row(3, seq=4, client=OTHER), row(4, seq=4, source="employment")]), "0", 4)
    assert positions(view) == [1, 4] and positions(view, OTHER) == [3]


def test_in_one_batch_what_is_purged_makes_room_for_what_came_again(view: HeldFacts) -> None:
    view.write(Batch(rows=[row(1, seq=4)]), "0", 1)
    view.write(Batch(purges=[(CLIENT, [1])], rows=[row(9, seq=4)]), "0", 9)
    assert positions(view) == [9]


def test_what_was_purged_is_not_on_the_disk(view: HeldFacts) -> None:
    secret = b'{"x":"purgeable-content-of-another"}'
    view.write(Batch(rows=[row(1, data=secret)]), "0", 1)
    view.purged()
    assert secret in view.path.read_bytes()
    view.write(Batch(purges=[(CLIENT, [1])]), "0", 2)
    view.purged()
    files = [p for p in view.path.parent.iterdir() if p.is_file()]
    assert not [p.name for p in files if secret in p.read_bytes()]


def test_consent_changes_are_kept_in_order(view: HeldFacts) -> None:
    view.write(Batch(changes=[given_on(8), given_on(2), given_on(5, OTHER)]), "0", 8)
    assert [c.position for c in view.changes(CLIENT)] == [2, 8]
    assert view.changed_after(2, 10) == [(5, OTHER), (8, CLIENT)] and view.changed_after(0, 1) == [(2, CLIENT)]
    assert [day for day, _ in view.change_facts(OTHER)] == [DAY]
    assert view.clients() == [CLIENT, OTHER]


def test_edges_are_found_on_their_day_and_once(view: HeldFacts) -> None:
    view.write(Batch(edges=[(date(2022, 3, 5), CLIENT), (date(2022, 3, 5), CLIENT), (date(2022, 3, 9), OTHER)]), "0", 1)
    assert view.clients_with_edges(date(2022, 3, 4), date(2022, 3, 5)) == [CLIENT]
    assert view.clients_with_edges(date(2022, 3, 5), date(2022, 3, 8)) == []
    assert view.clients_with_edges(date.min, date.max) == [CLIENT, OTHER]


def test_what_is_understood_at_last_leaves_the_side(view: HeldFacts) -> None:
    aside = [SetAside(2, CLIENT, "r2", "why"), SetAside(3, CLIENT, "r3", "waits")]
    view.write(Batch(set_aside=aside), "0", 5)
    view.write_aside(Batch(rows=[row(2)], set_aside=[SetAside(3, CLIENT, "r3", "another reason")]), replayed=aside)
    assert positions(view) == [2] and view.set_aside() == [SetAside(3, CLIENT, "r3", "another reason")]
    assert view.position("0") == 5
    assert view.understood_late() == [(2, CLIENT)], "and waits to be heard"
    view.heard_late(2)
    assert view.understood_late() == []


def test_a_view_that_replaces_another_takes_over_what_was_not_heard(view: HeldFacts, tmp_path: Path) -> None:
    aside = [SetAside(n, CLIENT, f"r{n}", "why") for n in (2, 3, 4)]
    view.write(Batch(set_aside=aside), "0", 5)
    view.write_aside(Batch(rows=[row(2)], set_aside=aside[1:]), replayed=aside)
    new = HeldFacts(tmp_path / "new.sqlite")
    new.write(Batch(rows=[row(2), row(3)], set_aside=aside[2:]), "0", 5)
    new.take_over(view)
    assert new.understood_late() == [(2, CLIENT), (3, CLIENT)]
    new.close()


def test_whoever_reads_has_the_database_until_done(view: HeldFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view.write(Batch(rows=[row(1)]), "0", 1)
    new = HeldFacts(tmp_path / "new.sqlite")
    new.write(Batch(rows=[row(1), row(2)]), "0", 2)
    old, closed = view.datastore, threading.Event()
    rows, close = old.rows, old.close

    def slow(statement: str, parameters: Any = ()) -> list[Any]:
        switching.start()
        assert not closed.wait(0.3)
        return rows(statement, parameters)

    def closing() -> None:
        closed.set()
        close()

    switching = threading.Thread(target=lambda: view.become(new))
    monkeypatch.setattr(old, "rows", slow)
    monkeypatch.setattr(old, "close", closing)
    assert positions(view) == [1]
    switching.join(10)
    assert closed.is_set() and positions(view) == [1, 2] and view.path == new.path
