"""The authority asked from another process: every question gives what it gives where the authority is, and nobody gets an
answer for another organisation."""

from datetime import date

import pytest
from limits import parse

from consent.keys import NO_SUCH, NOT_YOURS, ConsentMoved, OpenKey, Wanted
from consent.release import may_have_now
from events.codec import encode as fact_bytes
from events.consent import ClientRefAsked, ConsentGiven, Scope
from services.client.authority import answering
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.kit.client_file import Actor
from services.kit.config import CONSENT_CLERK
from services.kit.desk import Desk
from services.kit.errors import Invalid, NotAllowed, Refused, TooMany, Unknown
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, SECOND, SOCIAL, Town
from tests.proxy import Proxy
from tests.services.client.served import ServedAuthority

FUNDER = "hame-funder"
THIRD_HETU = "010190-999W"
DAY = date(2022, 3, 1)
PAPER = GiveConsent(
    scopes=[ScopeLine(source=[SOCIAL], recipient=[EMPLOYMENT], categories=["case"])], place="Orimattila",
    witness="Testi Todistaja",
)  # fmt: skip


def clerk(organisation: str = SOCIAL) -> Actor:
    return Actor("paivi", "Päivi Testi", CONSENT_CLERK, organisation)


def wanted(town: Town, *recipients: str) -> Wanted:
    """What social services would seal of an activity, for those who may have it."""
    members = may_have_now(town.platform.authority.consent(town.client), SOCIAL, "activity", DAY, DAY)
    assert [m for m, _ in members] == sorted(recipients)
    return Wanted(town.client, "activity", "", members)


# The same answers


def test_a_client_is_the_same_whoever_asks_and_is_told_who_did(there: ServedAuthority, town: Town) -> None:
    assert there.as_(FIRST).client_ref(HETU, FIRST, "jaana") == town.client
    new = there.as_(FIRST).client_ref(THIRD_HETU, FIRST, "jaana")
    assert new == town.platform.desk.client_ref(THIRD_HETU, SOCIAL, "paivi") == there.as_(SECOND).client_ref(THIRD_HETU, SECOND, "x")
    asked = [f.says.organisation for f in town[HOME].own_facts(new) if isinstance(f.says, ClientRefAsked)]
    assert asked == [FIRST, SOCIAL, SECOND]


def test_the_head_of_consent(there: ServedAuthority, town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    authority = town.platform.authority
    for organisation in (SOCIAL, EMPLOYMENT, FIRST):
        for client in (town.client, town.other, "f" * 32):
            assert there.as_(organisation).consent_head(client, organisation).position == authority.consent_head(client, organisation).position
    assert there.as_(EMPLOYMENT).consent_head(town.client, EMPLOYMENT).position > 0 == there.as_(FIRST).consent_head(town.client, FIRST).position


def test_keys_to_seal_and_to_open(there: ServedAuthority, town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    want, authority = wanted(town, EMPLOYMENT), town.platform.authority
    (here,), (remote,) = authority.seal_keys(SOCIAL, [want]), there.as_(SOCIAL).seal_keys(SOCIAL, [want])
    assert (remote.epoch, remote.key) == (here.epoch, here.key)
    (change,) = [p.record for p in town.platform.log.read("0", 0, 100) if p.record.subject == town.client][-1:]
    asked = [(town.client, remote.locator), (town.client, b"\0" * 16), (town.other, remote.locator), (town.client, change.data[:16])]
    for organisation in (SOCIAL, EMPLOYMENT, FIRST):
        opened = there.as_(organisation).open_keys(organisation, asked)
        assert list(opened) == list(authority.open_keys(organisation, asked))
    opened = there.as_(EMPLOYMENT).open_keys(EMPLOYMENT, asked)
    assert isinstance(opened[0], OpenKey) and opened[0].key == remote.key and list(opened[1:3]) == [NO_SUCH, NO_SUCH]
    assert isinstance(opened[3], OpenKey) and opened[3].party_key is not None
    assert there.as_(FIRST).open_keys(FIRST, asked)[0] == NOT_YOURS
    assert there.as_(SOCIAL).seal_keys(SOCIAL, []) == [] == there.as_(SOCIAL).open_keys(SOCIAL, [])


def test_that_consent_has_moved(there: ServedAuthority, town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    want = wanted(town, EMPLOYMENT)
    town.does(HOME, WithdrawConsent())
    with pytest.raises(ConsentMoved) as moved:
        there.as_(SOCIAL).seal_keys(SOCIAL, [want])
    assert moved.value.client_refs == {town.client}


def test_a_ground_is_noted_of_whom_one_has_to_do_with(there: ServedAuthority, town: Town) -> None:
    scope = Scope(source=FIRST, recipient=FUNDER, category="fee")
    there.as_(FIRST).note_grounds(town.client, FIRST, {scope})
    assert scope not in town.platform.authority.consent(town.client).grants.statutory, "it knows no more than the reference"
    town.register(FIRST, NAME, HETU)
    assert scope not in town.platform.authority.consent(town.client).grants.statutory
    for _ in range(2):
        there.as_(FIRST).note_grounds(town.client, FIRST, {scope})
    assert scope in town.platform.authority.consent(town.client).grants.statutory
    assert town.own(HOME).count("StatutoryGroundNoted") == 1
    there.as_(FIRST).note_grounds("f" * 32, FIRST, {scope})
    assert "f" * 32 not in town.platform.authority._consents, "nothing is looked up of a made-up reference"


def test_a_clerk_records_a_consent(there: ServedAuthority, town: Town) -> None:
    remote, command_id = there.as_(SOCIAL), f"{SOCIAL}:1"
    (fact,) = remote.record(town.client, PAPER, clerk(), command_id)
    assert fact == town[HOME].own_facts(town.client)[-1] and isinstance(fact.says, ConsentGiven)
    assert (fact.says.recorded_by, fact.says.recorded_in, fact.says.place) == ("paivi", SOCIAL, "Orimattila")
    assert remote.consent_head(town.client, SOCIAL).position > 0, "acknowledged when it is on the log"
    assert remote.record(town.client, PAPER, clerk(), command_id) == (), "given before"
    assert remote.recorded(town.client, command_id) == town.platform.desk.recorded(town.client, command_id) == (fact,)
    assert remote.recorded(town.client, f"{SOCIAL}:2") == ()
    assert [fact_bytes(f) for f in remote.recorded(town.client, command_id)] == [fact_bytes(fact)]


def test_a_refusal_is_the_same_refusal(there: ServedAuthority, town: Town) -> None:
    nowhere = PAPER.model_copy(update={"place": None})
    commands = (nowhere, WithdrawConsent(place="x"), WithdrawConsent(grant="f" * 32, place="x"))
    refusals: list[list[tuple[type[Refused], str, str | None]]] = []
    desks: tuple[Desk, ...] = (town.platform.desk, there.as_(SOCIAL))
    for desk in desks:
        refusals.append([])
        for command in commands:
            with pytest.raises(Refused) as refused:
                desk.record(town.client, command, clerk(), f"{SOCIAL}:{command!r}")
            refusals[-1].append((type(refused.value), refused.value.code, refused.value.field))
    assert refusals[0] == refusals[1] and len(set(refusals[0])) == 3


def test_what_a_clerk_may_record_is_known_everywhere(there: ServedAuthority, town: Town) -> None:
    assert there.as_(SOCIAL).commands == town.platform.desk.commands


@pytest.mark.parametrize("ending", ["", "/"])
def test_an_address_is_one_however_it_ends(there: ServedAuthority, town: Town, ending: str) -> None:
    asked = there.asking(there.credential(SOCIAL), there.url.rstrip("/") + ending)
    asked.ask_whether_it_answers()
    asked.close()


# Nobody asks for another


def test_whose_question_it_is_stands_in_the_credential_alone(there: ServedAuthority, town: Town) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    (key,) = town.platform.authority.seal_keys(SOCIAL, [wanted(town, EMPLOYMENT)])
    provider = there.as_(FIRST)
    assert list(provider.open_keys(EMPLOYMENT, [(town.client, key.locator)])) == [NOT_YOURS]
    assert provider.consent_head(town.client, EMPLOYMENT).position == 0
    with pytest.raises(ConsentMoved):
        provider.seal_keys(SOCIAL, [wanted(town, EMPLOYMENT)])
    provider.client_ref(HETU, SOCIAL, "jaana")
    asked = [f for f in town[HOME].own_facts(town.client) if isinstance(f.says, ClientRefAsked)][-1]
    assert isinstance(asked.says, ClientRefAsked) and (asked.says.organisation, asked.actor) == (FIRST, "jaana")
    (given,) = provider.record(town.client, PAPER, clerk(SOCIAL), f"{FIRST}:1")
    assert isinstance(given.says, ConsentGiven) and given.says.recorded_in == FIRST


def test_nobody_gives_or_asks_for_anothers_command(there: ServedAuthority, town: Town) -> None:
    there.as_(SOCIAL).record(town.client, PAPER, clerk(), f"{SOCIAL}:1")
    before = town.own(HOME)
    for command_id in (f"{SOCIAL}:1", f"{SOCIAL}:2", "1", FIRST, f"{FIRST}-x:1", ""):
        with pytest.raises(NotAllowed, match="not_your_organisation"):
            there.as_(FIRST).record(town.client, PAPER, clerk(FIRST), command_id)
        with pytest.raises(NotAllowed, match="not_your_organisation"):
            there.as_(FIRST).recorded(town.client, command_id)
    assert town.own(HOME) == before


def test_nobody_records_consents_of_clients_they_have_nothing_to_do_with(there: ServedAuthority, town: Town) -> None:
    """Whose reference they found on the log, for example."""
    with pytest.raises(Unknown, match="not_a_client_here"):
        there.as_(FIRST).record(town.client, PAPER, clerk(FIRST), f"{FIRST}:1")
    assert "ConsentGiven" not in town.own(HOME)
    there.as_(FIRST).client_ref(HETU, FIRST, "jaana")
    assert [f.name for f in there.as_(FIRST).record(town.client, PAPER, clerk(FIRST), f"{FIRST}:1")] == ["ConsentGiven"]


def test_references_are_not_asked_for_without_end(there: ServedAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the asking organisation's own address allows."""
    monkeypatch.setattr(answering, "REGISTRATIONS", parse("2/minute"))
    for _ in range(2):
        there.as_(FIRST).client_ref(HETU, FIRST, "jaana")
    with pytest.raises(TooMany, match="asked_too_often"):
        there.as_(FIRST).client_ref(HETU, FIRST, "jaana")
    assert there.as_(SECOND).client_ref(HETU, SECOND, "x"), "others are answered"


@pytest.mark.parametrize(("hetu", "person"), [("hello", "x"), ("010170-9990", "x"), (HETU, f"it was {HETU}"), (HETU, "x" * 501)])
def test_a_question_that_no_counter_asks_is_refused(there: ServedAuthority, town: Town, hetu: str, person: str) -> None:
    before = town.own(HOME)
    with pytest.raises(Invalid):
        there.as_(SOCIAL).client_ref(hetu, SOCIAL, person)
    assert town.own(HOME) == before


def test_an_organisation_without_clerks_records_no_consents(there: ServedAuthority, town: Town) -> None:
    with pytest.raises(NotAllowed, match="role_not_allowed"):
        there.as_(FUNDER).record(town.client, PAPER, clerk(FUNDER), f"{FUNDER}:1")
    assert "ConsentGiven" not in town.own(HOME)


# An answer that is lost


def test_a_consent_whose_acknowledgement_is_lost_is_recorded_once(there: ServedAuthority, town: Town) -> None:
    proxy = Proxy("127.0.0.1", int(there.url.split(":")[2].partition("/")[0]))
    remote = there.asking(there.credential(SOCIAL), f"http://127.0.0.1:{proxy.port}/authority/")
    for number, what in enumerate(("request", "answer")):
        command_id = f"{SOCIAL}:{number}"
        proxy.lose(what, having=command_id.encode())  # type: ignore[arg-type]
        given = remote.record(town.client, PAPER, clerk(), command_id)
        assert proxy.lost == number + 1
        assert len(remote.recorded(town.client, command_id)) == 1 and (given == ()) == (what == "answer")
    assert town.own(HOME).count("ConsentGiven") == 2
    remote.close()
    proxy.close()
