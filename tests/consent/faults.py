"""The faults that consent.md names, each planted alone in the real thing, with the story that brings it to light."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from consent.domain import Change, Grants
from consent.keys import AuthorityUnavailable, OpenKey, Wanted, derive
from consent.policy import Steps
from events.envelope import Fact
from projections import intake
from projections.held import Batch, HeldFacts, LastRead
from projections.run import Projector
from services.client.authority.keyring import Authority
from services.kit.bootstrap import Platform
from services.kit.organisation import Organisation
from tests.consent import stories
from tests.consent.machine import ConsentMachine

Plant = Callable[[pytest.MonkeyPatch], None]
Story = Callable[[ConsentMachine], None]


class Fault(NamedTuple):
    """``noticed``: what the check says that notices it."""

    plant: Plant
    story: Story
    noticed: str


def no_void_rule(patch: pytest.MonkeyPatch) -> None:
    def covered_now(steps: Steps, position: int, day: date, fact_date: date) -> bool:
        return bool(steps) and steps[-1].floor <= fact_date

    patch.setattr(intake, "allows", covered_now)


def gate_at_publish_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "allows", lambda *_: True)


def regrant_ignores_history(patch: pytest.MonkeyPatch) -> None:
    give = Grants._give

    def with_all_history(self: Grants, change: Change, says: Any) -> Any:
        touched = give(self, change, says)
        self.grants[change.ref] = replace(self.grants[change.ref], history_since=date.min)
        return touched

    patch.setattr(Grants, "_give", with_all_history)


def one_key_per_client(patch: pytest.MonkeyPatch) -> None:
    def clients_key(self: Authority, number: int) -> bytes:
        epoch = self._epoch(number)
        assert epoch is not None
        return derive(self._root(epoch.client_ref), "every epoch")

    patch.setattr(Authority, "_derive_key", clients_key)


def epoch_outlives_its_recipients(patch: pytest.MonkeyPatch) -> None:
    epochs_for = Authority._epochs_for

    def as_it_was(self: Authority, source: str, wanted: Iterable[Wanted], behind: int = 0) -> Any:
        current = [(w, self._store.current_epoch(w.client_ref, source, w.category, w.lane)) for w in wanted]
        return epochs_for(self, source, [w._replace(members=epoch.members) if epoch else w for w, epoch in current], behind)

    patch.setattr(Authority, "_epochs_for", as_it_was)


def dedupe_by_what_was_seen(patch: pytest.MonkeyPatch) -> None:
    write, seen = HeldFacts.write, set[tuple[str, str, str, int]]()

    def only_the_first(self: HeldFacts, batch: Batch, read: Iterable[LastRead]) -> None:
        where = str(getattr(self.database, "path", None) or self.database.conninfo)
        fresh = {(where, r.client_ref, r.source, r.source_seq): r for r in batch.rows}
        batch.rows = [row for fact, row in fresh.items() if fact not in seen]
        seen.update(fresh)
        write(self, batch, read)

    patch.setattr(HeldFacts, "write", only_the_first)


def skips_instead_of_waiting(patch: pytest.MonkeyPatch) -> None:
    step = Projector.step

    def skipping(self: Projector) -> int:
        try:
            return step(self)
        except AuthorityUnavailable:
            read = self.view.positions()
            heads = {p: head for p, head in self._log.heads().items() if head > read.get(p, 0)}
            self.view.write(Batch(), [LastRead(p, read.get(p, 0), head, "") for p, head in heads.items()])
            return 1

    patch.setattr(Projector, "step", skipping)


def acknowledged_before_the_log(patch: pytest.MonkeyPatch) -> None:
    execute = Organisation.execute

    def too_soon(self: Organisation, *command: Any) -> tuple[Fact, ...]:
        patch.setattr(self, "_acknowledge", lambda _: None)
        return execute(self, *command)

    patch.setattr(Organisation, "execute", too_soon)


def rebuild_opens_what_was_taken_back(patch: pytest.MonkeyPatch) -> None:
    rebuild = Platform.rebuild

    def opening(self: Platform, organisation: Organisation) -> Iterator[Any]:
        with pytest.MonkeyPatch.context() as meanwhile:
            meanwhile.setattr(intake, "allows", lambda *_: True)
            meanwhile.setattr(Authority, "_open", _to_former_recipients(Authority._open))
            yield from rebuild(self, organisation)

    patch.setattr(Platform, "rebuild", opening)


def _to_former_recipients(answer: Any) -> Any:
    def answered(self: Authority, recipient: str, client_ref: str, number: int | None, today: date) -> Any:
        epoch = None if number is None else self._epoch(number)
        if epoch is not None and recipient in dict(epoch.members) and not epoch.lane.startswith("change"):
            return OpenKey(epoch.number, epoch.source, epoch.category, self._key(epoch.number))
        return answer(self, recipient, client_ref, number, today)

    return answered


def keys_for_former_recipients(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Authority, "_open", _to_former_recipients(Authority._open))


def rebuild_forgets_that_history_was_taken_back(patch: pytest.MonkeyPatch) -> None:
    rebuild = Platform.rebuild

    def keeping(self: Platform, organisation: Organisation) -> Iterator[Any]:
        with pytest.MonkeyPatch.context() as meanwhile:
            meanwhile.setattr(intake, "allows", lambda *_: True)
            yield from rebuild(self, organisation)

    patch.setattr(Platform, "rebuild", keeping)


def disclosed_afterwards(patch: pytest.MonkeyPatch) -> None:
    disclose, pump = Organisation.disclose, Organisation.pump

    def noted(self: Organisation, *entry: Any) -> None:
        vars(self).setdefault("later", []).append(entry)

    def pumped(self: Organisation) -> int:
        for entry in vars(self).pop("later", ()):
            disclose(self, *entry)
        return pump(self)

    patch.setattr(Organisation, "disclose", noted)
    patch.setattr(Organisation, "pump", pumped)


FAULTS = {
    "no void rule": Fault(no_void_rule, stories.given_anew_and_read_at_once, "sees too much"),
    "gate at publish only": Fault(gate_at_publish_only, stories.withdrawn_and_read, "sees too much"),
    "re-grant that ignores history": Fault(regrant_ignores_history, stories.given_without_history, "who may not have it"),
    "one key per client": Fault(one_key_per_client, stories.two_who_hear_different_things, "two epochs with one key"),
    "an epoch that outlives its recipients": Fault(epoch_outlives_its_recipients, stories.one_of_two_leaves, "who may not have"),
    "dedupe by what was seen": Fault(dedupe_by_what_was_seen, stories.given_anew_with_history, "something to see"),
    "a projector that skips": Fault(skips_instead_of_waiting, stories.the_authority_is_away, "moved without the authority"),
    "acknowledged before it is on the log": Fault(acknowledged_before_the_log, stories.withdrawn_and_read, "acknowledged before"),
    "a rebuild that opens what is withdrawn": Fault(rebuild_opens_what_was_taken_back, stories.withdrawn_and_rebuilt, "is void"),
    "a rebuild that forgets a narrowing": Fault(
        rebuild_forgets_that_history_was_taken_back, stories.history_taken_back_and_rebuilt, "is void"
    ),
    "keys for former recipients": Fault(keys_for_former_recipients, stories.withdrawn_and_asked_for_keys, "cover was broken"),
    "a read that is disclosed afterwards": Fault(disclosed_afterwards, stories.somebody_reads, "without its entry"),
}
