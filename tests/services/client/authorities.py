"""Two processes that are the authority, on one database and one log; and what organisations ask of either."""

import itertools
import os
from datetime import date
from pathlib import Path

from consent.keys import Members, SealKey, Wanted
from consent.release import may_have_now
from events.envelope import Fact
from events.shared_log.kafka import KafkaSettings
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.client.authority.keyring import Authority
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.command import Command
from services.kit.node import Node
from tests.consent.world import HOME, INSTALLATION, SOTE
from tests.homes import home_of, with_keys

CATEGORY = "activity"
DAY = date(2024, 3, 1)
CLIENT = Actor("testi", "Testi Henkilö", "client", HOME)


def give(*recipients: str) -> GiveConsent:
    return GiveConsent(scopes=[ScopeLine(source=[SOTE], recipient=list(recipients), categories=[CATEGORY])])


class Authorities:
    """``one`` and ``other``; each may be asked for anything."""

    def __init__(self, folder: Path, url: str, kafka: KafkaSettings):
        clock = StoryClock(folder / "clock.json")
        clock.move(DAY, 0)
        installation = with_keys(INSTALLATION, folder / "secrets")
        self.nodes = [home_of(installation, url, folder / "secrets", clock, kafka) for _ in range(2)]
        self.one, self.other = (node.authority for node in self.nodes)
        self._ids = itertools.count(1)

    def new_client(self) -> str:
        return self.one.client_ref(os.urandom(8).hex())

    def node(self, authority: Authority) -> Node:
        return next(n for n in self.nodes if n.authority is authority)

    # What the client does, asked of one of the processes

    def does(self, authority: Authority, client: str, command: Command) -> tuple[Fact, ...]:
        return self.node(authority).organisation.execute(client, command, CLIENT, f"command-{next(self._ids)}")

    def gives(self, authority: Authority, client: str, *recipients: str) -> str:
        """Returns the grant."""
        (fact,) = self.does(authority, client, give(*recipients))
        return fact.fact_id

    def withdraws(self, authority: Authority, client: str, grant: str | None = None) -> None:
        self.does(authority, client, WithdrawConsent(grant=grant))

    def writes(self, authority: Authority, client: str, *recipients: str) -> Fact:
        """The consent is in the file, and the process ended before it was on the log."""
        organisation = self.node(authority).organisation
        organisation._acknowledge, acknowledge = lambda _: None, organisation._acknowledge
        try:
            (fact,) = self.does(authority, client, give(*recipients))
            return fact
        finally:
            organisation._acknowledge = acknowledge

    # What organisations ask

    def members(self, authority: Authority, client: str) -> Members:
        """Who may have a fact of today, as a source that has read on knows."""
        return may_have_now(authority.consent(client), SOTE, CATEGORY, DAY, DAY)

    def seal(self, authority: Authority, client: str, members: Members) -> SealKey:
        (key,) = authority.seal_keys(SOTE, [Wanted(client, CATEGORY, "", members)])
        return key

    def close(self) -> None:
        for node in self.nodes:
            node.close()

