"""A party is told of its own scopes and of nobody else's; what it folds of its parts answers as the whole does."""

import itertools
from datetime import timedelta

import msgspec
import pytest

from consent.domain import Change, UnknownGrant, fold, part_for, parties, told
from consent.policy import ClientConsent
from events.consent import PathOpened, Scope
from events.envelope import Says
from tests.consent_core.changes import (
    Says_on,
    changes,
    day,
    extended,
    given,
    lifted,
    narrowed,
    ref,
    refused,
    scope,
    statutory,
    withdrawn,
)

TO_FIRST = scope("social", "provider-one", "coaching")
FROM_FIRST = scope("provider-one", "employment", "coaching")
TO_SECOND = scope("social", "provider-two", "coaching")
EVERYBODY = {"social", "employment", "provider-one", "provider-two"}


def everybody(**more: str) -> Says:
    return given(TO_FIRST, FROM_FIRST, TO_SECOND, since="2022-03-01", **more)


def part(party: str, says: Says) -> Says:
    found = part_for(party, says)
    assert found is not None
    return found


def names_in(says: Says) -> set[str]:
    """Every organisation that the bytes told to a party name."""
    return {o for o in EVERYBODY if f'"{o}"'.encode() in msgspec.json.encode(says)}


@pytest.mark.parametrize("party", sorted(EVERYBODY))
@pytest.mark.parametrize("says", [everybody(), refused(TO_FIRST, FROM_FIRST, TO_SECOND), statutory(TO_FIRST, FROM_FIRST, TO_SECOND, since="2022-03-01")])
def test_a_party_is_told_only_scopes_in_which_it_gives_or_receives(party: str, says: Says) -> None:
    scopes: tuple[Scope, ...] = part(party, says).scopes  # type: ignore[attr-defined]
    assert scopes == tuple(s for s in (TO_FIRST, FROM_FIRST, TO_SECOND) if party in (s.source, s.recipient)) != ()


def test_a_provider_never_learns_of_another() -> None:
    for says in (
        everybody(),
        narrowed(10, TO_FIRST, TO_SECOND),
        extended(10, TO_FIRST, TO_SECOND, on="2022-03-02", since="2022-03-01"),
        refused(TO_FIRST, TO_SECOND),
    ):
        assert "provider-two" not in names_in(part("provider-one", says))
        assert "provider-one" not in names_in(part("provider-two", says))


def test_who_has_no_scope_in_it_is_told_nothing() -> None:
    assert part_for("guidance", everybody()) is None
    assert part_for("provider-two", refused(TO_FIRST)) is None


def test_a_part_tells_the_same_terms_as_the_whole() -> None:
    whole = everybody(until="2022-06-30", history="2022-01-01")
    assert part("provider-one", whole) == given(TO_FIRST, FROM_FIRST, since="2022-03-01", until="2022-06-30", history="2022-01-01")


# Who must be told


GRANTED = fold(changes(("2022-03-01", everybody()), ("2022-03-02", refused(TO_SECOND))))


@pytest.mark.parametrize(
    ("says", "who"),
    [
        (everybody(), EVERYBODY),
        (statutory(TO_FIRST, since="2022-01-01"), {"social", "provider-one"}),
        (withdrawn(10), EVERYBODY),
        (narrowed(10, TO_FIRST), {"social", "provider-one"}),
        (narrowed(10, TO_FIRST, until="2022-05-01"), EVERYBODY),
        (extended(10, scope("social", "guidance"), on="2022-03-03", since="2022-03-01"), {"social", "guidance"}),
        (
            extended(10, scope("social", "guidance"), on="2022-03-03", since="2022-03-01", history="2022-01-01"),
            {*EVERYBODY, "guidance"},
        ),
        (refused(FROM_FIRST), {"provider-one", "employment"}),
        (lifted(20), {"social", "provider-two"}),
        (lifted(90), set()),
    ],
)
def test_who_is_told(says: Says, who: set[str]) -> None:
    assert told(GRANTED, says) == who


def test_what_is_no_consent_change_is_told_by_nobody() -> None:
    opened = PathOpened(
        viewer_role="client", purpose="service_coordination", categories=(), sources=(), grounds=(), as_of=day("2022-03-01")
    )
    with pytest.raises(TypeError):
        told(GRANTED, opened)
    with pytest.raises(TypeError):
        fold([Change(1, day("2022-03-01"), ref(1), opened)])


def test_parties_are_both_ends() -> None:
    assert parties([TO_FIRST, FROM_FIRST]) == {"social", "provider-one", "employment"}
    assert parties([]) == frozenset()


@pytest.mark.parametrize("says", [withdrawn(70), narrowed(70, TO_FIRST)])
def test_a_change_of_a_grant_never_told_is_not_folded(says: Says) -> None:
    with pytest.raises(UnknownGrant):
        fold(changes(("2022-03-01", says)))


# The same answers from parts


STORY: list[Says_on] = [
    ("2022-03-01", everybody(until="2022-03-20")),
    ("2022-03-02", given(TO_FIRST, since="2022-03-05", history="2022-01-01")),
    ("2022-03-03", refused(TO_FIRST, TO_SECOND)),
    ("2022-03-06", narrowed(10, TO_SECOND, until="2022-03-20")),
    ("2022-03-08", lifted(30)),
    ("2022-03-22", extended(10, TO_SECOND, on="2022-03-22", since="2022-03-01", until="2022-04-10")),
    ("2022-03-24", statutory(FROM_FIRST, since="2022-02-01")),
    ("2022-03-26", withdrawn(20)),
    ("2022-03-28", narrowed(10, FROM_FIRST, until="2022-04-05", version=3)),
    ("2022-03-30", extended(10, FROM_FIRST, on="2022-03-30", since="2022-03-01", until="2022-04-05", history="2022-02-01")),
]


@pytest.mark.parametrize("length", range(1, len(STORY) + 1))
@pytest.mark.parametrize("party", sorted(EVERYBODY))
def test_parts_answer_for_their_party_as_the_whole_does(party: str, length: int) -> None:
    whole, parts, days = ClientConsent(), ClientConsent(), [day("2022-03-01") + timedelta(n) for n in range(45)]
    for change in changes(*STORY[:length]):
        if party in told(whole.grants, change.says):
            parts = parts.plus(Change(change.position, change.day, change.ref, part(party, change.says)))
        whole = whole.plus(change)
    last = changes(*STORY[:length])[-1].day
    for own, today in itertools.product((TO_FIRST, FROM_FIRST, TO_SECOND), days):
        if party in (own.source, own.recipient) and today >= last:
            assert parts.since(own, today) == whole.since(own, today), (own, today)
            for at, dated in itertools.product(range(5, 110, 10), days[::4]):
                assert parts.may_hold(own, at, today, dated, today) == whole.may_hold(own, at, today, dated, today)
