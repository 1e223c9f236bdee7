"""What must hold once everything has come to rest."""

from collections.abc import Iterable

from events.codec import decode
from events.consent import ConsentNarrowed, ConsentWithdrawn, WithdrawalApplied
from tests.consent.checks_read import Answers
from tests.consent.stream import scope_of
from tests.consent.world import HOME, ORGANISATIONS, ROLES


class Checks(Answers):
    """Sent, received, purged and told: now what is shown is exactly what may be."""

    def at_rest(self, every_role: bool = True) -> None:
        """Everything has been sent, received, purged and told: now what is shown is exactly what may be."""
        self.look()
        self.nothing_own_lost()
        self.decided_alike()
        for client in self.world.clients:
            for organisation in ORGANISATIONS:
                for role in ROLES[organisation][: None if every_role else 1]:
                    self.read(organisation, role, client, exactly=True)
                self._withheld(organisation, client)
                self._confirmed(organisation, client)
        self.world.settle()
        self.look()
        self._told_of_disclosures()
        for organisation in ORGANISATIONS:
            assert not self.world.of(organisation).projector.view.set_aside(), "something was not understood"
            assert not self.world.of(organisation).store.unpublished(1), "something was never looked at"

    def decided_alike(self) -> None:
        """Every party that has read the same changes decides the same, scope by scope, as the authority does."""
        for client in self.world.clients:
            everything = self.world.platform.authority.consent(client)
            for scope in everything.scopes:
                for party in (scope.source, scope.recipient):
                    told = self.world.of(party).projector.consent(client)
                    assert told.steps(scope, self.world.today) == everything.steps(scope, self.world.today)

    def nothing_own_lost(self) -> None:
        for organisation in ORGANISATIONS:
            for client in self.world.clients:
                on_disk = {f.fact_id for f in self.world.kept.on_disk(organisation, client)}
                assert {f.fact_id for f in self.own_facts(organisation, client)} <= on_disk, "an own fact was lost"

    def _withheld(self, source: str, client: str) -> None:
        oracle, today = self.stream.oracles[client], self.world.today
        granted = {s.recipient for s in oracle.scopes() if s.source == source}
        expected = {
            (f.fact_id, o)
            for f in self.own_facts(source, client) if f.category != "internal"
            for o in granted - {source}
            if not oracle.may_have(scope_of(f, o), f.fact_date, today)
        }
        told = self.world.of(source).withheld(client)
        assert {(w.fact_id, w.recipient) for w in told} == expected, f"withheld is told wrongly: {told}"
        assert all(w.reason != "not_published_again" for w in told)

    def _confirmed(self, organisation: str, client: str) -> None:
        """Each recipient that lost a scope says once that it has removed what it held."""
        oracle = self.stream.oracles[client]
        done = [f.says.change for f in self.world.kept.on_disk(organisation, client) if isinstance(f.says, WithdrawalApplied)]
        assert len(done) == len(set(done)), "removed twice"
        for number, change in enumerate(oracle.changes):
            lost: Iterable[object] = ()
            if isinstance(change.says, ConsentWithdrawn):
                lost = {s.recipient for s in oracle.states[number].grants[change.says.grant].starts}
            elif isinstance(change.says, ConsentNarrowed):
                lost = {s.recipient for s in change.says.removed}
            assert organisation not in lost or change.ref in done, f"{organisation} has not said that it removed"

    def _told_of_disclosures(self) -> None:
        view = self.world.of(HOME).projector.view
        for client in self.world.clients:
            told = {decode(row.data).fact_id for row in view.held(client)}
            for organisation in set(ORGANISATIONS) - {HOME}:
                entries = {f.fact_id for f in self.world.kept.on_disk(organisation, client) if f.category == "consent"}
                assert entries <= told, "a disclosure was not told to the client"

    def rebuilt(self, organisation: str) -> None:
        """A view built anew equals the running one."""
        running = self.world.of(organisation).projector.view.digests()
        self.world.rebuild(organisation)
        assert self.world.of(organisation).projector.view.digests() == running, "the rebuilt view is another"
