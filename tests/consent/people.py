"""What people do, in any order: record facts, give and change consents, read."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from events.consent import Scope
from services.client.authority.commands import (
    ExtendConsent,
    GiveConsent,
    LiftRefusal,
    NarrowConsent,
    RefuseConsent,
    ScopeLine,
    WithdrawConsent,
)
from services.kit.command import Command
from services.kit.errors import Refused
from tests.consent.checks import Checks
from tests.consent.files import InFiles
from tests.consent.oracle import State
from tests.consent.world import FIRST, HOME, ORGANISATIONS, ROLES, SECOND, SOTE, TE, Kept, World

Reader = tuple[str, str]
"""An organisation and a role in it."""

# Chance is bent towards one client, one source and one recipient: what never meets proves nothing.
CLIENTS = st.sampled_from((0,) * 7 + (1,))
DAYS_BACK = st.sampled_from((0, 0, 1, 5, 20, 60))
FROM = st.sampled_from((SOTE,) * 4 + (TE, FIRST))
TO = st.sampled_from((FIRST,) * 4 + (TE, SECOND, HOME))
WHAT = st.sampled_from(("activity",) * 4 + ("case", "health", "internal"))
LINES = st.lists(
    st.builds(
        lambda sources, recipients, categories, purpose: ScopeLine(
            source=sources, recipient=recipients, categories=categories, purpose=purpose
        ),
        st.lists(FROM, min_size=1, max_size=2, unique=True),
        st.lists(TO, min_size=1, max_size=2, unique=True),
        st.sampled_from((["activity"], ["activity"], ["activity", "case"], ["health"])),
        st.sampled_from(("service_coordination",) * 7 + ("reporting",)),
    ),
    min_size=1,
    max_size=2,
)
WHO = st.sampled_from(("client", "client", "consent_clerk"))
READERS = st.sampled_from([(o, r) for o in ORGANISATIONS for r in ROLES[o]] + [(FIRST, "job_coach")] * 6)
HISTORY = st.sampled_from((None, None, 0, 10, 60, 60))
ONWARD = st.booleans()
"""Whether everything then runs until it rests."""


def ahead(day: date, days: int | None) -> date | None:
    return None if days is None else day + timedelta(days)


class People(RuleBasedStateMachine):
    """Rules for people. ``fresh`` makes what a world stands on. ``accepted``: was the last consent command?"""

    fresh: ClassVar[Callable[[], Kept]] = InFiles

    def __init__(self) -> None:
        super().__init__()
        self.world = World(type(self).fresh())
        self.checks = Checks(self.world)
        self.accepted = True
        self.checks.look()

    # People

    @initialize(lines=LINES, history=HISTORY, backs=st.lists(DAYS_BACK, max_size=3), onward=ONWARD)
    def begin(self, lines: Sequence[ScopeLine], history: int | None, backs: Sequence[int], onward: bool) -> None:
        """Most stories begin with a consent and with something to tell."""
        for back in backs:
            self.record(SOTE, 0, "activity", back)
        self.give(0, lines, history=history, onward=onward)

    def run(self, onward: bool) -> None:
        """Let everybody work until all is quiet, where that is wanted and possible."""
        if onward and not self.world.away:
            self.world.settle()

    @rule(source=FROM, client=CLIENTS, category=WHAT, back=DAYS_BACK, onward=ONWARD)
    def record(self, source: str, client: int, category: str, back: int = 0, onward: bool = False) -> None:
        self.checks.facts.append(self.world.record(source, self.world.clients[client], category, back))
        self.run(onward)

    @rule(client=CLIENTS)
    def record_fee(self, client: int) -> None:
        self.record(FIRST, client, "fee")

    @precondition(lambda self: not self.world.away)
    @rule(
        client=CLIENTS, lines=LINES, who=WHO, signed=st.sampled_from((0, 0, 0, 3, 10)),
        begins=st.sampled_from((None,) * 6 + (-20, -2, 1, 6)), lasts=st.sampled_from((None,) * 5 + (0, 2, 15, 40)),
        history=HISTORY, onward=ONWARD,
    )
    def give(
        self, client: int, lines: Sequence[ScopeLine], who: str = "client", signed: int = 0, begins: int | None = None,
        lasts: int | None = None, history: int | None = None, onward: bool = False,
    ) -> None:
        on = self.world.today - timedelta(signed)
        first = ahead(on, begins)
        self._consent(
            client, GiveConsent, who, on=on, scopes=list(lines), valid_from=first,
            valid_until=ahead(first or on, lasts), history_since=ahead(first or on, None if history is None else -history),
        )
        self.run(onward)

    @precondition(lambda self: not self.world.away)
    @rule(
        client=CLIENTS, who=WHO, which=st.sampled_from((0, 0, 0, 1, 2)), remove=st.integers(0, 7),
        lasts=st.sampled_from((None, None, -3, 0, 2, 9)), without=st.sampled_from((False, False, True)), reader=READERS,
    )
    def narrow(
        self, client: int, which: int = 0, remove: int = 0, lasts: int | None = None, without: bool = False,
        who: str = "client", reader: Reader | None = None,
    ) -> None:
        """Take away the scopes whose place is a bit of ``remove``: nothing is had by it that was not had before."""
        had = self.checks.had_by_the_authority(self.world.clients[client])
        scopes = [s for n, s in enumerate(self._scopes(client, which)) if remove >> n & 1]
        self._consent(
            client, NarrowConsent, who, grant=self._grant(client, which), remove=[_line(s) for s in scopes],
            valid_until=ahead(self.world.today, lasts), without_history=without,
        )
        assert self.checks.had_by_the_authority(self.world.clients[client]) <= had, "narrowing added something"
        self._read_at_once(client, reader)

    @precondition(lambda self: not self.world.away)
    @rule(
        client=CLIENTS, who=WHO, which=st.sampled_from((0, 0, 0, 1, 2)), lines=st.one_of(st.just(()), LINES),
        signed=st.sampled_from((0, 0, 0, 3)), lasts=st.sampled_from((None, 0, 2, 15)), open_ended=st.booleans(),
        history=st.sampled_from((None, None, 10, 60)),
    )
    def extend(
        self, client: int, which: int = 0, lines: Sequence[ScopeLine] = (), signed: int = 0, lasts: int | None = None,
        open_ended: bool = False, history: int | None = None, who: str = "client",
    ) -> None:
        on = self.world.today - timedelta(signed)
        self._consent(
            client, ExtendConsent, who, on=on, grant=self._grant(client, which), add=list(lines),
            valid_until=ahead(self.world.today, lasts), open_ended=open_ended,
            history_since=ahead(on, None if history is None else -history),
        )

    @precondition(lambda self: not self.world.away)
    @rule(client=CLIENTS, who=WHO, which=st.sampled_from((0, 0, 0, 1, 2)), reader=READERS)
    def withdraw(self, client: int, which: int = 0, who: str = "client", reader: Reader | None = None) -> None:
        self._consent(client, WithdrawConsent, who, grant=self._grant(client, which))
        self._read_at_once(client, reader)

    @precondition(lambda self: not self.world.away)
    @rule(client=CLIENTS, which=st.sampled_from((0, 0, 0, 1, 2)), history=HISTORY, onward=ONWARD)
    def change_their_mind(self, client: int, which: int = 0, history: int | None = None, onward: bool = False) -> None:
        """Withdraw, and give the same again at once."""
        lines = [_line(s) for s in self._scopes(client, which)]
        self.withdraw(client, which)
        if lines:
            self.give(client, lines, history=history, onward=onward)

    @precondition(lambda self: not self.world.away)
    @rule(client=CLIENTS, lines=LINES, who=WHO, reader=READERS)
    def refuse(
        self, client: int, lines: Sequence[ScopeLine], who: str = "client", reader: Reader | None = None
    ) -> None:
        self._consent(client, RefuseConsent, who, scopes=list(lines))
        self._read_at_once(client, reader)

    @precondition(lambda self: not self.world.away)
    @rule(client=CLIENTS, who=WHO, which=st.sampled_from((0, 0, 1)))
    def lift(self, client: int, which: int = 0, who: str = "client") -> None:
        refusals = list(self._now(client).refusals)
        refusal = refusals[which % len(refusals)] if refusals else None
        self._consent(client, LiftRefusal, who, refusal=refusal)

    def _consent(self, client: int, command: type[Command], who: str, **words: Any) -> None:
        """Give the command. Once it is acknowledged, it is on the log; refused, nothing is."""
        ref, before = self.world.clients[client], self.world.records()
        given = {k: v for k, v in words.items() if v is not None} | ({"place": "Testilä"} if who != "client" else {})
        try:
            self.world.consent(ref, command(**given), who)
        except Refused:
            assert self.world.records() == before, "refused, and yet on the log"
            self.accepted = False
            return
        assert self.world.records() == before + 1, "acknowledged before it is on the log"
        self.checks.look()
        self.accepted = True

    def _read_at_once(self, client: int, reader: Reader | None) -> None:
        """Nothing has been settled since the change was acknowledged."""
        if reader is not None:
            self.checks.read(*reader, self.world.clients[client])

    def _now(self, client: int) -> State:
        return self.checks.stream.oracles[self.world.clients[client]].now

    def _grant(self, client: int, which: int) -> str | None:
        standing = [ref for ref, g in self._now(client).grants.items() if not g.statutory]
        return standing[which % len(standing)] if standing else None

    def _scopes(self, client: int, which: int) -> list[Scope]:
        grant = self._grant(client, which)
        return sorted(self._now(client).grants[grant].starts) if grant else []

    @rule(reader=READERS, client=CLIENTS, back=st.sampled_from((None, None, None, 0, 1, 10, 40)))
    def read(self, reader: Reader, client: int, back: int | None = None) -> None:
        on = ahead(self.world.today, None if back is None else -back)
        self.checks.read(*reader, self.world.clients[client], on)


def _line(scope: Scope) -> ScopeLine:
    return ScopeLine(
        source=[scope.source], recipient=[scope.recipient], categories=[scope.category], purpose=scope.purpose
    )
