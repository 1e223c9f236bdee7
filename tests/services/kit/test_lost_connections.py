"""The connection to the store breaks at the moment of a commit, and nobody knows whether it was done: it is done once."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest

from consent.release import Released
from events.case import CaseOpened
from events.consent import ClientRefAsked
from events.envelope import Fact
from events.postgres import ConnectionLost
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.errors import Unavailable
from services.kit.organisation import ATTEMPTS, Organisation
from services.kit.servers import DatabasePlace
from services.kit.store import CHANGES, OrganisationStore, WrittenMeanwhile
from tests.consent.world import HOME, INSTALLATION
from tests.homes import home_of, with_keys
from tests.places import empty
from tests.proxy import Lost, Proxy
from tests.services.kit.test_store import CLIENT, facts, write

BY = Actor("testi", "Testi Henkilö", "system", HOME)


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    empty(database_url)
    parts = urlsplit(database_url)
    proxy = Proxy(parts.hostname or "", parts.port or 5432)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy: Proxy, database_url: str) -> str:
    parts = urlsplit(database_url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}").geturl()


@pytest.fixture
def store(behind: str, tmp_path: Path) -> Iterator[OrganisationStore]:
    opened = DatabasePlace("social", behind, tmp_path).store()
    yield opened
    opened.close()


@pytest.fixture
def organisation(behind: str, tmp_path: Path) -> Iterator[Organisation]:
    clock = StoryClock(tmp_path / "clock.json")
    clock.move(date(2022, 3, 1), 0)
    node = home_of(with_keys(INSTALLATION, tmp_path / "secrets"), behind, tmp_path / "secrets", clock)
    yield node.organisation
    node.close()


def asked(organisation: Organisation, command_id: str) -> tuple[Fact, ...]:
    """Something that the platform writes down, in a file of which it remembers what stands there."""
    assert organisation.store.file(CLIENT).version == len(organisation.own_facts(CLIENT))
    says = ClientRefAsked(organisation="social", asked_at=organisation._now())
    return organisation.write(CLIENT, says, BY, command_id)


def test_what_was_not_committed_is_decided_again_and_written(organisation: Organisation, proxy: Proxy) -> None:
    asked(organisation, "before")
    proxy.lose("request", having=b"the-command")
    (fact,) = asked(organisation, "the-command")
    assert proxy.lost == 1
    assert [f.command_id for f in organisation.own_facts(CLIENT)] == ["before", "the-command"]
    assert organisation.own_facts(CLIENT)[-1] == fact


def test_what_was_committed_is_not_written_again(organisation: Organisation, proxy: Proxy) -> None:
    asked(organisation, "before")
    proxy.lose("answer", having=b"the-command")
    assert asked(organisation, "the-command") == (), "as when it is given again"
    assert proxy.lost == 1
    assert [f.command_id for f in organisation.own_facts(CLIENT)] == ["before", "the-command"]
    assert organisation.facts_of(CLIENT, "the-command") == organisation.own_facts(CLIENT)[1:]


def test_a_store_that_is_lost_each_time_is_unavailable(organisation: Organisation, proxy: Proxy) -> None:
    written = organisation.store.append

    def lost_each_time(*what: object) -> object:
        proxy.lose("request", having=b"the-command")
        return written(*what)  # type: ignore[arg-type]

    organisation.store.append = lost_each_time  # type: ignore[assignment,method-assign]
    with pytest.raises(Unavailable, match="store_unavailable"):
        asked(organisation, "the-command")
    assert proxy.lost == ATTEMPTS and organisation.own_facts(CLIENT) == ()


@pytest.mark.parametrize("what", ["request", "answer"])
def test_who_appends_is_told_that_nobody_knows(store: OrganisationStore, proxy: Proxy, what: Lost) -> None:
    write(store, *facts(1))
    proxy.lose(what, having=facts(2)[0].fact_id.encode())
    with pytest.raises(WrittenMeanwhile) as told:
        write(store, *facts(2))
    assert isinstance(told.value.__cause__, ConnectionLost)
    assert store.file(CLIENT).facts == tuple(facts(1, 1 if what == "request" else 2)), "what is remembered is no guess"


@pytest.mark.parametrize("what", ["request", "answer"])
def test_a_consent_change_that_is_marked_once_more_counts_once_more(store: OrganisationStore, proxy: Proxy, what: Lost) -> None:
    """Whoever remembers consent looks again, though nothing has changed: never the other way round."""
    write(store, *facts(1))
    (only,) = store.own_facts(CLIENT)
    released = Released(only.number, "change", 7, 1000, "marked-once-more")
    proxy.lose(what, having=b"marked-once-more")
    with pytest.raises(ConnectionLost):
        store.mark_changed(released)
    assert store.mark_changed(released) == store.position(CHANGES) <= 2
    assert [p.position for p in store.publications(CLIENT)] == [7]


def test_a_read_is_asked_again(store: OrganisationStore, proxy: Proxy) -> None:
    write(store, *facts(1))
    for lost, what in enumerate(get_args(Lost), start=1):
        proxy.lose(what, having=CLIENT.encode())
        assert (store.file(CLIENT).version, proxy.lost) == (1, lost)
    assert isinstance(store.file(CLIENT).facts[0].says, CaseOpened)
