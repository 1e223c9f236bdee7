"""What the authority alone keeps, on either database, also where several processes are the authority."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import pytest
from eventsourcing.persistence import IntegrityError

from events.postgres import Datastore
from services.client.authority.store import TABLES, AuthorityStore, Epoch
from services.kit.places import Place
from services.kit.servers import DatabasePlace
from tests.at_once import at_once, in_a_thread, until_waiting

CLIENT, OTHER = "c1" * 16, "c2" * 16
MEMBERS = (("provider", "2022-03-01 g1"), ("social", "ääkkösiä"))
Stores = list[AuthorityStore]
Two = tuple[AuthorityStore, AuthorityStore]


@pytest.fixture
def stores(place: Place) -> Iterator[Stores]:
    """One store, as two processes have it open."""
    with ExitStack() as stack:
        opened = [AuthorityStore(place.authority(TABLES)) for _ in range(2)]
        for store in opened:
            stack.callback(store.close)
        yield opened


@pytest.fixture
def store(stores: Stores) -> AuthorityStore:
    return stores[0]


def new(lane: str = "", client: str = CLIENT, members: tuple[tuple[str, str], ...] = MEMBERS, behind: int = 0) -> Epoch:
    return Epoch(0, client, "social", "activity", lane, members, behind)


def test_a_client_is_found_by_the_hash_alone(store: AuthorityStore) -> None:
    assert (store.client_by_hash(b"\x00h1"), store.root(CLIENT), store.client_refs()) == (None, None, [])
    store.add_client(CLIENT, b"\x00h1", b"root\x00\xff")
    store.add_client(OTHER, b"\x00h2", b"another")
    assert (store.client_by_hash(b"\x00h1"), store.root(CLIENT)) == (CLIENT, b"root\x00\xff")
    assert store.client_refs() == [CLIENT, OTHER]


def test_who_was_quicker_stays(store: AuthorityStore) -> None:
    store.add_client(CLIENT, b"h", b"root")
    store.add_client(OTHER, b"h", b"too late")
    assert store.client_by_hash(b"h") == CLIENT and store.root(OTHER) is None and store.root(CLIENT) == b"root"


def test_epochs_are_numbered_and_kept_as_they_were_opened(store: AuthorityStore) -> None:
    assert store.newest_epoch() == 0 and store.open_epochs([]) == []
    first, second = store.open_epochs([new(), new("provider", behind=2**40)])
    assert (first, second) == (new()._replace(number=1), new("provider", behind=2**40)._replace(number=2))
    assert [store.epoch(n) for n in (1, 2, 3)] == [first, second, None]
    assert store.newest_epoch() == 2


def test_the_newest_of_a_lane_is_the_current_one(store: AuthorityStore) -> None:
    store.open_epochs([new(), new(members=MEMBERS[:1]), new("provider"), new(client=OTHER)])
    current = store.current_epoch(CLIENT, "social", "activity", "")
    assert current is not None and (current.number, current.members) == (2, MEMBERS[:1])
    assert store.current_epoch(CLIENT, "social", "health", "") is None
    assert [getattr(store.current_epoch(c, "social", "activity", lane), "number", None)
            for c, lane in ((CLIENT, "provider"), (OTHER, ""), (OTHER, "provider"))] == [3, 4, None]


def test_what_one_process_writes_the_other_reads(stores: Stores) -> None:
    one, other = stores
    one.add_client(CLIENT, b"h", b"root")
    (epoch,) = one.open_epochs([new()])
    assert (other.client_by_hash(b"h"), other.epoch(1), other.newest_epoch()) == (CLIENT, epoch, 1)


def test_everybody_who_asks_at_once_gets_the_same_client(stores: Stores) -> None:
    def asks(store: AuthorityStore, n: int, hetu_hash: bytes) -> tuple[str, str | None]:
        mine = f"{n:032x}"
        store.add_client(mine, hetu_hash, b"root")
        return mine, store.client_by_hash(hetu_hash)

    for hetu_hash in (b"h%d" % n for n in range(10)):
        told = at_once(*(lambda s=s, n=n, h=hetu_hash: asks(s, hash((h, n)) % 2**64, h) for n, s in enumerate(stores * 3)))
        answers = {t[1] for t in told if isinstance(t, tuple)}
        assert len(told) == 6 and len(answers) == 1 and answers <= {t[0] for t in told if isinstance(t, tuple)}, told
    assert len(stores[0].client_refs()) == 10


def test_no_two_epochs_have_a_number_however_many_are_opened_at_once(stores: Stores) -> None:
    def opens(store: AuthorityStore, thread: int) -> list[Epoch]:
        opened: list[Epoch] = []
        for n in range(10):
            some = store.open_epochs([new(f"{thread}/{n}/{m}") for m in range(3)])
            assert [e.number for e in some] == list(range(some[0].number, some[0].number + 3)), "in a row, as asked"
            assert not opened or opened[-1].number < some[0].number, "they grow"
            opened += some
        return opened

    told = at_once(*(lambda s=s, n=n: opens(s, n) for n, s in enumerate(stores * 2)))
    opened = list(chain.from_iterable(t for t in told if isinstance(t, list)))
    assert sorted(e.number for e in opened) == list(range(1, 121)), told
    assert [stores[0].epoch(e.number) for e in opened] == opened


def test_an_epoch_that_another_process_has_opened_meanwhile_is_taken(stores: Stores) -> None:
    one, other = stores
    one.open_epochs([new("old")])
    others = [new("a", behind=7), new("b"), new("b", members=MEMBERS[:1]), new("c")]
    theirs = dict(zip("aBbc", other.open_epochs(others), strict=True))
    mine = one.open_epochs([new("old"), new("c"), new("a", behind=9), new("b"), new("b", members=MEMBERS[:1]), new("d")], known=1)
    assert [e.number for e in mine] == [6, theirs["c"].number, theirs["a"].number, 7, 8, 9]
    assert mine[2] == theirs["a"], "with the place behind which the first one's record stands"
    current = other.current_epoch(CLIENT, "social", "activity", "b")
    assert current == mine[4], "an old one is not taken again where its lane has gone on"
    assert [e.number for e in one.open_epochs([new("d")])] == [10], "who is alone is asked nothing"


# On PostgreSQL: one is about to open an epoch and has not committed yet


@pytest.fixture
def two(server_place: DatabasePlace) -> Iterator[Two]:
    opened = (AuthorityStore(server_place.authority(TABLES)), AuthorityStore(server_place.authority(TABLES)))
    yield opened
    for store in opened:
        store.close()


def open_while_another_does(store: AuthorityStore, other: AuthorityStore, url: str) -> None:
    with other.database.transaction(commit=True) as cursor:
        other.database.lock(cursor, "epochs")
        cursor.execute("INSERT INTO epochs VALUES (1, ?, 's', 'c', '', '[]', 0)", (OTHER,))
        opened = in_a_thread(lambda: store.open_epochs([new()]))
        until_waiting(url, opened)
    assert [e.number for e in opened.result(30)] == [2]


def test_who_opens_an_epoch_waits_for_who_is_about_to(two: Two, server_place: DatabasePlace) -> None:
    open_while_another_does(*two, server_place.url)


def test_without_the_lock_both_would_take_one_number(
    two: Two, server_place: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: the second finds its number taken, and its question fails."""
    monkeypatch.setattr(Datastore, "lock", lambda *_: None)
    with pytest.raises(IntegrityError):
        open_while_another_does(*two, server_place.url)
