"""A platform with many clients whose consent covers one source and one recipient, and facts to send."""

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from events.activity import ParticipationRecorded
from events.consent import ConsentGiven, Scope
from events.envelope import Fact
from events.shared_log import HELSINKI
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.config import Installation, OrganisationConfig
from services.kit.reactor import new_ref

SOURCE, RECIPIENT, HOME = "orimattila-workshop", "orimattila-employment", "oma-polku"
FACTS_PER_CLIENT = 40
CLIENTS_IN_BLOCK = 250
BLOCK = FACTS_PER_CLIENT * CLIENTS_IN_BLOCK
DAY = date(2022, 9, 1)

INSTALLATION = Installation(
    name="bench",
    organisation=(
        OrganisationConfig(id=SOURCE, kind="social", name="Source", roles=("workshop_instructor",)),
        OrganisationConfig(id=RECIPIENT, kind="employment", name="Recipient", roles=("employment_coach",)),
        OrganisationConfig(id=HOME, kind="client", name="Oma polku", roles=("client",)),
    ),
)


def platform_in(folder: Path) -> Platform:
    """A fresh platform on the given day."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = StoryClock(folder / "clock.json")
    clock.move(DAY, 1)
    return Platform(folder, INSTALLATION, clock)


def consenting_clients(platform: Platform, count: int) -> list[str]:
    """Clients who let the recipient have what the source records; their consent is on the log and read by all."""
    refs = []
    scope = Scope(source=SOURCE, recipient=RECIPIENT, category="activity")
    given = ConsentGiven(
        legal_ground="consent", scopes=(scope,), valid_from=DAY, method="electronic", recorded_by="b", recorded_in=HOME
    )
    actor = Actor("b", "Bench", "client", HOME)
    for _ in range(count):
        ref = platform.authority.client_ref(os.urandom(8).hex())
        platform.home.write(ref, given, actor, "given")
        platform.authority.publish_changes(ref)
        refs.append(ref)
    platform.settle()
    return refs


def facts(clients: list[str], start: int = 0) -> Iterator[Fact]:
    """The clients' next facts, turn and turn about: about 555 bytes each, as days of participation are."""
    now = datetime(2022, 9, 1, 8, tzinfo=HELSINKI)
    activity = new_ref()
    for n in range(start + 1, start + FACTS_PER_CLIENT + 1):
        for client_ref in clients:
            yield Fact(
                fact_id=new_ref(),
                client_ref=client_ref,
                organisation=SOURCE,
                source_seq=n,
                name="ParticipationRecorded",
                version=1,
                category="activity",
                occurred_on=DAY,
                recorded_at=now,
                actor="testi.ohjaaja",
                actor_name="Testi Ohjaaja",
                role="workshop_instructor",
                command_id=new_ref(),
                says=ParticipationRecorded(activity=activity, attended=True, hours=5),
                because=(activity,),
            )


def write(platform: Platform, new: list[Fact]) -> None:
    """Into the source's own store, as its commands would have."""
    platform.organisations[SOURCE].store.files.events.put(new)  # type: ignore[arg-type]
