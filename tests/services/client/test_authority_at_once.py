"""Two processes are the authority and do the same at once: it comes to one order for everybody. First with what keeps them
apart, then without it."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Any

import psycopg
import pytest

from consent.keys import NOT_YOURS, ConsentMoved, OpenKey, Wanted
from consent.sealing import record_id
from events.consent import Scope, StatutoryGroundNoted
from events.postgres import ConnectionLost, Datastore
from services.client.authority.keyring import Authority
from services.kit.errors import Refused
from services.kit.store import CHANGES
from tests.at_once import at_once, in_a_thread, standing, until, until_waiting
from tests.consent.world import FIRST, HOME, SECOND, SOTE, TE
from tests.services.client.authorities import CATEGORY, Authorities


def at_one_place(client: str, fact_id: str, *authorities: Authority) -> int:
    """All find the change at the place of its first record. Returns how many of it stand on the log."""
    one = authorities[0]
    log, partition = one._log, one._log.partition_of(client)
    known = {p.number: p.position for p in one._files.publications(client)}
    (place,) = {known[o.number] for o in one._files.own_facts(client) if o.header.fact_id == fact_id}
    for authority in authorities:
        assert [c.position for c in authority.consent(client).changes if c.ref == fact_id] == [place]
        assert authority.consent_head(client, HOME).position == place
    epochs = one._store.database.rows("SELECT number FROM epochs WHERE lane = ?", (f"change:{fact_id}",))
    ids = {record_id(fact_id, number) for (number,) in epochs}
    found = [p.position for p in log.read(partition, 0, 100_000) if p.record.id in ids]
    assert found[0] == place, "an earlier record of the change is on the log: who reads on takes that for it"
    return len(found)


def test_both_publish_the_same_change_at_once(both: Authorities) -> None:
    for _ in range(5):
        client = both.new_client()
        change = both.writes(both.one, client, FIRST)
        released = at_once(*(partial(a.publish_changes, client) for a in (both.one, both.other)))
        assert sorted(len(r) for r in released if isinstance(r, list)) == [0, 1], released
        assert at_one_place(client, change.fact_id, both.one, both.other) == 1


def test_whoever_comes_second_waits_and_then_finds_it_done(both: Authorities, database_url: str) -> None:
    client = both.new_client()
    change = both.writes(both.one, client, FIRST)
    with standing(both.one._log, "append") as stopped:
        first = in_a_thread(lambda: both.one.publish_changes(client))
        stopped.wait()
        second = in_a_thread(lambda: both.other.publish_changes(client))
        until_waiting(database_url, second)
        assert both.other.consent_head(client, FIRST).position == 0, "it is not acknowledged, and others are answered meanwhile"
    assert len(first.result(30)) == 1 and second.result(30) == []
    assert at_one_place(client, change.fact_id, both.one, both.other) == 1


PLACES = {
    "before its epoch is opened": ("_store", "open_epochs", False),
    "before it is appended": ("_log", "append", False),
    "after it was appended": ("_log", "append", True),
    "before it is marked": ("_files", "mark_changed", False),
}


def while_the_first_stands(both: Authorities, place: str, let_in: Callable[[], object]) -> tuple[str, Any]:
    """One publishes a change and stands still at this place; the other is let in and does the same. Returns the client
    and what came of the first one's work."""
    owner, name, after = PLACES[place]
    client = both.new_client()
    change = both.writes(both.one, client, FIRST)
    with standing(getattr(both.one, owner), name, after) as stopped:
        first = in_a_thread(lambda: both.one.publish_changes(client))
        stopped.wait()
        let_in()
        assert len(both.other.publish_changes(client)) == 1
        at_one_place(client, change.fact_id, both.other)
    until(first.done, "the first one is done")
    at_one_place(client, change.fact_id, both.one, both.other)
    return client, first.exception() or first.result()


@pytest.mark.parametrize("place", PLACES)
def test_the_first_record_counts_where_nobody_was_kept_out(
    both: Authorities, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Datastore, "alone", lambda *_: nullcontext())
    while_the_first_stands(both, place, lambda: None)


@pytest.mark.parametrize("place", PLACES)
def test_whose_connection_breaks_while_it_is_alone_is_told(both: Authorities, database_url: str, place: str) -> None:
    """The next one is let in early. What the first has put on the log is done once all the same."""

    def break_it() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
            ended = connection.execute(f"{holders} (SELECT oid FROM pg_database WHERE datname = current_database())")
            assert ended.fetchall() == [(True,)]

    client, came = while_the_first_stands(both, place, break_it)
    assert isinstance(came, ConnectionLost)
    assert both.one.publish_changes(client) == both.other.publish_changes(client) == [], "asked again, it is done"


def test_of_two_withdrawals_at_once_one_is_taken(both: Authorities) -> None:
    for _ in range(5):
        client = both.new_client()
        grant = both.gives(both.one, client, FIRST)
        told = at_once(*(partial(both.withdraws, a, client, grant) for a in (both.one, both.other)))
        refused = [t for t in told if isinstance(t, Refused)]
        assert [r.code for r in refused] == ["already_withdrawn"] and told.count(None) == 1, told
        assert len({a.consent_head(client, HOME).position for a in (both.one, both.other)}) == 1
        assert {a.consent(client).grants.grants[grant].withdrawn_by is not None for a in (both.one, both.other)} == {True}


def test_changes_of_many_clients_at_once_are_all_counted(both: Authorities) -> None:
    clients = [both.new_client() for _ in range(6)]
    before = both.one._files.position(CHANGES)
    told = at_once(*(partial(both.gives, (both.one, both.other)[n % 2], c, FIRST) for n, c in enumerate(clients)))
    assert all(isinstance(t, str) for t in told), told
    assert both.one._files.position(CHANGES) == before + len(clients)
    for client, grant in zip(clients, told, strict=True):
        assert at_one_place(client, str(grant), both.one, both.other) == 1


def test_keys_are_given_while_changes_are_made(both: Authorities) -> None:
    """Many sources ask either process, and recipients come and go: an epoch is for one set, and all agree which."""
    client = both.new_client()
    both.gives(both.one, client, FIRST)
    done = threading.Event()
    seen: dict[int, set[tuple[Any, bytes]]] = {}

    def seals(authority: Authority) -> None:
        while not done.is_set():
            members = both.members(authority, client)
            try:
                key = both.seal(authority, client, members)
            except ConsentMoved:
                continue
            seen.setdefault(key.epoch, set()).add((members, key.key))

    def changes(authority: Authority) -> None:
        try:
            for _ in range(4):
                grant = both.gives(authority, client, SECOND)
                both.withdraws(authority, client, grant)
        finally:
            done.set()

    told = at_once(*(partial(seals, a) for a in (both.one, both.other)), lambda: changes(both.other))
    assert told == [None] * 3
    assert len(seen) > 1 and all(len(same) == 1 for same in seen.values()), "an epoch of two sets, or of two keys"
    ends = [both.seal(a, client, both.members(a, client)).epoch for a in (both.one, both.other)]
    assert ends[0] == ends[1] >= max(seen)


def test_everybody_who_asks_at_once_is_told_the_same_client(both: Authorities) -> None:
    for code in (f"unknown-{n}" for n in range(5)):
        told = at_once(*(partial(a.client_ref, code) for a in (both.one, both.other) * 2))
        assert len(set(told)) == 1 and both.other.knows(str(told[0])), told


def test_a_ground_that_both_are_to_note_is_noted_once(both: Authorities) -> None:
    needed = [Scope(source=FIRST, recipient=TE, category="fee")]
    for _ in range(5):
        client = both.new_client()
        told = at_once(*(partial(a.note_grounds, client, FIRST, needed) for a in (both.one, both.other)))
        assert told == [None, None]
        grounds = [f for f in both.nodes[0].organisation.own_facts(client) if isinstance(f.says, StatutoryGroundNoted)]
        assert len(grounds) == 1 and at_one_place(client, grounds[0].fact_id, both.one, both.other) == 1


def test_who_was_told_of_an_epoch_by_one_opens_it_by_the_other(both: Authorities) -> None:
    """Of the change's own record too, each party its part."""
    client = both.new_client()
    both.gives(both.one, client, FIRST)
    log = both.one._log
    (record,) = [p.record for p in log.read(log.partition_of(client), 0, 100_000) if p.record.subject == client]
    asked = [(client, record.data[:16])]
    answers = [a.open_keys(party, asked)[0] for a in (both.one, both.other) for party in (FIRST, SOTE, SECOND)]
    assert answers[:3] == answers[3:] and answers[2] == NOT_YOURS
    assert len({a.party_key for a in answers if isinstance(a, OpenKey)}) == 2


def test_a_made_up_client_is_nobodys(both: Authorities) -> None:
    for authority in (both.one, both.other):
        assert authority.consent_head("f" * 32, FIRST).position == 0
        with pytest.raises(ConsentMoved):
            authority.seal_keys(SOTE, [Wanted("f" * 32, CATEGORY, "", ((FIRST, str(date.min)),))])
