"""Threads and processes that work on the same data at the same moment: each interleaving held at the worst place."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.activity import ActivityStarted
from events.consent import Scope
from events.envelope import Fact
from events.identity import ClientIntroduced
from events.referral import ReferralMade
from events.sqlite import Datastore
from projections.held import TO_HEAR, HeldFacts
from services.case.cases.commands import CloseCase, OpenCase
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.kit import embedded
from services.kit.bootstrap import Platform
from services.kit.check import check
from services.kit.client_file import Actor
from services.kit.command import Command
from services.kit.config import load
from services.kit.errors import Refused
from services.kit.rebuilds import FILE, Rebuilds
from services.kit.runner import Runner
from tests.projections.town import EMPLOYMENT, FIRST, HETU, HOME, NAME, ROLE, SECOND, SOCIAL, Town

STARTED = ActivityStarted(days_per_week=3, place="Paja")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    for organisation in (EMPLOYMENT, FIRST):
        town.register(organisation, NAME, HETU)
    yield town
    town.platform.close()


def in_a_thread(work: Callable[[], object], seconds: float = 30) -> None:
    """Done by another thread, while this one stands where it is."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive()


def once(patch: pytest.MonkeyPatch, owner: Any, name: str, then: Callable[[], object], after: bool = True) -> None:
    """The first call of ``owner.name`` is followed (or preceded) by another thread's work."""
    real, done = getattr(owner, name), []

    def called(*arguments: Any, **named: Any) -> Any:
        found = real(*arguments, **named) if after else None
        if not done:
            done.append(1)
            in_a_thread(then)
        return found if after else real(*arguments, **named)

    patch.setattr(owner, name, called)


def beside(town: Town) -> Platform:
    """Another process that only asks."""
    return Platform(town.data, load(Path("deploy/organisations.toml")), town.clock, beside_another=True)


def reads(platform: Platform, town: Town, organisation: str) -> list[str]:
    path = platform.organisations[organisation].path(town.client, Actor("console", "console", ROLE[organisation], organisation))
    assert path.incomplete is None
    return [s.service for s in path.services]


def holds(town: Town) -> None:
    town.platform.settle()
    assert check(town.platform).findings == []


# Files


def test_a_withdrawal_is_on_the_log_though_a_slow_reader_remembers_the_file_before_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    store = town[HOME].store
    store._cache.clear()
    withdraw = WithdrawConsent(grant=grant)
    once(monkeypatch, store.files.events, "get", lambda: town.does(HOME, withdraw))
    store.file(town.client)
    assert town.platform.authority.consent(town.client).grants.grants[grant].withdrawn_by is not None
    assert town.path(EMPLOYMENT).services == ()
    holds(town)


def test_what_another_process_wrote_is_in_the_file(town: Town) -> None:
    town.platform.settle()
    before = len(town[SOCIAL].own_facts(town.client))
    other = beside(town)
    reads(other, town, SOCIAL)
    other.close()
    assert len(town[SOCIAL].own_facts(town.client)) == before + 1
    holds(town)


# Views


def test_what_is_read_between_two_questions_is_reacted_to(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A referral, and behind it a withdrawal that is to be confirmed."""
    town.consents(SOCIAL, SECOND, "referral", "identity")
    grant = town.consents(SOCIAL, SECOND, "activity")
    town.platform.settle()
    second = town[SECOND]
    town.says(SOCIAL, ReferralMade(to=SECOND, service="coaching", reason="x"), settle=False)
    town[SOCIAL].pump()
    town.does(HOME, WithdrawConsent(grant=grant))
    with monkeypatch.context() as patch:
        once(patch, second.projector.view, "waiting", second.projector.step)
        second.reactor.step()
    second.reactor.step()
    heard = {f.command_id.partition(":")[0] for f in second.own_facts(town.client)}
    assert {"applied", "heard"} <= heard
    assert second.projector.view.waiting(TO_HEAR, 9) == []


def test_a_process_that_only_asks_never_moves_the_view(town: Town) -> None:
    town.says(SOCIAL, STARTED)
    scope = [Scope(source=SOCIAL, recipient=EMPLOYMENT, category="activity")]
    grant = town.does(HOME, _consent(scope))[0].fact_id
    other = beside(town)
    organisation = other.organisations[SOCIAL]
    before = organisation.projector.view.positions()
    assert organisation.projector.step() == 0
    assert organisation.projector.view.positions() == before
    town.platform.settle()
    assert reads(other, town, EMPLOYMENT) == ["activity"]
    town.does(HOME, WithdrawConsent(grant=grant))
    in_a_thread(town.platform.settle)
    assert reads(other, town, EMPLOYMENT) == []
    other.close()
    holds(town)


def _consent(scopes: list[Scope]) -> Any:
    lines = [ScopeLine(source=[s.source], recipient=[s.recipient], categories=[s.category]) for s in scopes]
    return GiveConsent(scopes=lines, history_since=date(2022, 1, 1))


def test_a_projector_notices_that_another_process_has_moved_the_view(town: Town) -> None:
    """It may not decide on what it remembers of consent."""
    grant = town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    ours = town[EMPLOYMENT].projector
    assert ours.consent(town.client).grants.grants[grant].withdrawn_by is None
    town.does(HOME, WithdrawConsent(grant=grant))
    theirs = town[EMPLOYMENT].projector_on(HeldFacts(Datastore(town.data / EMPLOYMENT / "view-1.sqlite")), town.platform.log.reader())
    while theirs.step():
        pass
    theirs.view.close()
    ours.step()
    assert ours.consent(town.client).grants.grants[grant].withdrawn_by is not None
    holds(town)


def test_a_reader_in_another_process_holds_up_neither_a_withdrawal_nor_for_long_its_wiping(town: Town) -> None:
    grant = town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    path = town.data / EMPLOYMENT / "view-1.sqlite"
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM held").fetchall()
    town.does(HOME, WithdrawConsent(grant=grant))
    in_a_thread(town.platform.settle, seconds=10)
    assert reads(town.platform, town, EMPLOYMENT) == [] and on_disk(path)
    reader.close()
    town.platform.settle()
    assert not on_disk(path)


def on_disk(view: Path) -> bool:
    return any(b"ActivityStarted" in p.read_bytes() for p in view.parent.glob(f"{view.name}*"))


# Views rebuilt


def test_a_reader_finishes_while_its_view_is_replaced(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    folder = town.data / EMPLOYMENT
    for place in ("held", "change_facts"):
        with monkeypatch.context() as patch:
            rebuild = lambda: list(town.platform.rebuild(town[EMPLOYMENT]))  # noqa: E731
            once(patch, town[EMPLOYMENT].projector.view, place, rebuild, after=False)
            assert reads(town.platform, town, EMPLOYMENT) == ["activity"]
    assert [p.name for p in folder.glob("view-*.sqlite")] == [(folder / "view").read_text()]
    holds(town)


def test_what_is_withdrawn_after_a_rebuild_is_in_no_file(town: Town) -> None:
    grant = town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    reads(town.platform, town, EMPLOYMENT)
    list(town.platform.rebuild(town[EMPLOYMENT]))
    town.does(HOME, WithdrawConsent(grant=grant))
    town.platform.settle()
    assert [p.name for p in (town.data / EMPLOYMENT).iterdir() if b"ActivityStarted" in p.read_bytes()] == []


def test_a_process_that_opens_a_view_as_it_is_replaced_opens_the_new_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    with monkeypatch.context() as patch:
        once(patch, embedded, "view_path", lambda: [list(town.platform.rebuild(o)) for o in town.platform.organisations.values()])
        other = beside(town)
    assert reads(other, town, EMPLOYMENT) == ["activity"]
    other.close()
    for organisation in town.platform.organisations:
        folder = town.data / organisation
        assert [p.name for p in folder.glob("view-*.sqlite")] == [(folder / "view").read_text()]


def test_a_rebuild_whose_request_goes_meanwhile_ends_well(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked took the file away; nothing is asked for any more."""
    wanted, rebuilds = town.data / SOCIAL / FILE, Rebuilds(town.platform)
    wanted.write_text("0 0")
    once(monkeypatch, town.platform, "rebuild", wanted.unlink)
    rebuilds._rebuild(town[SOCIAL])
    rebuilds.begin()
    assert not wanted.exists() and rebuilds._thread is None


def test_the_pump_outlives_a_rebuild_that_cannot_begin(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, twice = Runner(town.platform), threading.Event()
    tried: list[int] = []

    def begin() -> None:
        tried.append(1)
        if len(tried) > 1:
            twice.set()
        raise PermissionError

    monkeypatch.setattr(runner._rebuilds, "begin", begin)
    runner.start()
    assert twice.wait(10)
    runner.stop()


def test_what_a_killed_rebuild_left_is_removed_at_the_next_start(town: Town) -> None:
    """Killed between the switch and the removal: the old view holds what may be withdrawn later."""
    town.consents(SOCIAL, EMPLOYMENT, "activity")
    town.says(SOCIAL, STARTED)
    folder = town.data / EMPLOYMENT
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "remove_view", lambda path: None)
        list(town.platform.rebuild(town[EMPLOYMENT]))
    (folder / "view-9.sqlite").write_bytes(b"half done")
    assert len(list(folder.glob("view-*.sqlite"))) == 3
    town.platform.close()
    town.platform = Platform(town.data, load(Path("deploy/organisations.toml")), town.clock)
    assert [p.name for p in folder.glob("view-*.sqlite")] == [(folder / "view").read_text()]
    assert reads(town.platform, town, EMPLOYMENT) == ["activity"]


# The register


def test_a_client_whom_a_worker_registers_is_not_forgotten_with_the_introduction(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = town.consents(SOCIAL, SECOND, "referral", "identity")
    town.says(SOCIAL, _introduction(town), settle=True)
    register = town[SECOND].register
    assert register.get(town.client) is not None and not register.is_own(town.client)
    once(monkeypatch, town[SECOND].store, "file", lambda: town.register(SECOND, NAME, HETU))
    town.does(HOME, WithdrawConsent(grant=grant))
    town[SECOND].projector.step()
    assert register.is_own(town.client)


def _introduction(town: Town) -> Any:
    return ClientIntroduced(to=SECOND, register_entry=town.client)


# What a process remembers of a file


@pytest.fixture
def there(town: Town) -> Iterator[Platform]:
    platform = beside(town)
    yield platform
    platform.close()


def does_there(there: Platform, town: Town, command: Command, command_id: str) -> tuple[Fact, ...]:
    return there.organisations[SOCIAL].execute(town.client, command, town.actor(SOCIAL), command_id)


def test_what_another_process_has_made_possible_is_not_refused(town: Town, there: Platform) -> None:
    assert there.organisations[SOCIAL].store.remembered(town.client).version == 0
    town.does(SOCIAL, OpenCase())
    assert [f.name for f in does_there(there, town, CloseCase(reason="other"), "close")] == ["CaseClosed"]


def test_what_another_process_has_made_impossible_is_refused(town: Town, there: Platform) -> None:
    town.does(SOCIAL, OpenCase())
    does_there(there, town, CloseCase(reason="other"), "close")
    with pytest.raises(Refused, match="nothing_to_refer_to"):
        town.does(SOCIAL, CloseCase(reason="other"))
    assert town.own(SOCIAL)[-2:] == ["CaseOpened", "CaseClosed"]


def test_a_command_that_another_process_has_done_is_not_done_again(town: Town, there: Platform) -> None:
    town.does(SOCIAL, OpenCase())
    does_there(there, town, CloseCase(reason="other"), "close")
    assert town[SOCIAL].execute(town.client, CloseCase(reason="other"), town.actor(SOCIAL), "close") == ()
    assert town.own(SOCIAL).count("CaseClosed") == 1
