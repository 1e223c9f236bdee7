"""Own facts go out once, to those who may have them; a statutory ground stands on the client's stream before its fact."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from consent.keys import AuthorityUnavailable, ConsentMoved
from events.activity import ActivityStarted
from events.consent import StatutoryGroundNoted
from events.fee import FeeMilestoneRecorded
from services.client.authority.commands import GiveConsent, RefuseConsent, ScopeLine, WithdrawConsent
from tests.events.goldens import filled
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, SOCIAL, Town

FUNDER = "hame-funder"
STARTED = ActivityStarted(days_per_week=3, place="Paja")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.platform.close()


def grounds(town: Town) -> list[tuple[str, str]]:
    noted = [f.says for f in town[HOME].own_facts(town.client) if isinstance(f.says, StatutoryGroundNoted)]
    return [(s.source, s.recipient) for says in noted for s in says.scopes]


# Statutory grounds


def test_a_ground_is_noted_before_the_first_fact_that_needs_it_and_once(town: Town) -> None:
    town.says(SOCIAL, STARTED)
    assert grounds(town) == []
    town.says(FIRST, filled(FeeMilestoneRecorded))
    town.says(FIRST, filled(FeeMilestoneRecorded))
    assert grounds(town).count((FIRST, FUNDER)) == 1
    assert town.held(FUNDER) == ["FeeMilestoneRecorded"] * 2


def test_a_refusal_of_its_scope_neither_stops_nor_replaces_a_ground(town: Town) -> None:
    refused = ScopeLine(source=[FIRST], recipient=[FUNDER], categories=["fee"])
    town.does(HOME, RefuseConsent(scopes=[refused]))
    town.platform.settle()
    town.says(FIRST, filled(FeeMilestoneRecorded))
    assert grounds(town).count((FIRST, FUNDER)) == 1
    assert town.held(FUNDER) == ["FeeMilestoneRecorded"]


# Sending


def test_each_fact_is_sent_once_however_often_one_looks(town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    head = town.platform.log.head("0")
    town.platform.settle()
    assert town.platform.log.head("0") == head
    assert [set(p.recipients) for p in town[SOCIAL].store.publications(town.client)] == [{EMPLOYMENT}]


def test_a_publisher_that_died_before_it_noted_its_position_sends_nothing_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED, settle=False)
    with monkeypatch.context() as dying:
        dying.setattr(town[SOCIAL].store, "mark_published", dies)
        with pytest.raises(KeyboardInterrupt):
            town[SOCIAL].publisher.step()
    head = town.platform.log.head("0")
    town[SOCIAL].publisher.step()
    assert town.platform.log.head("0") == head, "the record is recognised by its id"
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_a_newcomer_gets_what_was_sent_to_others_before(town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    town.register(FIRST, NAME, HETU)
    town.consents(SOCIAL, FIRST, "activity", history_since=date(2022, 1, 1))
    assert town.held(FIRST) == ["ActivityStarted"] and town.held(EMPLOYMENT) == ["ActivityStarted"]
    sent = [sorted(p.recipients) for p in town[SOCIAL].store.publications(town.client)]
    assert sent == [[EMPLOYMENT], [FIRST]], "under an epoch of the newcomer alone"


def test_a_withdrawal_not_yet_read_is_learned_from_the_authority(town: Town) -> None:
    """The source decides by what it has read; the authority gives no key for a consent that has moved."""
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.does(HOME, WithdrawConsent())
    town.says(SOCIAL, STARTED, settle=False)
    town[SOCIAL].publisher.step()
    assert town[SOCIAL].store.publications(town.client) == []
    assert [w.reason for w in town[SOCIAL].withheld(town.client)] == ["withdrawn"]


def test_while_the_authority_is_away_facts_wait_at_home(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED, settle=False)
    with monkeypatch.context() as away:
        away.setattr(town.platform.authority, "seal_keys", _away)
        with pytest.raises(AuthorityUnavailable):
            town[SOCIAL].publisher.step()
    assert len(town[SOCIAL].store.unpublished(10)) == 1
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_a_client_whose_consent_keeps_moving_holds_up_nobody_else(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.consents(SOCIAL, EMPLOYMENT, "activity", client=town.other)
    town.says(SOCIAL, STARTED, settle=False)
    town.says(SOCIAL, STARTED, town.other, settle=False)
    true = town.platform.authority.seal_keys

    def moving(source: str, wanted: list) -> object:  # type: ignore[type-arg]
        if any(w.client_ref == town.client for w in wanted):
            raise ConsentMoved(frozenset({town.client}))
        return true(source, wanted)

    with monkeypatch.context() as moved:
        moved.setattr(town.platform.authority, "seal_keys", moving)
        town[SOCIAL].publisher.step()
    town[EMPLOYMENT].projector.step()
    assert town.held(EMPLOYMENT, town.other) == ["ActivityStarted"] and town.held(EMPLOYMENT) == []
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"], "and the client is looked through again"


def test_what_cannot_be_sent_again_now_stays_in_the_queue(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.says(SOCIAL, STARTED)
    town.says(SOCIAL, STARTED, town.other)
    line = ScopeLine(source=[SOCIAL], recipient=[EMPLOYMENT], categories=["activity"])
    for client in (town.client, town.other):
        town.does(HOME, GiveConsent(scopes=[line], history_since=date(2022, 1, 1)), client)
    true = town.platform.authority.seal_keys

    def moving(source: str, wanted: list) -> object:  # type: ignore[type-arg]
        if any(w.client_ref == town.client for w in wanted):
            raise ConsentMoved(frozenset({town.client}))
        return true(source, wanted)

    with monkeypatch.context() as moved:
        moved.setattr(town.platform.authority, "seal_keys", moving)
        town.platform.settle()
        assert town.held(EMPLOYMENT, town.other) == ["ActivityStarted"] and town.held(EMPLOYMENT) == []
        assert town[SOCIAL].store.backfill_queue(10) == [town.client]
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"] and town[SOCIAL].store.backfill_queue(10) == []


def _away(*_: object) -> object:
    raise AuthorityUnavailable
