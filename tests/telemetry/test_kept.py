"""What a fact comes of is kept beside it until it is published, on either database, and in no other way."""

from collections.abc import Iterator

import pytest

from services.kit.client_file import ClientFile
from services.kit.places import Place
from services.kit.store import OrganisationStore, WrittenMeanwhile
from tests.places import ORGANISATION
from tests.services.kit.test_store import CLIENT, OTHER, facts

TRACE, AGAIN = f"00-{'ab' * 16}-{'cd' * 8}-01", f"00-{'ef' * 16}-{'cd' * 8}-01"


@pytest.fixture
def store(place: Place) -> Iterator[OrganisationStore]:
    opened = place.store()
    yield opened
    opened.close()


def written(store: OrganisationStore, client: str, count: int, trace: str) -> None:
    file = store.file(client)
    store.append(file, facts(file.version + 1, count, client), trace)


def kept(store: OrganisationStore) -> list[str]:
    return [trace for (trace,) in store.database.rows("SELECT trace FROM fact_traces ORDER BY number")]


def test_facts_come_with_what_they_come_of(store: OrganisationStore) -> None:
    written(store, CLIENT, 2, TRACE)
    written(store, CLIENT, 1, "")
    written(store, OTHER, 1, AGAIN)
    assert [f.trace for f in store.unpublished(10)] == [TRACE, TRACE, "", AGAIN]
    assert [f.trace for f in store.unpublished(1)] == [TRACE]
    assert [f.trace for f in store.own_facts(CLIENT)] == ["", "", ""]


def test_it_is_forgotten_with_the_publication(store: OrganisationStore) -> None:
    written(store, CLIENT, 2, TRACE)
    written(store, OTHER, 1, AGAIN)
    first, second, third = (f.number for f in store.unpublished(10))
    assert store.trace_of(second) == TRACE
    store.mark_published([], second)
    assert kept(store) == [AGAIN] and store.trace_of(first) == store.trace_of(second) == ""
    store.mark_published([], third)
    assert kept(store) == []


def test_what_is_not_written_leaves_no_trace(store: OrganisationStore) -> None:
    written(store, CLIENT, 1, TRACE)
    with pytest.raises(WrittenMeanwhile):
        store.append(ClientFile(CLIENT, ORGANISATION), facts(1), AGAIN)
    assert kept(store) == [TRACE]


def test_how_much_waits_is_counted_up_to_a_limit(store: OrganisationStore) -> None:
    written(store, CLIENT, 3, "")
    assert (store.to_publish(10), store.to_publish(2)) == (3, 2)


def test_clients_of_some_facts_are_found_onward(store: OrganisationStore) -> None:
    written(store, CLIENT, 2, "")
    numbers = [f.number for f in store.unpublished(10)]
    assert store.clients_with(["CaseOpened"], 0) == (numbers[-1], {CLIENT})
    assert store.clients_with(["CaseOpened"], numbers[-1]) == (numbers[-1], set())
    assert store.clients_with(["CaseOpen", "CaseClosed"], 0) == (0, set())
