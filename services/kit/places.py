"""Where an installation keeps what is its own: embedded files, or PostgreSQL and Kafka. One interface for both."""

from collections.abc import Iterable
from typing import Protocol

from events.database import Database
from events.shared_log import SharedLog
from projections.held import HeldFacts
from services.kit.store import OrganisationStore


class Place(Protocol):
    """One organisation's own stores. Whoever opens one closes it."""

    def store(self) -> OrganisationStore:
        """Its files and what belongs to them."""

    def authority(self, tables: Iterable[str]) -> Database:
        """What the authority alone keeps, in these tables."""

    def view(self) -> HeldFacts:
        """The view in use."""

    def new_view(self) -> HeldFacts:
        """An empty view beside it. What an interrupted rebuild left there is gone."""

    def switch(self, view: HeldFacts, rebuilt: HeldFacts) -> None:
        """Make the rebuilt view the one in use, at once or not at all: ``view`` is it from now on, and the one before
        is gone. Nobody here writes to either meanwhile."""

    def discard(self, rebuilt: HeldFacts) -> None:
        """Close a new view and remove it."""

    def tidy(self) -> None:
        """Remove what a process left that was killed while it rebuilt. Nobody rebuilds meanwhile."""

    def signing_key(self) -> bytes:
        """The 32 bytes of its Ed25519 signing key, made on the first start. Raises ``Unavailable``."""

    def secret(self, name: str) -> bytes:
        """32 secret bytes, ``store`` or ``authority``, made on the first start. Raises ``Unavailable``."""


class Places(Protocol):
    """Of a whole installation."""

    alone: bool
    """One process does everything: what it remembers nobody else changes."""

    def log(self) -> SharedLog:
        """The shared log."""

    def of(self, organisation: str) -> Place: ...
