"""The authority in two processes, on PostgreSQL and Kafka: what one has done the other knows at its next answer. With what
makes it look taken out, as a planted fault, it does not."""

from collections.abc import Callable, Sequence

import pytest

from consent.keys import NOT_YOURS, ConsentMoved, OpenKey, Wanted
from services.client.authority.keyring import Authority
from tests.at_once import in_a_thread, standing
from tests.consent.world import FIRST, SECOND, SOTE
from tests.services.client.authorities import CATEGORY, Authorities

Check = Callable[[Authorities], None]


def a_withdrawal_counts_at_the_next_answer(both: Authorities) -> None:
    one, other, client = both.one, both.other, both.new_client()
    grant = both.gives(one, client, FIRST)
    given, members = other.consent_head(client, FIRST).position, both.members(other, client)
    key = both.seal(other, client, members)
    (opened,) = other.open_keys(FIRST, [(client, key.locator)])
    assert isinstance(opened, OpenKey) and opened.key == key.key
    both.withdraws(one, client, grant)
    assert other.consent_head(client, FIRST).position > given, "the head is old"
    assert list(other.open_keys(FIRST, [(client, key.locator)])) == [NOT_YOURS], "a key after the withdrawal"
    with pytest.raises(ConsentMoved) as moved:
        both.seal(other, client, members)
    assert moved.value.client_refs == {client}


def nothing_is_sealed_for_who_is_gone(both: Authorities) -> None:
    """As the first, for seal_keys alone: nothing else is asked in between."""
    client = both.new_client()
    grant = both.gives(both.one, client, FIRST)
    members = both.members(both.other, client)
    both.seal(both.other, client, members)
    both.withdraws(both.one, client, grant)
    with pytest.raises(ConsentMoved):
        both.seal(both.other, client, members)


def an_epoch_is_the_same_whoever_is_asked(both: Authorities) -> None:
    one, other, client = both.one, both.other, both.new_client()
    both.gives(one, client, FIRST)
    members = both.members(other, client)
    first = both.seal(one, client, members)
    again = both.seal(other, client, members)
    assert (again.epoch, again.key) == (first.epoch, first.key) and again.locator != first.locator
    assert [type(k) for k in other.open_keys(FIRST, [(client, first.locator)])] == [OpenKey]


def an_old_epoch_is_never_used_again(both: Authorities) -> None:
    """One remembers an epoch for one recipient; the other opens one for two, and again one for the first alone."""
    one, other, client = both.one, both.other, both.new_client()
    both.gives(one, client, FIRST)
    alone = both.members(one, client)
    old = both.seal(one, client, alone)
    second = both.gives(other, client, SECOND)
    for_two = both.seal(other, client, both.members(other, client))
    both.withdraws(other, client, second)
    new = both.seal(other, client, alone)
    assert old.epoch < for_two.epoch < new.epoch
    assert both.seal(one, client, alone).epoch == new.epoch, "an old epoch is used again"


def what_is_given_by_one_while_the_other_publishes_is_known_to_it(both: Authorities) -> None:
    """Two changes of two clients are counted in one breath: the second is not taken for one's own."""
    one, other, (mine, theirs) = both.one, both.other, (both.new_client(), both.new_client())
    grant = both.gives(one, theirs, FIRST)
    assert one.consent_head(theirs, FIRST).position and one.consent_head(mine, FIRST).position == 0
    with standing(one._files, "mark_changed") as stopped:
        giving = in_a_thread(lambda: both.gives(one, mine, FIRST))
        stopped.wait()
        both.withdraws(other, theirs, grant)
    giving.result(30)
    assert one.consent(theirs).grants.grants[grant].withdrawn_by is not None, "it was missed"
    assert one.consent_head(mine, FIRST).position == other.consent_head(mine, FIRST).position > 0


def an_epoch_that_the_other_opens_while_one_opens_some_is_not_missed(both: Authorities) -> None:
    """One stands as it opens epochs for two clients. The other opens one of them first, and one of a third client: so
    the numbers begin and end as if nobody had."""
    one, other, (x, y, z) = both.one, both.other, (both.new_client() for _ in range(3))
    for client in (x, y, z):
        both.gives(one, client, FIRST)
    alone = both.members(one, y)
    old = both.seal(one, y, alone)
    second = both.gives(one, y, SECOND)
    wanted = [Wanted(c, CATEGORY, "", both.members(one, c)) for c in (x, z)]
    with standing(one._store, "open_epochs") as stopped:
        opening = in_a_thread(lambda: one.seal_keys(SOTE, wanted))
        stopped.wait()
        theirs = [both.seal(other, c, both.members(other, c)) for c in (x, y)]
    mine = opening.result(30)
    assert [mine[0].epoch, mine[1].epoch] == [theirs[0].epoch, theirs[1].epoch + 1]
    both.withdraws(one, y, second)
    assert both.seal(one, y, alone).epoch > theirs[1].epoch > old.epoch, "an old epoch is used again"


REMEMBERED: Sequence[Check] = (
    a_withdrawal_counts_at_the_next_answer,
    nothing_is_sealed_for_who_is_gone,
    an_old_epoch_is_never_used_again,
    what_is_given_by_one_while_the_other_publishes_is_known_to_it,
)


ALL = (*REMEMBERED, an_epoch_is_the_same_whoever_is_asked, an_epoch_that_the_other_opens_while_one_opens_some_is_not_missed)


@pytest.mark.parametrize("check", ALL, ids=lambda c: c.__name__)
def test_what_one_has_done_the_other_knows(both: Authorities, check: Check) -> None:
    check(both)


@pytest.mark.parametrize("check", REMEMBERED, ids=lambda c: c.__name__)
def test_without_looking_whether_another_has_done_something_it_would_not(
    both: Authorities, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Authority, "_up_to_date", lambda self: self.lock)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(both)
    monkeypatch.undo()
    for authority in (both.one, both.other):
        authority._seen = (0, 0)
