"""From the log into what an organisation may hold: nothing that it does not understand, nothing skipped, nothing twice."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from eventsourcing.persistence import OperationalError

from consent.domain import Change
from consent.keys import AuthorityUnavailable
from consent.sealing import CONSENT_CHANGE, seal_parts
from events import catalogue
from events.activity import ActivityStarted
from events.case import CaseOpened
from events.coaching import CoachingStarted
from events.consent import ConsentWithdrawn, WithdrawalApplied
from events.envelope import Fact
from events.referral import ReferralMade
from events.shared_log import Record
from events.sqlite import Datastore
from events.structs import replaced
from projections import intake
from projections.held import TO_HEAR, TO_TRY_AGAIN, HeldFacts
from projections.intake import NOBODYS
from projections.run import LogReplaced
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.kit.bootstrap import Platform
from services.kit.check import check
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.embedded import LOG_FILE
from services.kit.errors import Impossible, Invalid, Unavailable, Unknown
from tests.projections.facts import example
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, SECOND, SOCIAL, Town

STARTED = ActivityStarted(days_per_week=3, place="Paja")
REFERRED = ReferralMade(to=FIRST, service="coaching", reason="nivelvaihe")


def activity_is_consented(town: Town) -> str:
    town.consents(SOCIAL, EMPLOYMENT, "activity", client=town.other)
    return town.consents(SOCIAL, EMPLOYMENT, "activity")


# What cannot be understood

Poison = Callable[[Town], None]


def poison(body: Callable[[Town], bytes], **how: object) -> Poison:
    return lambda town: town.forge(SOCIAL, EMPLOYMENT, "activity", body(town), **how)  # type: ignore[arg-type]


def with_fields(**fields: object) -> Callable[[Town], bytes]:
    def body(town: Town) -> bytes:
        return msgspec.json.encode(msgspec.json.decode(town.bytes_of(SOCIAL, STARTED)) | fields)

    return body


def plain(town: Town) -> bytes:
    return town.bytes_of(SOCIAL, STARTED)


def broken(record: Record) -> Record:
    return replaced(record, data=record.data[:-1] + bytes([record.data[-1] ^ 1]))


def unknown_locator(record: Record) -> Record:
    return replaced(record, data=b"\7" * 16 + record.data[16:])


def signed_by_another(town: Town) -> None:
    town.forge(SOCIAL, EMPLOYMENT, "activity", plain(town), signer=town.signer(SOCIAL, key_of=FIRST))


def named_another(town: Town) -> None:
    town.forge(SOCIAL, EMPLOYMENT, "activity", plain(town), signer=town.signer(FIRST))


def forged_withdrawal(town: Town) -> None:
    """A source takes back a consent by itself, under the key of its own facts."""
    grant = next(iter(town[EMPLOYMENT].projector.consent(town.client).grants.grants))
    says = ConsentWithdrawn(grant=grant, method="electronic", recorded_by="", recorded_in="")
    parts = seal_parts([(bytes(32), town.bytes_of(HOME, says))])
    town.forge(SOCIAL, EMPLOYMENT, "activity", parts, kind=CONSENT_CHANGE)


def said_by_no_social_services(town: Town) -> None:
    """Social services tell how a coaching began."""
    town.consents(SOCIAL, EMPLOYMENT, "coaching")
    says = example(CoachingStarted)
    town.forge(SOCIAL, EMPLOYMENT, "coaching", town.bytes_of(SOCIAL, says))


POISON: dict[str, tuple[Poison, str]] = {
    "changed on the way": (poison(plain, change=broken), "seal is broken"),
    "a locator of nobody's": (poison(plain, change=unknown_locator), "no epoch"),
    "signed with another's key": (signed_by_another, "signature"),
    "another's name on it": (named_another, "another source"),
    "a version to come": (poison(with_fields(version=9)), r"ActivityStarted\.v9"),
    "a fact to come": (poison(with_fields(name="ActivityDreamt")), r"ActivityDreamt\.v1"),
    "no fact at all": (poison(lambda _: f"{HETU} is no fact".encode()), "malformed"),
    "a wrong value": (poison(with_fields(says={"place": "Paja", "days_per_week": HETU})), "days_per_week"),
    "a place in the file that no database takes": (poison(with_fields(source_seq=2**63)), "source_seq"),
    "a missing value": (poison(with_fields(says={"place": HETU})), "days_per_week"),
    "another category's fact": (poison(lambda t: t.bytes_of(SOCIAL, CaseOpened(), category="activity")), "category it claims"),
    "a fact of another category": (poison(lambda t: t.bytes_of(SOCIAL, CaseOpened())), "epoch is for"),
    "a fact of another client": (poison(lambda t: t.bytes_of(SOCIAL, STARTED, client_ref=t.other)), "epoch is for"),
    "a fact of another organisation": (poison(lambda t: t.bytes_of(FIRST, STARTED)), "epoch is for"),
    "a fact that its source's kind never says": (said_by_no_social_services, "none that can"),
    "the client's word from elsewhere": (poison(lambda t: t.bytes_of(SOCIAL, STARTED, role="client")), "none that can"),
    "a consent change that is not the authority's": (forged_withdrawal, "not the authority's"),
}


@pytest.mark.parametrize("case", POISON)
def test_what_is_not_understood_is_set_aside_and_other_clients_go_on(town: Town, case: str) -> None:
    put, reason = POISON[case]
    activity_is_consented(town)
    town.says(SOCIAL, STARTED)
    put(town)
    town.says(SOCIAL, STARTED)
    town.says(SOCIAL, STARTED, town.other)
    (first, *later) = [a for a in town.aside(EMPLOYMENT) if a[0] == town.client]
    assert re.search(reason, first[1]), first[1]
    assert HETU not in first[1]
    assert later and {why for _, why in later} == {"waits behind an earlier record of the client"}
    assert town.held(EMPLOYMENT) == ["ActivityStarted"], "what came before it stays, what came after it waits"
    assert town.held(EMPLOYMENT, town.other) == ["ActivityStarted"]
    assert [a for a in town.aside(EMPLOYMENT) if a[0] == town.other] == []


def test_while_a_record_waits_others_facts_are_not_shown(town: Town) -> None:
    """A consent change may be among the records that wait: doubt means refusal."""
    activity_is_consented(town)
    town.register(EMPLOYMENT, "Testi Salonen", HETU)
    town.says(SOCIAL, STARTED)
    assert town.path(EMPLOYMENT).services != ()
    poison(with_fields(version=9))(town)
    town.platform.settle()
    path = town.path(EMPLOYMENT)
    assert (path.services, path.incomplete) == ((), "consent_state_unknown")


def test_what_is_set_aside_survives_the_process(town: Town) -> None:
    activity_is_consented(town)
    poison(with_fields(version=9))(town)
    town.platform.settle()
    view = HeldFacts(Datastore(town.data / EMPLOYMENT / "view-1.sqlite"))
    again = town[EMPLOYMENT].projector_on(view, town.platform.log.reader())
    assert again.blocked(town.client) and not again.blocked(town.other)
    view.close()


def test_a_client_that_waits_keeps_nobody_busy(town: Town) -> None:
    """A consent change that came before the record asks for looking through the file again; that must not spin."""
    activity_is_consented(town)
    town.consents(EMPLOYMENT, SOCIAL, "statement")
    poison(with_fields(version=9))(town)
    town[EMPLOYMENT].projector.step()
    town[EMPLOYMENT].store.queue_backfill([town.client])
    for _ in range(20):
        if not town.platform.pump():
            break
    assert town.platform.pump() == 0
    assert town[EMPLOYMENT].store.backfill_queue(10) == [town.client], "it is still to be done"


# Understood at last


def test_what_was_set_aside_is_taken_in_order_once_it_is_understood(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    town.says(SOCIAL, STARTED, settle=False)
    town.says(SOCIAL, CaseOpened(), settle=False)
    town[SOCIAL].pump()
    with monkeypatch.context() as old:
        old.delitem(catalogue.KNOWN, ("ActivityStarted", 1))
        town[EMPLOYMENT].projector.step()
        assert town.held(EMPLOYMENT) == []
        assert town[EMPLOYMENT].replay() == 0, "nothing has been mended yet"
    assert len(town.aside(EMPLOYMENT)) >= 1
    town[EMPLOYMENT].replay()
    assert town.aside(EMPLOYMENT) == []
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]
    assert town.path(EMPLOYMENT).incomplete is None
    town.says(SOCIAL, STARTED)
    assert town.held(EMPLOYMENT) == ["ActivityStarted"] * 2


def dismissed(town: Town, because: str = "nobody made it") -> None:
    aside = town[EMPLOYMENT].projector.view.set_aside()[0]
    town[EMPLOYMENT].dismiss(aside.position, "testi", because)
    town[EMPLOYMENT].replay()
    town.platform.settle()


def test_nothing_waits_behind_what_was_dismissed_and_it_stays_in_plain_sight(town: Town) -> None:
    activity_is_consented(town)
    poison(plain, change=unknown_locator)(town)
    town.says(SOCIAL, STARTED)
    poison(plain, change=broken)(town)
    town.says(SOCIAL, STARTED)
    dismissed(town)
    assert town.held(EMPLOYMENT) == ["ActivityStarted"], "the second forged record is looked at only now"
    dismissed(town)
    assert town.held(EMPLOYMENT) == ["ActivityStarted"] * 2 and town.aside(EMPLOYMENT) == []
    town.register(EMPLOYMENT, "Testi Salonen", HETU)
    assert town.path(EMPLOYMENT).incomplete is None
    told = [(d.reason, d.because, d.person) for d in town[EMPLOYMENT].store.dismissed()]
    assert [t[1:] for t in told] == [("nobody made it", "testi")] * 2 and "no epoch" in told[0][0]
    before = town[EMPLOYMENT].projector.view.digests()
    list(town.platform.rebuild(town[EMPLOYMENT]))
    assert town[EMPLOYMENT].projector.view.digests() == before


@pytest.mark.parametrize("position", [-1, 0, 2**63 - 1, 2**70])
def test_what_is_not_set_aside_cannot_be_dismissed(town: Town, position: int) -> None:
    with pytest.raises(Unknown, match="not_set_aside"):
        town[EMPLOYMENT].dismiss(position, "testi", "nobody made it")


def test_what_everybody_has_dismissed_is_no_finding(town: Town) -> None:
    activity_is_consented(town)
    poison(plain, change=unknown_locator)(town)
    town.platform.settle()
    found = {f.what for f in check(town.platform).findings}
    assert any("of unknown making" in what for what in found) and any("set aside" in what for what in found)
    for organisation in town.platform.organisations.values():
        for aside in organisation.projector.view.set_aside():
            organisation.dismiss(aside.position, "testi", "nobody made it")
        organisation.replay()
    checked = check(town.platform)
    assert (checked.findings, checked.counts["dismissed"]) == ([], 1)


def test_what_was_dismissed_counts_after_all_once_it_is_understood(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    town.says(SOCIAL, STARTED, settle=False)
    town[SOCIAL].pump()
    with monkeypatch.context() as old:
        old.delitem(catalogue.KNOWN, ("ActivityStarted", 1))
        town[EMPLOYMENT].projector.step()
        dismissed(town)
    assert (town.held(EMPLOYMENT), town.aside(EMPLOYMENT)) == ([], [])
    list(town.platform.rebuild(town[EMPLOYMENT]))
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_a_withdrawal_that_was_dismissed_keeps_the_door_shut(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 4: whoever decides wrongly shows nobody what was taken back."""
    grant = activity_is_consented(town)
    town.register(EMPLOYMENT, "Testi Salonen", HETU)
    town.says(SOCIAL, STARTED)
    with monkeypatch.context() as old:
        old.delitem(catalogue.KNOWN, ("ConsentWithdrawn", 1))
        town.does(HOME, WithdrawConsent(grant=grant))
        town[EMPLOYMENT].projector.step()
        assert town.aside(EMPLOYMENT) == [(town.client, "ConsentWithdrawn.v1 is not in the catalogue")]
        dismissed(town)
    path = town.path(EMPLOYMENT)
    assert (path.services, path.incomplete, town.aside(EMPLOYMENT)) == ((), "consent_state_unknown", [])
    town.consents(SOCIAL, EMPLOYMENT, "case")
    path = town.path(EMPLOYMENT)
    assert (path.services, path.incomplete) == ((), "consent_state_unknown"), "also after a later change that is known"
    list(town.platform.rebuild(town[EMPLOYMENT]))
    path = town.path(EMPLOYMENT)
    assert (path.services, path.incomplete) == ((), None), "it is understood by now, and counts"


def test_only_the_first_of_what_is_set_aside_can_be_dismissed_and_nothing_else(town: Town) -> None:
    activity_is_consented(town)
    poison(plain, change=broken)(town)
    town.says(SOCIAL, STARTED)
    one, other = town[EMPLOYMENT].projector.view.set_aside()
    with pytest.raises(Impossible, match="waits_behind_another"):
        town[EMPLOYMENT].dismiss(other.position, "testi", "why not")
    with pytest.raises(Unknown, match="not_set_aside"):
        town[EMPLOYMENT].dismiss(1, "testi", "why not")
    with pytest.raises(Invalid, match="identity_code_in_text"):
        town[EMPLOYMENT].dismiss(one.position, "testi", f"it is of {HETU}")
    with pytest.raises(Invalid, match="identity_code_in_text"):
        town[EMPLOYMENT].dismiss(one.position, HETU, "why not")
    assert town[EMPLOYMENT].store.dismissed() == [] and town[EMPLOYMENT].replay() == 0


def test_all_that_nobody_has_made_is_dismissed_at_once_and_nothing_else(town: Town) -> None:
    activity_is_consented(town)
    for _ in range(3):
        poison(plain, change=unknown_locator)(town)
    poison(plain, change=broken)(town)
    town.says(SOCIAL, STARTED)
    poison(plain, change=unknown_locator)(town)
    town.platform.settle()
    with pytest.raises(Invalid, match="identity_code_in_text"):
        town[EMPLOYMENT].dismiss_nobodys("testi", f"it is of {HETU}")
    assert town[EMPLOYMENT].store.dismissed() == []
    assert town[EMPLOYMENT].dismiss_nobodys("testi", "an account was misused") == 4
    town[EMPLOYMENT].replay()
    assert {d.reason for d in town[EMPLOYMENT].store.dismissed()} == {NOBODYS}
    assert [why for _, why in town.aside(EMPLOYMENT)][1:] == ["waits behind an earlier record of the client"] * 2
    dismissed(town)
    assert town.held(EMPLOYMENT) == ["ActivityStarted"] and town.aside(EMPLOYMENT) == []


def test_while_the_database_is_away_no_record_is_set_aside(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no record's fault."""
    activity_is_consented(town)
    town.says(SOCIAL, STARTED, settle=False)
    town[SOCIAL].pump()
    projector = town[EMPLOYMENT].projector
    projector.begin_anew()

    def away(_: str) -> list[Change]:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(projector.view, "changes", away)
        with pytest.raises(OperationalError):
            projector.step()
    assert town.aside(EMPLOYMENT) == []
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_who_moves_the_view_tries_again_when_it_is_asked(town: Town) -> None:
    """Another process asks; the records stay asked for until that was done."""
    activity_is_consented(town)
    poison(with_fields(version=9))(town)
    town.platform.settle()
    projector = town[EMPLOYMENT].projector
    assert projector.replay_asked() == 0, "nobody has asked"
    asked = projector.view.ask_again()
    assert asked == {a.position for a in projector.view.set_aside()} == {w.position for w in projector.view.waiting(TO_TRY_AGAIN, 9)}
    assert projector.replay_asked() == len(asked) > 0
    assert projector.view.waiting(TO_TRY_AGAIN, 9) == [] and len(town.aside(EMPLOYMENT)) == len(asked)


def test_many_are_tried_again_in_pieces_and_the_answer_is_the_same(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    for n in range(3):
        poison(plain, change=broken if n == 1 else lambda r: r)(town)
        town.says(SOCIAL, STARTED, town.other)
    town.says(SOCIAL, STARTED)
    projector = town[EMPLOYMENT].projector
    before = projector.view.digests()
    monkeypatch.setattr("projections.run.BATCH", 2)
    assert (town[EMPLOYMENT].replay(), len(town.aside(EMPLOYMENT))) == (0, 3)
    assert projector.view.digests() == before and projector.blocked(town.client) and not projector.blocked(town.other)
    projector.view.ask_again()
    assert projector.replay_asked() == 3 and projector.view.waiting(TO_TRY_AGAIN, 9) == []
    dismissed(town)
    assert town.aside(EMPLOYMENT) == [] and town.held(EMPLOYMENT) == ["ActivityStarted"] * 3


def test_a_fact_understood_late_is_reacted_to(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other clients' records have moved the position of the reactions past it."""
    town.consents(SOCIAL, FIRST, "referral")
    town.consents(SOCIAL, FIRST, "referral", client=town.other)
    town.says(SOCIAL, REFERRED, settle=False)
    town[SOCIAL].pump()
    with monkeypatch.context() as old:
        old.delitem(catalogue.KNOWN, ("ReferralMade", 1))
        town[FIRST].projector.step()
    town.says(SOCIAL, REFERRED, town.other)
    assert town.own(FIRST, town.other) == ["ReferralNoted"] and town.own(FIRST) == []
    town[FIRST].projector.replay()
    assert town[FIRST].projector.view.waiting(TO_HEAR, 9), "kept until it is heard, whatever ends the process now"
    town.platform.settle()
    assert town.own(FIRST) == ["ReferralNoted"]
    assert town[FIRST].projector.view.waiting(TO_HEAR, 9) == []
    town.says(SOCIAL, CaseOpened(), town.other)
    assert town.own(FIRST, town.other) == ["ReferralNoted"], "the position has not gone back"


def test_a_consent_understood_late_lets_own_facts_go_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.consents(EMPLOYMENT, HOME, "statement")
    town.says(SOCIAL, STARTED)
    with monkeypatch.context() as old:
        old.delitem(catalogue.KNOWN, ("ConsentGiven", 1))
        town[HOME].execute(town.client, *_consent_command(town))
        town[SOCIAL].projector.step()
        assert town[SOCIAL].projector.blocked(town.client)
    town.consents(SOCIAL, EMPLOYMENT, "case", client=town.other)
    assert town.held(EMPLOYMENT) == []
    town[SOCIAL].replay()
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def _consent_command(town: Town) -> tuple[object, ...]:
    line = ScopeLine(source=[SOCIAL], recipient=[EMPLOYMENT], categories=["activity"])
    command = GiveConsent(scopes=[line], history_since=date(2022, 1, 1))
    return command, town.actor(HOME), town.new_id()


def test_a_replay_while_the_authority_is_away_changes_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    poison(with_fields(version=9))(town)
    town.platform.settle()
    before = town.aside(EMPLOYMENT)
    with monkeypatch.context() as away:
        away.setattr(town.platform.authority, "open_keys", _away)
        with pytest.raises(AuthorityUnavailable):
            town[EMPLOYMENT].replay()
    town.says(SOCIAL, STARTED)
    assert town.aside(EMPLOYMENT)[: len(before)] == before
    assert town[EMPLOYMENT].projector.blocked(town.client) and town.held(EMPLOYMENT) == []


def _away(*_: object) -> object:
    raise AuthorityUnavailable


# Waiting and repeating


def test_it_waits_while_the_authority_is_away_and_skips_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    town.says(SOCIAL, STARTED, settle=False)
    town[SOCIAL].pump()
    projector = town[EMPLOYMENT].projector
    before = projector.view.positions().get("0", 0)
    with monkeypatch.context() as away:
        away.setattr(town.platform.authority, "open_keys", _away)
        for _ in range(2):
            with pytest.raises(AuthorityUnavailable):
                projector.step()
        assert projector.view.positions().get("0", 0) == before
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"] and town.aside(EMPLOYMENT) == []


def test_what_is_not_yours_is_final_and_stops_nothing(town: Town) -> None:
    activity_is_consented(town)
    town.register(SECOND, "Testi Salonen", HETU)
    town.says(SOCIAL, STARTED)
    projector = town[SECOND].projector
    assert (town.held(SECOND), town.aside(SECOND)) == ([], [])
    assert projector.view.positions().get("0", 0) == town.platform.log.head("0")


def test_a_fact_that_comes_twice_is_held_once(town: Town) -> None:
    activity_is_consented(town)
    fact = town.says(SOCIAL, STARTED)
    (row,) = town[EMPLOYMENT].projector.view.held(town.client)
    town.forge(SOCIAL, EMPLOYMENT, "activity", row.data)
    town.platform.settle()
    assert town[EMPLOYMENT].projector.view.held(town.client) == [row]
    assert row.source_seq == fact.source_seq


def test_a_void_copy_does_not_hide_a_later_valid_one(town: Town) -> None:
    grant = activity_is_consented(town)
    town.says(SOCIAL, STARTED)
    town.does(HOME, WithdrawConsent(grant=grant))
    town.platform.settle()
    assert town.held(EMPLOYMENT) == []
    town.consents(SOCIAL, EMPLOYMENT, "activity", history_since=date(2022, 1, 1))
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_a_withdrawal_is_applied_and_said(town: Town) -> None:
    grant = activity_is_consented(town)
    town.says(SOCIAL, STARTED)
    town.says(SOCIAL, STARTED)
    (change,) = town.does(HOME, WithdrawConsent(grant=grant))
    town.platform.settle()
    (applied,) = [f for f in town[EMPLOYMENT].own_facts(town.client) if isinstance(f.says, WithdrawalApplied)]
    assert applied.says == WithdrawalApplied(change=change.fact_id, removed=2)
    assert town.held(EMPLOYMENT, town.other) == []
    assert "WithdrawalApplied" not in town.own(SOCIAL), "the source received nothing"


def test_what_has_expired_is_gone_the_next_day_without_a_word(town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity", valid_until=date(2022, 3, 5))
    town.says(SOCIAL, STARTED)
    town.on("2022-03-05")
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]
    town.on("2022-03-06")
    town.platform.settle()
    assert town.held(EMPLOYMENT) == [] and "WithdrawalApplied" not in town.own(EMPLOYMENT)


def test_a_consent_that_lasts_to_the_end_of_the_calendar_stops_nothing(town: Town) -> None:
    line = ScopeLine(source=[SOCIAL], recipient=[EMPLOYMENT], categories=["activity"])
    town.does(HOME, GiveConsent.model_construct(**dict(GiveConsent(scopes=[line])) | {"valid_until": date.max}))
    town.says(SOCIAL, STARTED)
    town.platform.settle()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_a_rebuilt_view_equals_the_running_one(town: Town) -> None:
    activity_is_consented(town)
    town.says(SOCIAL, STARTED)
    town.says(SOCIAL, STARTED, town.other)
    poison(with_fields(version=9))(town)
    (grant,) = [g for g, of in town[EMPLOYMENT].projector.consent(town.other).grants.grants.items() if of.instrument == "consent"]
    town.does(HOME, WithdrawConsent(grant=grant), town.other)
    town.platform.settle()
    running = town[EMPLOYMENT].projector.view.digests()
    list(town.platform.rebuild(town[EMPLOYMENT]))
    assert town[EMPLOYMENT].projector.view.digests() == running
    assert all(running[table].rows for table in ("held", "set_aside", "consent_changes", "to_confirm"))


def test_whatever_nobody_foresaw_stops_one_client_only(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    activity_is_consented(town)
    town.consents(SOCIAL, EMPLOYMENT, "activity", client=town.other)
    true = intake.decode

    def stumbling(data: bytes) -> Fact:
        fact = true(data)
        if fact.client_ref == town.client:
            raise ZeroDivisionError("words that might repeat the content")
        return fact

    with monkeypatch.context() as stumbles:
        stumbles.setattr(intake, "decode", stumbling)
        town.says(SOCIAL, STARTED)
        town.says(SOCIAL, STARTED, town.other)
    assert [a.reason for a in town[EMPLOYMENT].projector.view.set_aside()] == ["unforeseen: ZeroDivisionError"]
    assert town.held(EMPLOYMENT, town.other) == ["ActivityStarted"] and town.held(EMPLOYMENT) == []
    town[EMPLOYMENT].replay()
    assert town.held(EMPLOYMENT) == ["ActivityStarted"]


def test_an_older_log_under_a_newer_view_is_noticed(tmp_path: Path) -> None:
    """Restored from a backup: what it lacks may be a withdrawal, so nothing of others is shown and nothing goes on."""
    town = Town(tmp_path)
    activity_is_consented(town)
    town.platform.log.datastore.wipe()
    older = (tmp_path / LOG_FILE).read_bytes()
    town.says(SOCIAL, STARTED)
    town.register(EMPLOYMENT, NAME, HETU)
    assert town.path(EMPLOYMENT).services != ()
    town.platform.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"{LOG_FILE}{suffix}").unlink(missing_ok=True)
    (tmp_path / LOG_FILE).write_bytes(older)
    again = Platform(tmp_path, load(Path("deploy/organisations.toml")), StoryClock(tmp_path / "clock.json"))
    employment = again.organisations[EMPLOYMENT]
    path = employment.path(town.client, town.actor(EMPLOYMENT))
    assert (path.services, path.incomplete) == ((), "consent_state_unknown")
    with pytest.raises(LogReplaced):
        employment.pump()
    withdrawal = WithdrawConsent(grant=_grant(town))
    with pytest.raises(Unavailable):
        again.home.execute(town.client, withdrawal, town.actor(HOME), "w")
    assert {f.invariant for f in check(again).findings} >= {"at the head"}
    again.close()


def _grant(town: Town) -> str:
    consent = town[HOME].projector.consent(town.client)
    return next(ref for ref, grant in consent.grants.grants.items() if grant.instrument == "consent")
