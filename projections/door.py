"""The one door to a client's path. Decided against consent at the head of the client's stream, the disclosure log
written first, durably, and only then the answer (consent.md, "Read")."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol

from consent.disclosure import path_opened
from consent.domain import fold
from consent.keys import AuthorityUnavailable, ConsentTold, Keyring
from consent.policy import ClientConsent
from events.codec import decode
from events.consent import PathOpened, PathRefused
from events.envelope import Fact
from events.identity import CATEGORY as IDENTITY
from events.shared_log import LogUnavailable
from projections.held import HeldRow
from projections.run import Projector
from projections.service_path.fold import service_path
from projections.service_path.rows import ClientRow, ConsentRow, ServicePath, ViewerRow
from projections.service_path.visible import visible

CATCH_UP_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.02
"""Where another process moves the view."""


class NotAClientHere(Exception):
    """The organisation has nothing of its own with the client and may have nothing of others."""


class LooksBackOnly(Exception):
    """A day that has not come cannot be asked for."""


class Viewer(NamedTuple):
    """Who asks, in which role of which organisation."""

    person: str
    name: str
    role: str
    organisation: str


class OwnSide(Protocol):
    """What the door needs of the organisation itself."""

    def own_facts(self, client_ref: str) -> tuple[Fact, ...]:
        """The client's own file."""

    def is_client_here(self, client_ref: str) -> bool:
        """Has the organisation anything of its own with the client?"""

    def name_of(self, client_ref: str, told: bool = True) -> str | None:
        """The client's name in the organisation's register; one that came by an introduction only if it is ``told``."""

    def disclose(self, client_ref: str, says: PathOpened | PathRefused, viewer: Viewer) -> None:
        """Write to the disclosure log. Durable when it returns."""


class Door:
    """One organisation's door."""

    def __init__(
        self, own: OwnSide, projector: Projector, keyring: Keyring, now: Callable[[], datetime],
        names: Mapping[str, str],
    ):
        self._own, self._projector, self._keyring, self._now, self._names = own, projector, keyring, now, names

    def open(self, client_ref: str, viewer: Viewer, on: date | None = None, language: str = "fi") -> ServicePath:
        """The client's path as this viewer may see it on the day ``on`` (today, if left out).

        Raises ``NotAClientHere`` and ``LooksBackOnly``. Where the head of consent cannot be known, others' facts are
        refused and ``incomplete`` says so; one's own stay readable.
        """
        today = self._now().date()
        as_of = on or today
        if as_of > today:
            raise LooksBackOnly
        known = self.at_the_head(client_ref)
        held = self._may_still_be_seen(client_ref, as_of) if known else []
        if not held and not self._own.is_client_here(client_ref):
            self._own.disclose(client_ref, PathRefused(viewer_role=viewer.role, reason="not_a_client_here"), viewer)
            raise NotAClientHere
        if not known:
            self._own.disclose(client_ref, PathRefused(viewer_role=viewer.role, reason="consent_state_unknown"), viewer)
        return self._show(client_ref, viewer, held, known, today, as_of, language)

    def _show(
        self, client_ref: str, viewer: Viewer, held: list[HeldRow], known: bool, today: date, as_of: date, language: str
    ) -> ServicePath:
        row = ViewerRow(organisation=viewer.organisation, role=viewer.role)
        own = [f for f in self._own.own_facts(client_ref) if f.recorded_at.date() <= as_of]
        others = [decode(h.data) for h in held]
        consent = self._projector.consent(client_ref)
        told = any(h.category == IDENTITY for h in held)
        shown = {(f.organisation, f.category) for f in visible(others, row) if f.occurred_on <= as_of}
        entry = path_opened(viewer.role, shown, consent, viewer.organisation, today, as_of)
        self._own.disclose(client_ref, entry, viewer)
        return service_path(
            [*own, *others, *(self._changes(client_ref, as_of) if known else ())],
            client=ClientRow(ref=client_ref, name=self._own.name_of(client_ref, told)),
            viewer=row,
            as_of=as_of,
            consent=consent_rows(consent, as_of) if known else (),
            language=language,
            names=self._names,
            incomplete=None if known else "consent_state_unknown",
        )

    def _may_still_be_seen(self, client_ref: str, as_of: date) -> list[HeldRow]:
        """Held on that day (first held: the day of the record that brought it) and covered today."""
        projector = self._projector
        consent = projector.consent(client_ref)
        return [r for r in projector.view.held(client_ref) if r.day <= as_of and projector.may_hold(consent, r)]

    def _changes(self, client_ref: str, as_of: date) -> Iterable[Fact]:
        return (fact for day, fact in self._projector.view.change_facts(client_ref) if day <= as_of)

    def at_the_head(self, client_ref: str) -> bool:
        """True once every acknowledged consent change that this organisation was told of has been read."""
        projector = self._projector
        try:
            if not projector.on_its_log():
                return False
            head = self._keyring.consent_head(client_ref, projector.organisation)
            until = time.monotonic() + CATCH_UP_SECONDS
            while not projector.blocked(client_ref):
                if _knows(projector.consent(client_ref), head):
                    return True
                if time.monotonic() > until:
                    return False
                if not projector.step():
                    if projector.leads(client_ref):
                        return _knows(projector.consent(client_ref), head)
                    time.sleep(LOOK_AGAIN_SECONDS)
        except (AuthorityUnavailable, LogUnavailable):
            return False
        return False


def _knows(consent: ClientConsent, head: ConsentTold) -> bool:
    """All until the head: also what somebody may have dismissed."""
    return consent.version >= head.position and len(consent.changes) >= head.changes


def consent_rows(consent: ClientConsent, as_of: date) -> tuple[ConsentRow, ...]:
    """The grants in force on a day, as this organisation was told: for each pair of parties the categories."""
    grants = fold(c for c in consent.changes if c.day <= as_of)
    rows: dict[tuple[str, str, date | None, str, str], list[str]] = {}
    for grant in grants.grants.values():
        for scope in grant.scopes:
            term = grant.term(scope)
            if grant.withdrawn_by is None and term.valid_on(as_of) and term in grants.terms(scope):
                key = (scope.source, scope.recipient, grant.valid_until, grant.instrument, scope.purpose)
                rows.setdefault(key, []).append(scope.category)
    return tuple(
        ConsentRow(source=s, recipient=r, categories=tuple(sorted(set(c))), until=u, instrument=i, purpose=p)
        for (s, r, u, i, p), c in sorted(rows.items(), key=lambda row: (*row[0][:2], str(row[0][2]), *row[0][3:]))
    )
