"""The life of consents at the authority: what is decided, and what cannot be (consent.md, "Changes")."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import product
from typing import Any

from consent.domain import CHANGES, Change, Grant, Grants, fold, parties
from consent.texts import text_shown
from events.catalogue import CATEGORIES
from events.consent import (
    ClientRefAsked,
    ConsentExtended,
    ConsentGiven,
    ConsentNarrowed,
    ConsentRefused,
    ConsentWithdrawn,
    RefusalLifted,
    Scope,
)
from services.client.authority import commands as c
from services.kit.client_file import At, ClientFile, Draft
from services.kit.errors import Impossible, Invalid, NotAllowed, Unknown
from services.kit.feature import Feature

ALONE = "health"
MOST_SCOPES, MOST_PARTIES = 1500, 16
"""What one consent change may name: more could not be told to its parties in one record."""

NOT_FOR_CONSENT = frozenset({"consent"})
"""What the client is told of consent and disclosures rests on a statutory ground."""


def grants_in(file: ClientFile) -> Grants:
    """The client's grants as the file now has them: in the order written, which is that of the log, whatever their days."""
    changes = sorted(file.of(*CHANGES), key=lambda f: f.source_seq)
    return fold(Change(f.source_seq, f.recorded_at.date(), f.ref, f.says) for f in changes)


def feature(organisations: frozenset[str]) -> Feature:
    """The authority's commands, for grants between these organisations."""

    def with_scopes(lines: Sequence[c.ScopeLine], field: str) -> tuple[Scope, ...]:
        return _scopes(lines, organisations, field)

    return Feature(
        name="authority",
        says=(*CHANGES, ClientRefAsked),
        decides={
            c.GiveConsent: _deciding(_give, with_scopes),
            c.NarrowConsent: _deciding(_narrow, with_scopes),
            c.ExtendConsent: _deciding(_extend, with_scopes),
            c.WithdrawConsent: _deciding(_withdraw, with_scopes),
            c.RefuseConsent: _deciding(_refuse, with_scopes),
            c.LiftRefusal: _deciding(_lift, with_scopes),
        },
    )


WithScopes = Callable[[Sequence[c.ScopeLine], str], tuple[Scope, ...]]


def _deciding(decide: Callable[..., Any], with_scopes: WithScopes) -> Callable[[ClientFile, Any, At], list[Draft]]:
    def decided(file: ClientFile, command: c.Given, at: At) -> list[Draft]:
        on = command.on or at.today
        return [Draft(decide(file, command, on, _recorded(command, at), with_scopes), on)]

    return decided


def _recorded(command: c.Given, at: At) -> dict[str, Any]:
    """How the client's word was given. A clerk records paper, with place and witness; a client signs themself."""
    own = at.actor.role == "client"
    method = command.method or ("electronic" if own else "paper")
    if own and method == "paper":
        raise NotAllowed("paper_is_recorded_by_a_clerk", "method")
    if not own and method == "electronic":
        raise NotAllowed("only_the_client_signs_electronically", "method")
    if method == "paper" and command.place is None:
        raise Invalid("paper_needs_a_place", "place")
    shown = text_shown(command.language, command.text_version)
    if shown is None:
        raise Unknown("unknown_consent_text", "text_version")
    return {
        "method": method,
        "place": command.place,
        "witness": command.witness,
        "text": shown,
        "recorded_by": at.actor.person,
        "recorded_in": at.actor.organisation,
    }


def _scopes(lines: Sequence[c.ScopeLine], organisations: frozenset[str], field: str) -> tuple[Scope, ...]:
    scopes = {scope for line in lines for scope in _of_line(line, organisations, field)}
    if len(scopes) > MOST_SCOPES or len(parties(scopes)) > MOST_PARTIES:
        raise Invalid("consent_too_wide", field)
    if lines and not scopes:
        raise Invalid("nobody_tells_themselves", field)
    return tuple(sorted(scopes))


def _of_line(line: c.ScopeLine, organisations: frozenset[str], field: str) -> Iterable[Scope]:
    if not {*line.source, *line.recipient} <= organisations:
        raise Unknown("unknown_organisation", field)
    if not set(line.categories) <= set(CATEGORIES) - NOT_FOR_CONSENT:
        raise Invalid("unknown_category", field)
    if ALONE in line.categories and len(line.categories) > 1:
        raise Invalid("health_needs_its_own_tick", field)
    for source, recipient, category in product(line.source, line.recipient, line.categories):
        if source != recipient:
            yield Scope(source=source, recipient=recipient, category=category, purpose=line.purpose)


def _give(file: ClientFile, command: c.GiveConsent, on: date, recorded: dict[str, Any], scopes: WithScopes) -> ConsentGiven:
    valid_from = command.valid_from or on
    if command.valid_until is not None and command.valid_until < valid_from:
        raise Impossible("ends_before_it_starts", "valid_until")
    if command.history_since is not None and command.history_since > valid_from:
        raise Impossible("history_begins_after_the_consent", "history_since")
    return ConsentGiven(
        instrument=command.instrument,
        legal_ground=command.legal_ground,
        scopes=scopes(command.scopes, "scopes"),
        valid_from=valid_from,
        valid_until=command.valid_until,
        history_since=command.history_since,
        **recorded,
    )


def _narrow(file: ClientFile, command: c.NarrowConsent, on: date, recorded: dict[str, Any], scopes: WithScopes) -> ConsentNarrowed:
    knows = _Knows(file, recorded["recorded_in"])
    grant = _grant(file, command.grant, knows)
    removed = scopes(command.remove, "remove")
    if not set(removed) <= set(knows.of(grant)):
        raise Unknown("not_in_the_consent", "remove")
    until = command.valid_until or grant.valid_until
    if until is not None and until > grant.last_day:
        raise Impossible("narrowing_never_adds", "valid_until")
    history = None if command.without_history else grant.history_since
    if not removed and (until, history) == (grant.valid_until, grant.history_since):
        raise Invalid("nothing_changes", "remove")
    return ConsentNarrowed(
        grant=grant.ref, grant_version=grant.version + 1, removed=removed, valid_until=until, history_since=history, **recorded
    )


def _extend(file: ClientFile, command: c.ExtendConsent, on: date, recorded: dict[str, Any], scopes: WithScopes) -> ConsentExtended:
    knows = _Knows(file, recorded["recorded_in"])
    grant = _grant(file, command.grant, knows)
    wanted = scopes(command.add, "add")
    added = tuple(s for s in wanted if s not in grant.starts)
    until = None if command.open_ended else command.valid_until or grant.valid_until
    if (until or date.max) < grant.last_day:
        raise Impossible("extending_never_takes_away", "valid_until")
    history = command.history_since or grant.history_since
    if history is not None and history > (grant.history_since or grant.valid_from):
        raise Impossible("extending_never_takes_away", "history_since")
    asks_to_know = not knows.whole(grant.ref) and not all(map(knows.is_in, wanted))
    if not added and (until, history) == (grant.valid_until, grant.history_since) and not asks_to_know:
        raise Invalid("nothing_changes", "add")  # whoever would learn something by it is recorded, and the client sees it
    return ConsentExtended(
        grant=grant.ref,
        grant_version=grant.version + 1,
        instrument=grant.instrument,  # type: ignore[arg-type]
        legal_ground=grant.legal_ground,
        added=added,
        from_day=on,
        valid_from=grant.valid_from,
        valid_until=until,
        history_since=history,
        **recorded,
    )


def _withdraw(file: ClientFile, command: c.WithdrawConsent, on: date, recorded: dict[str, Any], _: WithScopes) -> ConsentWithdrawn:
    return ConsentWithdrawn(grant=_grant(file, command.grant, _Knows(file, recorded["recorded_in"])).ref, **recorded)


def _refuse(file: ClientFile, command: c.RefuseConsent, on: date, recorded: dict[str, Any], scopes: WithScopes) -> ConsentRefused:
    return ConsentRefused(scopes=scopes(command.scopes, "scopes"), **recorded)


def _lift(file: ClientFile, command: c.LiftRefusal, on: date, recorded: dict[str, Any], _: WithScopes) -> RefusalLifted:
    knows = _Knows(file, recorded["recorded_in"])
    refusals = {r: s for r, s in grants_in(file).refusals.items() if knows.whole(r) or any(map(knows.is_in, s))}
    if command.refusal is not None and command.refusal not in refusals:
        raise Unknown("unknown_reference", "refusal")
    return RefusalLifted(refusal=command.refusal or _only(list(refusals), "refusal"), **recorded)


class _Knows:
    """What whoever records may know of consents, so that no refusal tells more: at the client's own place all; in another
    organisation what it has recorded itself, and of the rest what names it (consent.md: nobody learns of others' scopes)."""

    def __init__(self, file: ClientFile, organisation: str):
        self._organisation, self._everything = organisation, organisation == file.organisation
        own = file.of(ConsentGiven, ConsentRefused)
        self._recorded = {f.ref for f in own if f.says.recorded_in == organisation}

    def whole(self, ref: str) -> bool:
        return self._everything or ref in self._recorded

    def is_in(self, scope: Scope) -> bool:
        return self._organisation in (scope.source, scope.recipient)

    def of(self, grant: Grant) -> tuple[Scope, ...]:
        return tuple(s for s in grant.scopes if self.whole(grant.ref) or self.is_in(s))


def _grant(file: ClientFile, ref: str | None, knows: _Knows) -> Grant:
    """The grant that ``ref`` names, or the only one in force. A statutory ground is not the client's to change."""
    grants = {r: g for r, g in grants_in(file).grants.items() if g.instrument != "statutory" and (knows.whole(r) or knows.of(g))}
    standing = [r for r, g in grants.items() if g.withdrawn_by is None]
    grant = grants.get(ref or _only(standing, "grant"))
    if grant is None:
        raise Unknown("unknown_reference", "grant")
    if grant.withdrawn_by is not None:
        raise Impossible("already_withdrawn", "grant")
    return grant


def _only(refs: list[str], field: str) -> str:
    if not refs:
        raise Unknown("nothing_to_refer_to", field)
    if len(refs) > 1:
        raise Impossible("say_which_one", field)
    return refs[0]
