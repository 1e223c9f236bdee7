"""Names and identity codes stay in the register, encrypted; an introduction fills another's, and its end clears it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from consent.keys import AuthorityUnavailable
from events.case import CaseOpened
from events.identity import ClientIntroduced
from projections import run
from projections.held import Batch, HeldFacts
from services.case.referrals.commands import MakeReferral
from services.client.authority.commands import WithdrawConsent
from services.kit.bootstrap import Platform
from services.kit.check import check
from services.kit.config import load
from services.kit.errors import Invalid
from services.kit.register import ClientRegister, Entry, valid_hetu
from services.kit.store import OrganisationStore
from services.kit.store_sqlite import store_in
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, OTHER_HETU, SECOND, SOCIAL, Town

CLIENT, OTHER = "c1" * 16, "c2" * 16


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.platform.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OrganisationStore]:
    opened = store_in(tmp_path / "store.sqlite", "social")
    yield opened
    opened.close()


def files_with(folder: Path, *words: str) -> list[str]:
    """Names of the files in which any of the words can be read."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    return [p.name for p in files if any(w.encode() in p.read_bytes() for w in words)]


# One register


def test_what_is_put_is_there_and_the_later_word_stands(store: OrganisationStore) -> None:
    register = ClientRegister(store, b"k" * 32)
    assert register.get(CLIENT) is None
    register.put(CLIENT, Entry(NAME, HETU, "sv"))
    register.put(OTHER, Entry("Toinen Testinen", HETU))
    register.put(CLIENT, Entry("Testi Uusi", HETU, "en"))
    assert register.get(CLIENT) == Entry("Testi Uusi", HETU, "en")
    assert dict(register.entries()) == {CLIENT: Entry("Testi Uusi", HETU, "en"), OTHER: Entry("Toinen Testinen", HETU, "fi")}
    assert register.named("toinen TESTINEN") == [OTHER] and register.named(NAME) == []


def test_another_key_or_another_clients_place_does_not_open_an_entry(store: OrganisationStore) -> None:
    register = ClientRegister(store, b"k" * 32)
    register.put(CLIENT, Entry(NAME, HETU))
    with pytest.raises(InvalidTag):
        ClientRegister(store, b"x" * 32).get(CLIENT)
    entry = store.register_entry(CLIENT)
    assert entry is not None
    store.put_register_entry(OTHER, entry[0], introduced=False)
    with pytest.raises(InvalidTag):
        register.get(OTHER)


@pytest.mark.parametrize("hetu", ["010170-999R", "010170-999r", " 010170-999R "])
def test_a_test_code_is_taken_in_its_written_form(hetu: str) -> None:
    assert valid_hetu(hetu) == "010170-999R"


@pytest.mark.parametrize("hetu", ["", "010170-999S", "310270-999R", "010170-999", "testi", "010170-999R!"])
def test_what_is_no_identity_code_is_refused_without_repeating_it(hetu: str) -> None:
    with pytest.raises(Invalid) as refusal:
        valid_hetu(hetu)
    assert (refusal.value.code, refusal.value.field) == ("not_an_identity_code", "hetu")
    assert not hetu or hetu not in str(refusal.value)


# One client in many


def test_everybody_who_asks_gets_the_same_reference(town: Town) -> None:
    assert town.register(FIRST, NAME, HETU) == town.register(SECOND, "Toisin Kirjoitettu", HETU.lower()) == town.client
    assert town.other != town.client


def test_the_client_is_told_who_asked(town: Town) -> None:
    asked = [f.says for f in town[HOME].own_facts(town.client) if f.name == "ClientRefAsked"]
    assert [a.organisation for a in asked] == [SOCIAL, HOME]  # type: ignore[attr-defined]
    town.register(FIRST, NAME, HETU)
    assert len([f for f in town[HOME].own_facts(town.client) if f.name == "ClientRefAsked"]) == 3


def introduced(town: Town, **more: date) -> None:
    """Social services refer the client to the first provider, with the client's consent and details."""
    town.consents(SOCIAL, FIRST, "identity", "referral", **more)
    town.does(SOCIAL, MakeReferral(to=FIRST, service="coaching", reason="Nivelvaihe on lähellä"))
    town.platform.settle()


def test_an_introduction_brings_the_client_into_the_recipients_register_alone(town: Town) -> None:
    introduced(town)
    assert town[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi")
    assert town[SECOND].register.get(town.client) is None
    assert town.path(FIRST).client.name == NAME
    assert set(town.held(FIRST)) == {"ReferralMade", "ClientIntroduced"}


def test_no_name_and_no_code_can_be_read_on_the_disk(town: Town, tmp_path: Path) -> None:
    introduced(town)
    town.path(FIRST)
    list(town.platform.rebuild(town[FIRST]))
    town.platform.settle()
    assert files_with(tmp_path, "esimerkkivalmennus"), "the files are there and are read"
    assert files_with(tmp_path, NAME, "Salonen", HETU, HETU.lower()) == []


FALSE = {"register_entry": "0" * 32, "full_name": "Väärä Nimi", "hetu": HETU, "language": "fi"}


@pytest.mark.parametrize(
    ("says", "name"),
    [
        ({"to": FIRST, "hetu": OTHER_HETU}, NAME),  # another person's code: one of the two is wrong
        ({"to": FIRST, "hetu": "not a code"}, NAME),
        ({"to": SECOND}, NAME),  # meant for somebody else
        ({"to": FIRST}, "Väärä Nimi"),  # of the same person: the newest word
    ],
)
def test_what_a_second_introduction_may_change(town: Town, says: dict[str, str], name: str) -> None:
    introduced(town)
    town.consents(EMPLOYMENT, FIRST, "identity")
    body = town.bytes_of(EMPLOYMENT, ClientIntroduced(**(FALSE | says)))  # type: ignore[arg-type]
    town.forge(EMPLOYMENT, FIRST, "identity", body)
    town.platform.settle()
    assert town.aside(FIRST) == [] and "ClientIntroduced" in town.held(FIRST)
    assert town[FIRST].register.get(town.client) == Entry(name, HETU, "fi")


def test_the_end_of_consent_clears_the_introduced_client(town: Town) -> None:
    introduced(town)
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is None and town.held(FIRST) == []
    assert town[SOCIAL].register.get(town.client) == Entry(NAME, HETU, "fi")


def test_expiry_clears_the_introduced_client_too(town: Town) -> None:
    introduced(town, valid_until=date(2022, 3, 5))
    town.on("2022-03-05")
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is not None
    town.on("2022-03-06")
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is None


def test_an_introduced_name_is_not_shown_once_its_consent_has_ended_even_before_the_purge(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    introduced(town, valid_until=date(2022, 3, 5))
    town.on("2022-03-05")
    assert town.path(FIRST).client.name == NAME
    with monkeypatch.context() as away:
        away.setattr(town.platform.authority, "consent_head", _away)
        assert town.path(FIRST).client.name is None, "it cannot be known whether it may still be told"
    town.on("2022-03-06")
    assert town[FIRST].register.get(town.client) is not None
    assert town.path(FIRST).client.name is None
    town.says(FIRST, CaseOpened(), settle=False)
    assert town.path(FIRST).client.name == NAME, "a client of one's own has one's own name for them"


def _away(*_: object) -> object:
    raise AuthorityUnavailable


def test_a_client_with_an_own_case_stays_in_the_register(town: Town) -> None:
    introduced(town)
    town.says(FIRST, CaseOpened())
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    assert town[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi")


def test_having_only_looked_is_no_case(town: Town) -> None:
    introduced(town)
    town.path(FIRST)
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is None


def test_a_client_of_ones_own_is_neither_overwritten_nor_cleared(town: Town) -> None:
    town.register(FIRST, "Testi Omin Sanoin", HETU)
    introduced(town)
    assert town[FIRST].register.get(town.client) == Entry("Testi Omin Sanoin", HETU, "fi")
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    assert town[FIRST].register.get(town.client) == Entry("Testi Omin Sanoin", HETU, "fi")


def test_whom_one_registers_oneself_after_the_introduction_stays(town: Town) -> None:
    introduced(town)
    town.register(FIRST, NAME, HETU)
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is not None


def test_the_register_survives_a_restart(town: Town, tmp_path: Path) -> None:
    introduced(town)
    town.platform.close()
    again = Platform(tmp_path, load(Path("deploy/organisations.toml")), town.clock)
    assert again.organisations[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi")
    again.close()


def test_a_name_that_came_and_was_never_held_is_gone_the_next_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process dies between register and view, and the client takes the consent back before it is started again."""
    town.register(FIRST, "Toinen Testinen", OTHER_HETU)
    with monkeypatch.context() as dying:
        dying.setattr(HeldFacts, "write", _dies)
        with pytest.raises(Died):
            introduced(town)
    assert town[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi") and town.held(FIRST) == []
    town.does(HOME, WithdrawConsent())
    town.platform.settle()
    town.on("2022-03-02")
    town.platform.settle()
    assert [ref for ref, _ in town[FIRST].register.entries()] == [town.other], "an own entry stays"


class Died(BaseException):
    pass


def _dies(view: HeldFacts, batch: Batch, read: object) -> None:
    if any(row.category == "identity" for row in batch.rows):
        raise Died
    WRITE(view, batch, read)  # type: ignore[arg-type]


WRITE = HeldFacts.write


def test_a_new_day_clears_nobody_whose_introduction_is_held(town: Town) -> None:
    introduced(town)
    town.on("2022-03-02")
    town.platform.settle()
    assert town[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi")


def test_while_a_view_is_built_beside_it_nobody_is_cleared(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who was introduced takes the consent back and gives it again meanwhile."""
    monkeypatch.setattr(run, "BATCH", 1)
    introduced(town)
    again = False
    for read, head in town.platform.rebuild(town[FIRST]):
        assert town[FIRST].register.get(town.client) is not None
        if read == head and not again:
            town.does(HOME, WithdrawConsent())
            town.platform.settle()
            assert town[FIRST].register.get(town.client) is None
            introduced(town)
            again = True
    assert again
    town[FIRST].register.forget(town.client)
    assert list(town.platform.rebuild(town[FIRST])), "a register that has lost the name"
    assert town[FIRST].register.get(town.client) == Entry(NAME, HETU, "fi"), "has it again"
    town[FIRST].register.forget(town.client)
    assert check(town.platform).findings == []
    assert town[FIRST].register.get(town.client) is None, "who only looks changes nothing"


def test_nobody_is_cleared_of_whom_something_waits_to_be_understood(town: Town) -> None:
    """What waits may be the introduction: the name would be missing until then."""
    town.consents(SOCIAL, FIRST, "referral")
    town[FIRST].register.put(town.client, Entry(NAME, HETU), introduced=True)
    town.forge(SOCIAL, FIRST, "referral", b"no fact")
    town.platform.settle()
    assert len(town.aside(FIRST)) == 1
    town.on("2022-03-02")
    town.platform.settle()
    assert town[FIRST].register.get(town.client) is not None
