"""Who has not confirmed what a client took back is known from when it was written until everybody has said so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.consent import ConsentGiven, ConsentWithdrawn, Scope
from events.envelope import Fact
from services.client.authority.silent import Silent
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from tests.bench import world

ACTOR = Actor("c", "Client", "client", world.HOME)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    made = world.platform_in(tmp_path)
    yield made
    made.close()


def changed(platform: Platform, client_ref: str, says: ConsentGiven | ConsentWithdrawn, act: str) -> Fact:
    (fact,) = platform.home.write(client_ref, says, ACTOR, act)
    platform.authority.publish_changes(client_ref)
    return fact


def test_it_is_told_until_everybody_has_confirmed(platform: Platform) -> None:
    silent, client_ref = Silent(platform.home, platform.desk), platform.authority.client_ref("one")
    scope = Scope(source=world.SOURCE, recipient=world.RECIPIENT, category="activity")
    by = {"method": "electronic", "recorded_by": "c", "recorded_in": world.HOME}
    given = ConsentGiven(legal_ground="consent", scopes=(scope,), valid_from=world.DAY, **by)  # type: ignore[arg-type]
    grant = changed(platform, client_ref, given, "given")
    platform.settle()
    assert silent.now() == {}
    withdrawn = changed(platform, client_ref, ConsentWithdrawn(grant=grant.ref, **by), "withdrawn")  # type: ignore[arg-type]
    assert silent.now() == {world.RECIPIENT: [withdrawn.recorded_at]}
    platform.settle()
    assert silent.now() == {}
