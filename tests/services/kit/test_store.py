"""An organisation's own store: files, positions, and what of them was published."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.release import Released
from events.case import CaseOpened
from events.codec import encode
from events.envelope import Fact
from services.kit import store as module
from services.kit.store import OrganisationStore, Publication, WrittenMeanwhile
from services.kit.store_sqlite import store_in
from tests.events.goldens import fact_of

CLIENT, OTHER = "c1" * 16, "c2" * 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "social" / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[OrganisationStore]:
    opened = store_in(path, "social")
    yield opened
    opened.close()


def facts(first: int, count: int = 1, client: str = CLIENT, **more: Any) -> list[Fact]:
    return [
        fact_of(CaseOpened, client_ref=client, source_seq=n, fact_id=f"{n:032x}", command_id=f"c{n}", corrects=None, annuls=False, **more)
        for n in range(first, first + count)
    ]


def write(store: OrganisationStore, *new: Fact, client: str = CLIENT) -> None:
    store.append(store.file(client), new)


def test_a_file_grows_and_survives_the_process(store: OrganisationStore, path: Path) -> None:
    assert (store.file(CLIENT).version, store.clients()) == (0, [])
    write(store, *facts(1, 2))
    write(store, *facts(3))
    write(store, *facts(1, client=OTHER), client=OTHER)
    again = store_in(path, "social")
    assert again.file(CLIENT).facts == store.file(CLIENT).facts == tuple(facts(1, 3))
    assert again.clients() == [CLIENT, OTHER]
    again.close()


def test_the_stored_bytes_are_those_that_will_be_sealed(store: OrganisationStore) -> None:
    (fact,) = facts(1)
    write(store, fact)
    (outgoing,) = store.own_facts(CLIENT)
    assert outgoing.data == encode(fact) and outgoing.header.fact_id == fact.fact_id


def test_who_writes_second_is_told_and_writes_nothing(store: OrganisationStore, path: Path) -> None:
    other = store_in(path, "social")
    before = store.file(CLIENT)
    write(other, *facts(1))
    with pytest.raises(WrittenMeanwhile):
        store.append(before, facts(1, 3))
    assert store.file(CLIENT).version == 1, "the file is read anew, not from the cache"
    store.append(store.file(CLIENT), facts(2))
    assert store.file(CLIENT).version == 2
    other.close()


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
