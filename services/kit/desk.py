"""What an organisation asks of the client's own place, beside keys; and what only the client sees there."""

from collections.abc import Mapping
from typing import Protocol

from consent.disclosed import DisclosureRow
from consent.overview import ConsentView
from consent.receipts import Receipt
from events.envelope import Fact
from services.kit.client_file import Actor
from services.kit.command import Command


class Desk(Protocol):
    """Where a client's reference is asked for, and a consent signed on paper recorded. In this process or another:
    every call may raise ``AuthorityUnavailable``."""

    commands: Mapping[str, type[Command]]
    """What a consent clerk may record, by name."""

    def client_ref(self, hetu: str, organisation: str, person: str) -> str:
        """The client's reference, new if need be. The client is told who asked."""

    def record(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> tuple[Fact, ...]:
        """Record a client's consent command. Raises ``Refused``."""

    def recorded(self, client_ref: str, command_id: str) -> tuple[Fact, ...]:
        """What a command that was given before has added."""


class ClientsOwn(Protocol):
    """What the client is told of themself, at their own place."""

    def knows(self, client_ref: str) -> bool:
        """Is there such a client?"""

    def consents(self, client_ref: str) -> list[ConsentView]:
        """Every grant and refusal of the client, and how far what was taken away has come."""

    def disclosures(self, client_ref: str) -> list[DisclosureRow]:
        """Who has asked for the client's data, refused attempts too."""

    def receipt(self, client_ref: str, grant: str) -> Receipt:
        """The receipt of a consent that the client gave. Raises ``Unknown``."""
