"""What must hold of an answer: it shows what may be seen and knows of nothing else, and it was disclosed first."""

from datetime import date

import msgspec

from events.consent import PathOpened, PathRefused
from events.envelope import Fact
from events.shared_log import day_of
from projections.service_path.rows import ServicePath
from services.kit.errors import Unknown
from tests.consent.checks_log import OnTheLog
from tests.consent.stream import scope_of
from tests.consent.world import HOME, actor

SEES = {
    "own_social_worker": {"case", "activity", "health"},
    "activity_supervisor": {"case", "activity"},
    "employment_coach": {"case", "activity", "health"},
    "funder": {"fee"},
    "job_coach": {"case", "activity", "health"},
    "team_leader": {"case", "activity", "fee"},
    "client": {"case", "activity", "health", "fee"},
}
"""The domain brief's table, of the categories used here, as far as others' facts go."""


class Answers(OnTheLog):
    """A read by any role of any organisation, at any moment."""

    def read(self, organisation: str, role: str, client: str, on: date | None = None, exactly: bool = False) -> None:
        """Read the path and hold the answer to the oracle; ``exactly``: everything that may be seen is there."""
        before = self.world.of(organisation).store.file(client).version
        may = self._may_see(organisation, role, client, on)
        try:
            path = self.world.of(organisation).path(client, actor(organisation, role), on)
        except Unknown as refusal:
            assert (refusal.code, str(refusal)) == ("not_a_client_here", str(Unknown("not_a_client_here")))
            self._refused(organisation, client, before, may)
            return
        entry = self._disclosed(organisation, role, client, before)
        shown = self._shown(path, organisation)
        assert {f.fact_id for f in shown} <= {f.fact_id for f in may}, f"{organisation} {role} sees too much"
        assert {f.organisation for f in shown} <= set(entry.sources), "a source is not in the disclosure log"
        assert {f.category for f in shown} <= set(entry.categories), "a category is not in the disclosure log"
        assert bool(entry.grounds) or not shown, "shown without a ground"
        aside = self.world.of(organisation).projector.view.set_aside(0, 3)
        assert path.incomplete == ("consent_state_unknown" if self.world.away else None), aside
        self._nothing_else(path, may, organisation, role, client)
        self._own(path, organisation, role, client, on)
        if exactly:
            assert {f.fact_id for f in shown} == {f.fact_id for f in may}, f"{organisation} {role} misses something"
            on_disk = {f.fact_id for f in self._may_have_now(organisation, role, client)}
            assert on or {f.fact_id for f in shown} == on_disk, "what may be had was never sent"

    def _may_see(self, organisation: str, role: str, client: str, on: date | None) -> list[Fact]:
        """Others' facts of which some record has been valid from its place until now (on a past day: brought by then)."""
        day = on or self.world.today
        return [] if self.world.away else [
            f for f, _ in self.facts
            if f.client_ref == client and f.organisation != organisation and f.category in SEES[role]
            and f.occurred_on <= day
            and any(
                day_of(s.raw.record.time) <= day and organisation in s.members and self.stream.may_hold(s, organisation)
                for s in self.stream.sent if s.fact.fact_id == f.fact_id
            )
        ]

    def _may_have_now(self, organisation: str, role: str, client: str) -> list[Fact]:
        oracle, today = self.stream.oracles[client], self.world.today
        return [
            f for f, _ in self.facts
            if f.client_ref == client and f.organisation != organisation and f.category in SEES[role]
            and oracle.may_have(scope_of(f, organisation), f.fact_date, today)
        ]

    def _shown(self, path: ServicePath, organisation: str) -> list[Fact]:
        known = {f.fact_id: f for f, _ in self.facts if f.organisation != organisation}
        return [known[row.event_id] for row in path.timeline if row.event_id in known]

    def _disclosed(self, organisation: str, role: str, client: str, before: int) -> PathOpened:
        """The entry is on the reader's disk at the moment the answer is there."""
        new = self.world.kept.on_disk(organisation, client, before)
        entries = [f for f in new if isinstance(f.says, PathOpened) and f.role == role]
        assert len(entries) == 1, "a read without its entry in the disclosure log"
        says = entries[0].says
        assert isinstance(says, PathOpened)
        return says

    def _refused(self, organisation: str, client: str, before: int, may: list[Fact]) -> None:
        assert not may and not self.own_facts(organisation, client), "refused, although there is something to see"
        assert self.world.of(organisation).name_of(client) is None
        new = self.world.kept.on_disk(organisation, client, before)
        assert any(isinstance(f.says, PathRefused) for f in new), "a refusal without its entry"

    def _nothing_else(self, path: ServicePath, may: list[Fact], organisation: str, role: str, client: str) -> None:
        """No part of the answer knows of a fact that may not be seen; consents are shown to their parties alone."""
        answer = msgspec.json.encode(path).decode()
        seen = {f.fact_id for f in may}
        for fact, token in self.facts:
            hidden = fact.organisation != organisation and fact.fact_id not in seen
            assert not (hidden and (token in answer or fact.fact_id in answer)), "a hidden fact shows"
        for row in path.consent:
            assert organisation in (row.source, row.recipient, HOME), "somebody else's consent"
        for change in self.world.of(organisation).projector.view.changes(client):
            for name in ("scopes", "added", "removed"):
                for scope in getattr(change.says, name, ()):
                    assert organisation in (scope.source, scope.recipient, HOME), "told of somebody else's scope"

    def own_facts(self, organisation: str, client: str) -> list[Fact]:
        return [f for f, _ in self.facts if f.organisation == organisation and f.client_ref == client]

    def _own(self, path: ServicePath, organisation: str, role: str, client: str, on: date | None) -> None:
        """One's own stays readable, whatever became of consent."""
        day = on or self.world.today
        sees = SEES[role] | ({"internal"} if "case" in SEES[role] else set()) | ({"fee"} if role == "job_coach" else set())
        own = {
            f.fact_id for f in self.own_facts(organisation, client)
            if f.category in sees and f.occurred_on <= day and f.recorded_at.date() <= day
        }
        assert own <= {row.event_id for row in path.timeline}, "an own fact is missing"
