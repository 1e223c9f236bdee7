"""An organisation's own store, on either database: files, positions, what of them was published, and the register."""

from collections.abc import Iterator
from typing import Any

import pytest

from consent.release import Released
from events.case import CaseOpened
from events.codec import encode
from events.envelope import Fact
from services.kit import store as module
from services.kit.places import Place
from services.kit.store import CHANGES, OrganisationStore, Publication, WrittenMeanwhile
from tests.events.goldens import fact_of

CLIENT, OTHER = "c1" * 16, "c2" * 16


@pytest.fixture
def store(place: Place) -> Iterator[OrganisationStore]:
    opened = place.store()
    yield opened
    opened.close()


@pytest.fixture
def beside(place: Place) -> Iterator[OrganisationStore]:
    """The same store, as another process has it open."""
    opened = place.store()
    yield opened
    opened.close()


def facts(first: int, count: int = 1, client: str = CLIENT, **more: Any) -> list[Fact]:
    return [
        fact_of(CaseOpened, client_ref=client, source_seq=n, fact_id=f"{n:032x}", command_id=f"c{n}", corrects=None, annuls=False, **more)
        for n in range(first, first + count)
    ]


def write(store: OrganisationStore, *new: Fact, client: str = CLIENT) -> None:
    store.append(store.file(client), new)


def test_a_file_grows_and_survives_the_process(store: OrganisationStore, beside: OrganisationStore) -> None:
    assert (store.file(CLIENT).version, store.clients()) == (0, [])
    write(store, *facts(1, 2))
    write(store, *facts(3))
    write(store, *facts(1, client=OTHER), client=OTHER)
    assert beside.file(CLIENT).facts == store.file(CLIENT).facts == tuple(facts(1, 3))
    assert beside.clients() == [CLIENT, OTHER]


def test_the_stored_bytes_are_those_that_will_be_sealed(store: OrganisationStore) -> None:
    (fact,) = facts(1)
    write(store, fact)
    (outgoing,) = store.own_facts(CLIENT)
    assert outgoing.data == encode(fact) and outgoing.header.fact_id == fact.fact_id


def test_who_writes_second_is_told_and_writes_nothing(store: OrganisationStore, beside: OrganisationStore) -> None:
    before = store.file(CLIENT)
    write(beside, *facts(1))
    with pytest.raises(WrittenMeanwhile):
        store.append(before, facts(1, 3))
    assert store.file(CLIENT).version == 1, "the file is read anew, not from the cache"
    store.append(store.file(CLIENT), facts(2))
    assert store.file(CLIENT).version == 2


def test_what_is_remembered_of_a_file_is_carried_forward(store: OrganisationStore, beside: OrganisationStore) -> None:
    write(store, *facts(1))
    remembered = store.file(CLIENT)
    write(beside, *facts(2, 2))
    assert store.file(CLIENT).facts == tuple(facts(1, 3)) and store.file(CLIENT).facts[0] is remembered.facts[0]


def test_the_cache_is_bounded_and_forgets_without_loss(store: OrganisationStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_FILES", 3)
    clients = [f"{n:032x}" for n in range(8)]
    for client in clients:
        write(store, *facts(1, client=client), client=client)
    assert len(store._cache) == 3
    assert [store.file(c).version for c in clients] == [1] * 8
    assert len(store._cache) == 3


def test_a_cached_file_is_the_same_object(store: OrganisationStore) -> None:
    write(store, *facts(1))
    assert store.file(CLIENT) is store.file(CLIENT)


# Publication


def test_facts_wait_for_the_publisher_in_the_order_written(store: OrganisationStore) -> None:
    write(store, *facts(1, 2))
    write(store, *facts(1, client=OTHER), client=OTHER)
    write(store, *facts(3))
    waiting = store.unpublished(10)
    assert [(o.header.client_ref, o.header.source_seq) for o in waiting] == [(CLIENT, 1), (CLIENT, 2), (OTHER, 1), (CLIENT, 3)]
    assert store.unpublished(2) == waiting[:2]
    assert store.unpublished_clients() == [CLIENT, OTHER]


def test_what_the_publisher_has_looked_at_waits_no_more(store: OrganisationStore) -> None:
    write(store, *facts(1, 3))
    first, second, third = store.unpublished(10)
    store.mark_published([Released(first.number, "", 11, 1000, "a b")], second.number)
    assert store.unpublished(10) == [third]
    store.mark_published([Released(third.number, "", 12, 1001, "a")], 0)
    assert store.unpublished(10) == [third], "a consent change is marked before its turn"
    store.mark_published([], third.number)
    store.mark_published([], first.number)
    assert store.unpublished(10) == [] and store.unpublished_clients() == []
    assert store.publications(CLIENT) == [
        Publication(first.number, 11, 1000, frozenset("ab")),
        Publication(third.number, 12, 1001, frozenset("a")),
    ]


def test_what_was_sent_again_is_kept_beside(store: OrganisationStore) -> None:
    write(store, *facts(1))
    (only,) = store.unpublished(1)
    store.mark_published([Released(only.number, "", 11, 1000, "a")], only.number)
    store.mark_published_again([Released(only.number, "b", 15, 2000, "b"), Released(only.number, "b", 19, 3000, "b")])
    assert [(p.position, set(p.recipients)) for p in store.publications(CLIENT)] == [(11, {"a"}), (15, {"b"}), (19, {"b"})]
    assert store.publications(OTHER) == []


def test_the_queue_of_files_to_look_through(store: OrganisationStore) -> None:
    store.queue_backfill([OTHER, CLIENT, OTHER])
    store.queue_backfill([CLIENT])
    assert store.backfill_queue(10) == [CLIENT, OTHER] and store.backfill_queue(1) == [CLIENT]
    store.backfilled(CLIENT)
    assert store.backfill_queue(10) == [OTHER]


def test_refused_reactions_are_in_plain_sight_once(store: OrganisationStore) -> None:
    for _ in range(2):
        store.reaction_refused(5, CLIENT, "f" * 32, "already_ended")
    assert store.reactions_refused() == [(5, CLIENT, "f" * 32, "already_ended")]


def test_a_consent_change_is_marked_before_its_turn_and_counted(store: OrganisationStore) -> None:
    write(store, *facts(1, 2))
    first, second = store.unpublished(2)
    assert store.position(CHANGES) == 0
    assert store.mark_changed(Released(second.number, "change", 7, 1000, "a b")) == 1
    assert store.mark_changed(Released(second.number, "change", 7, 1000, "a b")) == 2, "done again, it is counted again"
    assert store.position(CHANGES) == 2 and store.unpublished(2) == [first, second]
    assert store.publications(CLIENT) == [Publication(second.number, 7, 1000, frozenset("ab"))]


# The register


def test_an_introduction_never_replaces_an_own_entry(store: OrganisationStore) -> None:
    assert store.register_entry(CLIENT) is None
    store.put_register_entry(CLIENT, b"\x00told", introduced=True)
    assert store.register_entry(CLIENT) == (b"\x00told", True)
    store.put_register_entry(CLIENT, b"\xffown", introduced=False)
    store.put_register_entry(CLIENT, b"told again", introduced=True)
    assert store.register_entry(CLIENT) == (b"\xffown", False)
    store.put_register_entry(OTHER, b"other", introduced=True)
    assert store.register_entries() == [(CLIENT, b"\xffown"), (OTHER, b"other")]


def test_only_an_introduced_client_whose_file_has_not_grown_is_cleared(store: OrganisationStore) -> None:
    for client, introduced in ((CLIENT, True), (OTHER, False)):
        store.put_register_entry(client, b"sealed", introduced)
    write(store, *facts(1))
    assert not store.clear_register_entry(CLIENT, 0), "the file has grown"
    assert store.register_entry(CLIENT) is not None
    assert store.clear_register_entry(CLIENT, 1) and store.clear_register_entry(OTHER, 0)
    assert store.register_entries() == [(OTHER, b"sealed")], "one's own entry stays"
