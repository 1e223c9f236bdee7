"""Everything that people, processes and time may do, in any order, with the checks after each step."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from consent.keys import AuthorityUnavailable
from services.client.authority.commands import GiveConsent, ScopeLine
from services.kit.errors import Refused
from tests.consent.people import CLIENTS, LINES, READERS, People, Reader
from tests.consent.world import FIRST, ORGANISATIONS, SOTE, Died

ANY = st.sampled_from((*ORGANISATIONS, SOTE, FIRST, FIRST, FIRST))
PARTS = ("projector", "publisher", "backfill", "reactor", "pump")
DEATHS = ("at rest", "mark_published", "mark_published_again", "view", "consent", "consent on the log")


class ConsentMachine(People):
    """The rules. They can be called by hand too: a story is a list of such calls."""

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.rest()
        finally:
            self.world.remove()

    def rest(self) -> None:
        """Come to rest, and let every view be built anew."""
        self.world.away = False
        self.settle()
        for organisation in ORGANISATIONS:
            self.checks.rebuilt(organisation)
        self.checks.nothing_on_the_log_tells()

    @invariant()
    def holds(self) -> None:
        self.checks.look()
        self.checks.keys()
        self.checks.stored()

    # Time, processes, machines

    @rule(days=st.sampled_from((1, 1, 1, 2, 5, 15, 40)))
    def days_pass(self, days: int) -> None:
        self.world.pass_days(days)

    @rule(organisation=ANY, part=st.sampled_from(PARTS), many=st.integers(1, 2))
    def step(self, organisation: str, part: str, many: int = 1) -> None:
        """One part of one organisation does its work, as far as it can without the authority."""
        work = self._work(organisation, part)
        for _ in range(many):
            before, versions = self.checks.moved(), self._versions(organisation)
            if self.world.away:
                with suppress(AuthorityUnavailable):
                    work()
                assert self.checks.moved() == before, "something moved without the authority"
            else:
                work()
                new = self.checks.look()
                if part == "publisher" and versions == self._versions(organisation):
                    for client, version in versions.items():
                        self.checks.exactly_those((s for s in new if s.fact.client_ref == client), version)

    def _work(self, organisation: str, part: str) -> Callable[[], int]:
        at = self.world.of(organisation)
        works = {
            "projector": at.projector.step,
            "publisher": at.publisher.step,
            "backfill": at.publisher.backfill,
            "reactor": at.reactor.step,
            "pump": at.pump,
        }
        return works[part]

    def _versions(self, organisation: str) -> dict[str, int]:
        return {c: self.world.of(organisation).projector.consent(c).version for c in self.world.clients}

    @precondition(lambda self: not self.world.away)
    @rule(every_role=st.sampled_from((False, False, True)))
    def settle(self, every_role: bool = True) -> None:
        self.world.settle()
        self.holds()
        self.checks.at_rest(every_role)

    @rule(work=st.lists(st.tuples(ANY, st.sampled_from(PARTS)), max_size=3), reader=READERS, client=CLIENTS, stays=st.booleans())
    def authority_is_away(self, work: Sequence[tuple[str, str]], reader: Reader, client: int, stays: bool = False) -> None:
        """Others work and read meanwhile; it comes back, or stays away until the next time."""
        self.world.away = True
        for organisation, part in work:
            self.step(organisation, part)
        self.read(reader, client)
        self.world.away = stays

    @precondition(lambda self: not self.world.away)
    @rule(how=st.sampled_from(DEATHS), organisation=ANY, client=CLIENTS, lines=LINES, days=st.integers(0, 1))
    def die(
        self, how: str, organisation: str = SOTE, client: int = 0, lines: Sequence[ScopeLine] = (), days: int = 0
    ) -> None:
        """The process ends, and is back after so many days.

        ``mark_published``, ``mark_published_again``: the log has it, one's own store does not know yet. ``view``: a
        batch is read and not written. ``consent``, ``consent on the log``: nothing was acknowledged; what was written
        counts once the process is back.
        """
        at, home = self.world.of(organisation), self.world.platform.home
        moments: dict[str, tuple[Any, str]] = {
            "view": (at.projector.view, "write"),
            "consent": (self.world.log, "append"),
            "consent on the log": (home.store, "mark_published"),
        }
        target, name = moments.get(how, (at.store, how))
        if how != "at rest":
            with patch.object(target, name, _die), suppress(Died, Refused):
                if how.startswith("consent"):
                    self.world.consent(self.world.clients[client], GiveConsent(scopes=list(lines)))
                else:
                    at.pump()
        self.world.close()
        self.world.open(days)

    @precondition(lambda self: self.checks.stream.originals)
    @rule(which=st.integers(0, 1000), later=st.booleans())
    def again(self, which: int, later: bool) -> None:
        """An append is repeated, or the record is delivered once more at a later place."""
        originals = list(self.checks.stream.originals.values())
        again = originals[which % len(originals)]
        if later:
            self.world.kept.repeat(self.world.log, again)
        else:
            self.world.kept.append_again(self.world.log, again)

    @precondition(lambda self: not self.world.away)
    @rule(organisation=ANY)
    def rebuild(self, organisation: str) -> None:
        self.world.rebuild(organisation)

    @precondition(lambda self: not self.world.away)
    @rule(organisation=ANY)
    def ask_for_all_keys(self, organisation: str) -> None:
        self.checks.ask_for_all_keys(organisation)


@contextmanager
def told(kind: type[ConsentMachine]) -> Iterator[ConsentMachine]:
    """A machine whose rules are called by hand."""
    machine = kind()
    try:
        yield machine
    finally:
        machine.world.remove()


def _die(*_: object) -> None:
    raise Died
