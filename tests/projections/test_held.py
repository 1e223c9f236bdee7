"""The view's store, on either database: rows and position together or not at all."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.codec import encode
from events.consent import ConsentGiven
from events.sqlite import Datastore
from projections.held import (
    TO_HEAR,
    TO_SEND_AGAIN,
    Batch,
    HeldFacts,
    HeldRow,
    LastRead,
    MovedMeanwhile,
    SetAside,
    ToConfirm,
    Waiting,
)
from services.kit.embedded import EmbeddedPlace
from services.kit.places import Place
from tests.consent_core.changes import given
from tests.events.goldens import fact_of

CLIENT, OTHER = "c1" * 16, "c2" * 16
DAY = date(2022, 3, 1)


@pytest.fixture
def view(place: Place) -> Iterator[HeldFacts]:
    opened = place.view()
    yield opened
    opened.close()


@pytest.fixture
def beside(place: Place) -> Iterator[HeldFacts]:
    """The same view, as another process has it open."""
    opened = place.view()
    yield opened
    opened.close()


def row(position: int, seq: int | None = None, client: str = CLIENT, source: str = "social", **more: Any) -> HeldRow:
    return HeldRow(position, client, source, seq or position, "activity", DAY, DAY, b"{}")._replace(**more)


def given_on(position: int, client: str = CLIENT) -> tuple[int, str, date, bytes]:
    fact = fact_of(ConsentGiven, says=given(since="2022-03-01"), corrects=None, client_ref=client)
    return (position, client, DAY, encode(fact))


def path_of(view: HeldFacts) -> Path:
    assert isinstance(view.database, Datastore)
    return view.database.path


def write(view: HeldFacts, batch: Batch, to: int, partition: str = "0") -> None:
    """A batch that was read to ``to``."""
    view.write(batch, [LastRead(partition, view.positions().get(partition, 0), to, f"r{to}")])


def positions(view: HeldFacts, client: str = CLIENT) -> list[int]:
    return [r.position for r in view.held(client)]


def test_rows_come_back_as_they_were_in_order(view: HeldFacts) -> None:
    rows = [row(3), row(5, client=OTHER), row(9, source="employment", seq=1)]
    write(view, Batch(rows=[rows[2], rows[0], rows[1]]), 9)
    assert view.held(CLIENT) == [rows[0], rows[2]] and view.held(OTHER) == [rows[1]]


def test_a_batch_that_cannot_be_written_moves_nothing(view: HeldFacts) -> None:
    write(view, Batch(rows=[row(1)]), 1)
    broken = Batch(rows=[row(2)], purges=[(CLIENT, [1])], set_aside=[SetAside(3, CLIENT, "r", object())])  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"binding|type"):
        write(view, broken, 3)
    assert (positions(view), view.positions()) == ([1], {"0": 1})


def test_who_reads_on_second_is_told_and_writes_nothing(view: HeldFacts) -> None:
    assert view.positions() == {}
    write(view, Batch(), 7)
    for before in (0, 5, 8):
        with pytest.raises(MovedMeanwhile):
            view.write(Batch(rows=[row(9)]), [LastRead("1", 0, 1, "r"), LastRead("0", before, 9, "r")])
    assert (view.positions(), positions(view)) == ({"0": 7}, []), "each partition has its own, and all move or none"
    view.write(Batch(rows=[row(9)]), [LastRead("1", 0, 1, "r1"), LastRead("0", 7, 9, "r9")])
    assert view.last_read() == [("0", 9, "r9"), ("1", 1, "r1")]


def test_everything_is_there_for_another_process(view: HeldFacts, beside: HeldFacts) -> None:
    aside, confirm = SetAside(4, CLIENT, "r4", "why"), ToConfirm(3, CLIENT, "ch", 2)
    batch = Batch(rows=[row(1)], changes=[given_on(2)], edges=[(DAY, CLIENT)], set_aside=[aside], to_confirm=[confirm])
    write(view, batch, 4)
    assert beside.digests() == view.digests()
    assert (beside.positions(), beside.set_aside(), beside.heard(3)) == ({"0": 4}, [aside], confirm)
    assert (beside.is_set_aside(CLIENT), beside.is_set_aside(OTHER)) == (True, False)


def test_one_fact_is_held_once(view: HeldFacts) -> None:
    write(view, Batch(rows=[row(1, seq=4)]), 1)
    write(view, Batch(rows=[row(2, seq=4), row(3, seq=4, client=OTHER), row(4, seq=4, source="employment")]), 4)
    assert positions(view) == [1, 4] and positions(view, OTHER) == [3]


def test_in_one_batch_what_is_purged_makes_room_for_what_came_again(view: HeldFacts) -> None:
    write(view, Batch(rows=[row(1, seq=4)]), 1)
    write(view, Batch(purges=[(CLIENT, [1])], rows=[row(9, seq=4)]), 9)
    assert positions(view) == [9]


def test_what_was_purged_is_not_on_the_disk(folder_place: EmbeddedPlace) -> None:
    """As far as PostgreSQL promises it: ``tests.events.test_database``."""
    view = folder_place.view()
    secret = b'{"x":"purgeable-content-of-another"}'
    write(view, Batch(rows=[row(1, data=secret)]), 1)
    view.purged()
    assert secret in path_of(view).read_bytes()
    write(view, Batch(purges=[(CLIENT, [1])]), 2)
    view.purged()
    files = [p for p in path_of(view).parent.iterdir() if p.is_file()]
    assert not [p.name for p in files if secret in p.read_bytes()]
    view.close()


def test_consent_changes_are_kept_in_order(view: HeldFacts) -> None:
    write(view, Batch(changes=[given_on(8), given_on(2), given_on(5, OTHER)]), 8)
    assert [c.position for c in view.changes(CLIENT)] == [2, 8]
    assert (view.consent_version(CLIENT), view.consent_version(OTHER), view.consent_version("c3" * 16)) == (8, 5, 0)
    assert [day for day, _ in view.change_facts(OTHER)] == [DAY]
    assert view.clients() == [CLIENT, OTHER]


def test_edges_are_found_on_their_day_and_once(view: HeldFacts) -> None:
    write(view, Batch(edges=[(date(2022, 3, 5), CLIENT), (date(2022, 3, 5), CLIENT), (date(2022, 3, 9), OTHER)]), 1)
    assert view.clients_with_edges(date(2022, 3, 4), date(2022, 3, 5)) == [CLIENT]
    assert view.clients_with_edges(date(2022, 3, 5), date(2022, 3, 8)) == []
    assert view.clients_with_edges(date.min, date.max) == [CLIENT, OTHER]


def test_what_is_understood_at_last_leaves_the_side(view: HeldFacts) -> None:
    aside = [SetAside(2, CLIENT, "r2", "why"), SetAside(3, CLIENT, "r3", "waits")]
    write(view, Batch(set_aside=aside), 5)
    view.write_aside(Batch(rows=[row(2)], set_aside=[SetAside(3, CLIENT, "r3", "another reason")]), replayed=aside)
    assert positions(view) == [2] and view.set_aside() == [SetAside(3, CLIENT, "r3", "another reason")]
    assert view.positions() == {"0": 5}


# Queues


def hear(*places: int) -> list[Waiting]:
    return [Waiting(TO_HEAR, p, CLIENT) for p in places]


def test_what_waits_comes_in_order_until_it_is_done(view: HeldFacts) -> None:
    change = Waiting(TO_SEND_AGAIN, 2, OTHER)
    write(view, Batch(rows=[row(1)], to_confirm=[ToConfirm(3, CLIENT, "ch", 1)], waiting=[*hear(3, 1, 4), change]), 4)
    assert view.waiting(TO_HEAR, 2) == hear(1, 3) and view.waiting(TO_SEND_AGAIN, 9) == [change]
    assert [view.heard(w.position) for w in hear(1, 3, 4)] == [row(1), ToConfirm(3, CLIENT, "ch", 1), None]
    view.done(hear(1, 3))
    assert view.waiting(TO_HEAR, 9) == hear(4) and view.waiting(TO_SEND_AGAIN, 9) == [change]


def test_a_view_that_replaces_another_takes_over_what_was_not_heard(view: HeldFacts, place: Place) -> None:
    """1 was heard, 2 waits, 3 was set aside and is understood now, 4 is set aside still, 5 came after the old one."""
    aside = [SetAside(n, CLIENT, f"r{n}", "why") for n in (3, 4)]
    write(view, Batch(rows=[row(1), row(2)], waiting=hear(2), set_aside=aside), 4)
    new = place.new_view()
    write(new, Batch(rows=[row(n) for n in (1, 2, 3, 5)], waiting=hear(1, 2, 3, 5), set_aside=aside[1:]), 5)
    view.pass_day(DAY, ["0"])
    new.take_over(view, lambda _: "0")
    assert new.waiting(TO_HEAR, 9) == hear(2, 3, 5)
    assert new.days_passed() == {"0": DAY}, "what begins on a later day is sent when that day passes"
    place.discard(new)
    assert view.waiting(TO_HEAR, 9) == hear(2), "the view in use goes on"


def test_days_pass_by_partition(view: HeldFacts) -> None:
    view.pass_day(DAY, ["0", "1"])
    view.pass_day(date(2022, 3, 2), ["1"])
    assert view.days_passed() == {"0": DAY, "1": date(2022, 3, 2)}


# A view rebuilt


def test_what_is_set_aside_is_told_in_pieces_and_counted_without_end(view: HeldFacts) -> None:
    aside = [SetAside(n, CLIENT if n % 2 else OTHER, f"r{n}", "why") for n in range(1, 8)]
    assert (view.set_aside(), view.count_set_aside(5), view.clients_set_aside()) == ([], 0, set())
    write(view, Batch(set_aside=aside), 8)
    assert view.set_aside() == aside and view.set_aside(2, 3) == aside[2:5]
    assert (view.count_set_aside(100), view.count_set_aside(5)) == (7, 5)
    assert view.clients_set_aside() == {CLIENT, OTHER}


def test_views_with_other_rows_have_other_digests(
    view: HeldFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2022, 1, 1), date(2022, 1, 2)]
    changes = [given_on(n) for n in range(10, 15)]
    edges = [(day, client) for day in days for client in (CLIENT, OTHER)]
    write(view, Batch(rows=[row(n) for n in range(1, 8)], changes=changes, edges=edges), 20)
    whole = view.digests()
    assert {table: d.rows for table, d in whole.items()} == {
        "held": 7, "consent_changes": 5, "day_edges": 4, "to_confirm": 0, "set_aside": 0,
    }
    with view.database.transaction(commit=True) as cursor:
        cursor.execute("UPDATE held SET category = ? WHERE position = ?", ("case", 7))
    changed = view.digests()
    assert [table for table in whole if whole[table] != changed[table]] == ["held"]
    monkeypatch.setattr("projections.digests.PIECE", 3)
    assert {table: d.rows for table, d in view.digests().items()} == {table: d.rows for table, d in whole.items()}


def test_a_rebuilt_view_takes_the_place_of_the_one_in_use(view: HeldFacts, place: Place) -> None:
    write(view, Batch(rows=[row(1), row(2)]), 2)
    rebuilt = place.new_view()
    assert rebuilt.digests()["held"].rows == 0 and rebuilt.positions() == {}
    write(rebuilt, Batch(rows=[row(2), row(3)]), 3)
    assert positions(view) == [1, 2]
    place.switch(view, rebuilt)
    assert positions(view) == [2, 3]
    write(view, Batch(rows=[row(4)]), 4)
    again = place.view()
    assert (positions(again), again.positions()) == ([2, 3, 4], {"0": 4})
    again.close()


def test_what_a_killed_rebuild_left_is_gone(view: HeldFacts, place: Place) -> None:
    write(view, Batch(rows=[row(1)]), 1)
    for _ in range(2):
        left = place.new_view()
        assert positions(left) == []
        write(left, Batch(rows=[row(9)]), 9)
        left.close()
    place.tidy()
    assert positions(view) == [1]


def test_whoever_reads_has_the_database_until_done(folder_place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a view in a file: there another file takes its place."""
    view, new = folder_place.view(), folder_place.new_view()
    write(view, Batch(rows=[row(1)]), 1)
    write(new, Batch(rows=[row(1), row(2)]), 2)
    old, closed = view.database, threading.Event()
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
    assert closed.is_set() and positions(view) == [1, 2] and path_of(view) == path_of(new)
    view.close()
