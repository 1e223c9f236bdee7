"""The only door out: exactly those who may have a fact now, the introduction to its addressee, the internal to nobody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.keys import AuthorityUnavailable, ConsentMoved, SealKey, Wanted
from consent.release import Outgoing, Release, may_have_now, party_key, release_change
from consent.sealing import CONSENT_CHANGE, FACT, Signer, open_part, unseal
from events.activity import ActivityStarted
from events.codec import Header, decode, encode, header
from events.consent import ConsentGiven
from events.envelope import Fact, Says
from events.identity import ClientIntroduced
from events.internal import NoteWritten
from events.shared_log import HELSINKI, Record, SharedLog
from tests.consent_core.changes import Says_on, consent, given, narrowed, ref, scope, withdrawn
from tests.events.goldens import fact_of

CLIENT = "c1" * 16
NOW = datetime(2022, 3, 10, 12, tzinfo=HELSINKI)
TODAY = NOW.date()
SIGNER = Signer("social", Ed25519PrivateKey.generate())


class Log(SharedLog):
    """Keeps what is appended, copies too. Everything is at position 100 and on."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def partitions(self) -> Sequence[str]:
        return ("0",)

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        self.records += records
        return range(100 + len(self.records) - len(records), 100 + len(self.records))

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        return next((n for n, r in enumerate(self.records, 100) if n > after and r.id == record_id), None)


class Keyring:
    """Gives a key for whatever is wanted, and remembers what was."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.fails: Exception | None = None

    def seal_keys(self, source: str, wanted: Sequence[Wanted]) -> Sequence[SealKey]:
        if self.fails is not None:
            raise self.fails
        self.wanted += wanted
        return [SealKey(n, b"k" * 32, bytes(16)) for n, _ in enumerate(wanted)]

    def open_keys(self, recipient: str, asked: Any) -> Any:
        raise NotImplementedError

    def consent_head(self, client_ref: str, party: str) -> int:
        raise NotImplementedError

    def note_grounds(self, client_ref: str, source: str, needed: Any) -> None:
        raise NotImplementedError


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring()


@pytest.fixture
def release(log: Log, keyring: Keyring) -> Release:
    return Release("social", log, keyring, SIGNER, filled_in)


def filled_in(head: Header, data: bytes) -> tuple[bytes, str] | None:
    fact = decode(data)
    assert isinstance(fact.says, ClientIntroduced)
    if fact.says.register_entry != CLIENT:
        return None
    says = msgspec.structs.replace(fact.says, full_name="Testi Henkilö", hetu="010170-999R", language="fi")
    return encode(msgspec.structs.replace(fact, says=says)), fact.says.to


def out(says: Says, number: int = 1, on: str = "2022-03-09", **more: Any) -> Outgoing:
    given: dict[str, Any] = {"occurred_on": date.fromisoformat(on), "recorded_at": NOW, "organisation": "social", "corrects": None}
    data = encode(fact_of(type(says), says=says, fact_id=f"{number:032x}", **given | more))
    return Outgoing(number, header(data), data)


STARTED = ActivityStarted(days_per_week=3, place="Paja")
ACTIVITY = given(scope("social", "employment"), scope("social", "provider"), since="2022-03-01")


def publish(release: Release, facts: Sequence[Outgoing], *told: Says_on) -> list[str]:
    return [r.recipients for r in release.publish(facts, lambda _: consent(*told), NOW)]


def test_exactly_those_who_may_have_it_now(release: Release, keyring: Keyring, log: Log) -> None:
    story: list[Says_on] = [
        ("2022-03-01", ACTIVITY),
        ("2022-03-01", given(scope("social", "guidance"), since="2022-03-10")),
        ("2022-03-01", given(scope("social", "workshop", "case"), scope("employment", "workshop"), since="2022-03-01")),
        ("2022-03-02", given(scope("social", "reporting", purpose="reporting"), since="2022-03-01")),
    ]
    assert publish(release, [out(STARTED)], *story) == ["employment provider"]
    assert publish(release, [out(STARTED, on="2022-03-10")], *story) == ["employment guidance provider"]
    assert [[r for r, _ in w.members] for w in keyring.wanted] == [["employment", "provider"], ["employment", "guidance", "provider"]]
    assert len(log.records) == 2


def test_what_may_go_to_nobody_stays_at_home(release: Release, keyring: Keyring, log: Log) -> None:
    assert publish(release, [out(STARTED)]) == []
    assert publish(release, [out(STARTED)], ("2022-03-01", ACTIVITY), ("2022-03-02", withdrawn(10))) == []
    assert publish(release, [out(STARTED, on="2022-02-28")], ("2022-03-01", ACTIVITY)) == []
    assert (keyring.wanted, log.records) == ([], [])


def test_members_are_named_with_the_coverage_they_read_by() -> None:
    told = consent(("2022-03-01", ACTIVITY), ("2022-03-05", narrowed(10, scope("social", "provider"))))
    (only,) = may_have_now(told, "social", "activity", date(2022, 3, 9), TODAY)
    assert only == ("employment", told.since(scope("social", "employment"), TODAY))


def test_a_decision_is_made_anew_when_consent_or_the_day_has_changed(release: Release) -> None:
    """The door remembers its decisions; a remembered one must not outlive what it rested on."""
    ends = given(scope("social", "employment"), since="2022-03-01", until="2022-03-10")
    fact = out(STARTED)
    for told, now, expected in (
        (consent(("2022-03-01", ends)), NOW, ["employment"]),
        (consent(("2022-03-01", ends)), NOW.replace(day=11), []),
        (consent(("2022-03-01", ends)), NOW, ["employment"]),
        (consent(("2022-03-01", ends), ("2022-03-10", withdrawn(10))), NOW, []),
    ):
        assert [r.recipients for r in release.publish([fact], lambda _, t=told: t, now)] == expected  # type: ignore[misc]


def test_internal_never_leaves(release: Release, log: Log) -> None:
    """Not even where a grant names the category."""
    note = out(NoteWritten(note="own"))
    told = consent(("2022-03-01", given(scope("social", "employment", "internal"), since="2022-03-01")))
    assert release.publish([note], lambda _: told, NOW) == []
    assert release.publish_again([(note, "employment")], lambda _: told, NOW) == []
    assert log.records == []


def test_the_record_carries_the_very_bytes_of_the_file(release: Release, log: Log) -> None:
    fact = out(STARTED)
    publish(release, [fact], ("2022-03-01", ACTIVITY))
    (record,) = log.records
    inside, _ = unseal(record, b"k" * 32)
    assert (inside.kind, inside.source, inside.body) == (FACT, "social", fact.data)
    assert record.subject == CLIENT and fact.header.fact_id not in record.id


def test_where_each_was_sent_is_told(release: Release) -> None:
    facts = [out(STARTED, 1), out(NoteWritten(note="own"), 2), out(STARTED, 3)]
    released = release.publish(facts, lambda _: consent(("2022-03-01", ACTIVITY)), NOW)
    assert [(r.number, r.lane, r.position) for r in released] == [(1, "", 100), (3, "", 101)]


# Introductions

INTRODUCED = ClientIntroduced(to="provider", register_entry=CLIENT)
IDENTITY = given(scope("social", "employment", "identity"), scope("social", "provider", "identity"), since="2022-03-01")


def test_an_introduction_leaves_with_details_and_only_to_its_addressee(release: Release, keyring: Keyring, log: Log) -> None:
    fact = out(INTRODUCED)
    assert b"Testi Henkil" not in fact.data.split(b'"says"')[1]
    assert publish(release, [fact], ("2022-03-01", IDENTITY)) == ["provider"]
    assert [[r for r, _ in w.members] for w in keyring.wanted] == [["provider"]]
    says = decode(unseal(log.records[0], b"k" * 32)[0].body).says
    assert isinstance(says, ClientIntroduced) and (says.full_name, says.hetu) == ("Testi Henkilö", "010170-999R")


def test_an_introduction_whose_addressee_may_not_have_it_stays(release: Release, log: Log) -> None:
    only_other = given(scope("social", "employment", "identity"), since="2022-03-01")
    assert publish(release, [out(INTRODUCED)], ("2022-03-01", only_other)) == []
    assert log.records == []


def test_an_introduction_without_register_details_stays(release: Release, log: Log) -> None:
    gone = out(ClientIntroduced(to="provider", register_entry="d0" * 16))
    assert publish(release, [gone], ("2022-03-01", IDENTITY)) == []
    assert log.records == []


def test_an_introduction_sent_again_reaches_only_its_addressee(release: Release) -> None:
    told = consent(("2022-03-01", IDENTITY))
    again = [(out(INTRODUCED), "employment"), (out(INTRODUCED), "provider")]
    assert [r.recipients for r in release.publish_again(again, lambda _: told, NOW)] == ["provider"]


# Again, to newcomers


def test_sent_again_under_an_epoch_of_the_newcomer_alone(release: Release, keyring: Keyring) -> None:
    told = consent(("2022-03-01", ACTIVITY))
    (released,) = release.publish_again([(out(STARTED), "provider")], lambda _: told, NOW)
    assert (released.lane, released.recipients) == ("provider", "provider")
    assert [(w.lane, [r for r, _ in w.members]) for w in keyring.wanted] == [("provider", ["provider"])]


@pytest.mark.parametrize("on", ["2022-02-28", "2022-01-01"])
def test_what_the_newcomer_may_not_have_is_not_sent_again(release: Release, log: Log, on: str) -> None:
    told = consent(("2022-03-01", ACTIVITY))
    assert release.publish_again([(out(STARTED, on=on), "provider")], lambda _: told, NOW) == []
    assert release.publish_again([(out(STARTED), "guidance")], lambda _: told, NOW) == []
    assert log.records == []


# When the authority says no


@pytest.mark.parametrize("failure", [ConsentMoved(frozenset({CLIENT})), AuthorityUnavailable()])
def test_nothing_is_sent_without_keys(release: Release, keyring: Keyring, log: Log, failure: Exception) -> None:
    keyring.fails = failure
    told = consent(("2022-03-01", ACTIVITY))
    for send in (
        lambda: release.publish([out(STARTED)], lambda _: told, NOW),
        lambda: release.publish_again([(out(STARTED), "provider")], lambda _: told, NOW),
    ):
        with pytest.raises(type(failure)):
            send()
    assert log.records == []


# Consent changes


def change_fact(says: Says) -> Fact:
    return fact_of(type(says), says=says, fact_id=ref(10), corrects=None, annuls=False, actor="tuula", actor_name="Tuula Testinen")


def test_a_consent_change_is_one_record_with_a_part_for_each_party(log: Log) -> None:
    says = given(scope("social", "provider-one"), scope("social", "provider-two"), since="2022-03-01")
    fact, parties = change_fact(says), ("social", "provider-one", "provider-two", "oma-polku")
    key = SealKey(5, b"k" * 32, bytes(16))
    position, _ = release_change(SIGNER, log, fact, parties, key, lambda p: party_key(b"r" * 32, p, 5), NOW, "oma-polku", 0)
    (record,) = log.records
    inside, _ = unseal(record, b"k" * 32)
    assert (position, inside.kind) == (100, CONSENT_CHANGE)
    part: dict[str, bytes] = {}
    for party in parties:
        opened = open_part(inside.body, party_key(b"r" * 32, party, 5))
        assert opened is not None
        part[party] = opened
    assert decode(part["oma-polku"]) == fact
    assert b"provider-two" not in part["provider-one"] and b"provider-one" not in part["provider-two"]
    told = decode(part["provider-one"]).says
    assert isinstance(told, ConsentGiven) and told.scopes == (scope("social", "provider-one"),)
    assert open_part(inside.body, party_key(b"r" * 32, "guidance", 5)) is None


def test_only_the_clients_own_part_tells_who_recorded_it(log: Log) -> None:
    says = msgspec.structs.replace(
        given(scope("social", "employment"), since="2022-03-01"),
        recorded_by="tuula", recorded_in="social-clerk", place="Lahti", witness="Wilma Testinen",
    )
    keys = {p: party_key(b"r" * 32, p, 5) for p in ("employment", "oma-polku")}
    release_change(SIGNER, log, change_fact(says), keys, SealKey(5, b"k" * 32, bytes(16)), keys.__getitem__, NOW, "oma-polku", 0)
    inside, _ = unseal(log.records[0], b"k" * 32)
    others, clients = open_part(inside.body, keys["employment"]), open_part(inside.body, keys["oma-polku"])
    assert others is not None and clients is not None
    for word in (b"tuula", b"Tuula", b"social-clerk", b"Lahti", b"Wilma"):
        assert word in clients and word not in others


def put(log: Log, behind: int) -> int:
    fact = change_fact(given(scope("social", "employment"), since="2022-03-01"))
    key = SealKey(5, b"k" * 32, bytes(16))
    return release_change(SIGNER, log, fact, ("social",), key, lambda p: b"p" * 32, NOW, "oma-polku", behind)[0]


def test_a_change_that_is_there_already_is_not_put_there_again(log: Log) -> None:
    assert (put(log, 0), put(log, 99)) == (100, 100)
    assert len(log.records) == 1


def test_of_a_change_that_stands_there_twice_the_first_counts(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that had stood still put it there, between this one's look and its own append."""
    append = log.append
    monkeypatch.setattr(log, "append", lambda records: [*append(records), *append(records)][1:])
    assert put(log, 0) == 100 and len(log.records) == 2


def test_a_part_key_is_of_one_party_and_one_change() -> None:
    keys = {party_key(b"r" * 32, p, e) for p in ("a", "b", "a1") for e in (1, 11)}
    assert len(keys) == 6
