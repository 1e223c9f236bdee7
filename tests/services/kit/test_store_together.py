"""Several processes, or threads, write to one organisation's store at the same moment."""

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from consent.release import Released
from events.codec import encode
from events.envelope import Fact
from events.postgres import Datastore
from services.kit.client_file import ClientFile
from services.kit.places import Place
from services.kit.servers import DatabasePlace
from services.kit.store import CHANGES, PUBLISHER, OrganisationStore, WrittenMeanwhile
from tests.at_once import at_once, in_a_thread, until_waiting
from tests.services.kit.test_store import CLIENT, facts, write

ROUNDS = 20
Stores = list[OrganisationStore]


@pytest.fixture
def stores(place: Place) -> Iterator[Stores]:
    """One store, as two processes have it open."""
    with ExitStack() as stack:
        opened = [place.store() for _ in range(2)]
        for store in opened:
            stack.callback(store.close)
        yield opened


@pytest.mark.parametrize("many", [1, 3])
def test_of_two_who_write_to_the_same_file_at_once_one_wins(stores: Stores, many: int) -> None:
    """However it goes: the other is told, has written nothing, and can go on from what the first one wrote."""
    for _ in range(ROUNDS):
        files = [store.file(CLIENT) for store in stores]
        (version,) = {file.version for file in files}
        texts = [facts(version + 1, n, actor_name=name) for n, name in ((many, "yksi"), (1, "kaksi"))]
        told = at_once(*(lambda s=s, f=f, t=t: s.append(f, t) for s, f, t in zip(stores, files, texts, strict=True)))
        winners = [n for n, told_one in enumerate(told) if isinstance(told_one, ClientFile)]
        assert len(winners) == 1 and isinstance(told[1 - winners[0]], WrittenMeanwhile)
        for store in stores:
            assert store.file(CLIENT).facts[version:] == tuple(texts[winners[0]])


def test_every_consent_change_is_counted(stores: Stores) -> None:
    write(stores[0], *facts(1, 2 * ROUNDS))
    numbers = [o.number for o in stores[0].own_facts(CLIENT)]

    def mark(store: OrganisationStore, mine: list[int]) -> list[int]:
        return [store.mark_changed(Released(n, "change", n, 1, "a")) for n in mine]

    told = at_once(lambda: mark(stores[0], numbers[::2]), lambda: mark(stores[1], numbers[1::2]))
    counts = [n for some in told if isinstance(some, list) for n in some]
    assert sorted(counts) == list(range(1, 2 * ROUNDS + 1)), told
    assert stores[0].position(CHANGES) == 2 * ROUNDS and len(stores[1].publications(CLIENT)) == 2 * ROUNDS


def test_the_publishers_position_never_goes_back(stores: Stores) -> None:
    told = at_once(*(lambda s=s, n=n: s.mark_published([], n) for n in range(1, ROUNDS) for s in stores))
    assert set(told) == {None}
    assert stores[0].position(PUBLISHER) == ROUNDS - 1


# The register, on PostgreSQL: a file may grow while an introduced client is being cleared


@pytest.fixture
def introduced(server_place: DatabasePlace) -> Iterator[OrganisationStore]:
    """A store with a client whom nothing but an introduction has brought."""
    store = server_place.store()
    store.put_register_entry(CLIENT, b"sealed", introduced=True)
    yield store
    store.close()


def insert(connection: psycopg.Connection[tuple[object, ...]], fact: Fact) -> None:
    """As another process that has not committed yet."""
    row = (fact.client_ref, fact.source_seq, "CaseOpened.v1", encode(fact))
    connection.execute("INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (%s, %s, %s, %s)", row)


def clear_while_a_case_is_opened(store: OrganisationStore, url: str) -> None:
    with psycopg.connect(url) as other:
        insert(other, facts(1)[0])
        cleared = in_a_thread(lambda: store.clear_register_entry(CLIENT, 0))
        until_waiting(url, cleared)
        other.commit()
    assert not cleared.result(30), "the client has a case by now"
    assert store.register_entry(CLIENT) is not None


def test_who_gets_a_case_meanwhile_stays_in_the_register(introduced: OrganisationStore, server_place: DatabasePlace) -> None:
    clear_while_a_case_is_opened(introduced, server_place.url)
    assert introduced.clear_register_entry(CLIENT, 1)


def test_without_the_lock_that_would_go_unnoticed(
    introduced: OrganisationStore, server_place: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault."""
    monkeypatch.setattr(Datastore, "lock", lambda *_: None)
    with pytest.raises(AssertionError, match="did not wait"):
        clear_while_a_case_is_opened(introduced, server_place.url)


def test_a_case_that_is_opened_while_a_client_is_cleared_waits(
    introduced: OrganisationStore, server_place: DatabasePlace
) -> None:
    """Until it is decided: then it is a case of a client who is in the register no more, as if it had come after."""
    database = introduced.database
    with database.transaction(commit=True) as cursor:
        database.lock(cursor, "stored_events")
        written = in_a_thread(lambda: write(introduced, *facts(1)))
        until_waiting(server_place.url, written)
        cursor.execute("DELETE FROM register WHERE client_ref = ?", (CLIENT,))
    written.result(30)
    assert introduced.file(CLIENT).version == 1 and introduced.register_entry(CLIENT) is None
