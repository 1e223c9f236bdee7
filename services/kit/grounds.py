"""The statutory grounds of an installation: those that are configured, and the one that every organisation has."""

from datetime import date

from events.consent import Scope, StatutoryGroundNoted
from services.kit.config import Installation, StatutoryConfig

TOLD_TO_THE_CLIENT = "Act 703/2023 § 11: the client is told of consents and disclosures"
ALWAYS_FROM = date(2000, 1, 1)


def grounds(installation: Installation) -> dict[str, tuple[StatutoryGroundNoted, ...]]:
    """The grounds on which each source may tell others."""
    return {
        o.id: tuple(_ground(g) for g in _statutory(installation) if g.source == o.id) for o in installation.organisation
    }


def _statutory(installation: Installation) -> tuple[StatutoryConfig, ...]:
    """The configured grounds, and the one that every organisation has: the client is told of disclosures."""
    home = installation.client_organisation.id
    told = tuple(
        StatutoryConfig(
            source=o.id, recipient=home, categories=("consent",), legal_ground=TOLD_TO_THE_CLIENT, valid_from=ALWAYS_FROM
        )
        for o in installation.organisation
        if o.id != home
    )
    return (*told, *installation.statutory)


def _ground(config: StatutoryConfig) -> StatutoryGroundNoted:
    return StatutoryGroundNoted(
        legal_ground=config.legal_ground,
        scopes=_scopes(config),
        valid_from=config.valid_from,
        valid_until=config.valid_until,
    )


def _scopes(config: StatutoryConfig) -> tuple[Scope, ...]:
    return tuple(Scope(source=config.source, recipient=config.recipient, category=c) for c in config.categories)


def statutory_scopes(installation: Installation, source: str) -> list[Scope]:
    """The scopes that they let one source tell."""
    return [s for g in _statutory(installation) if g.source == source for s in _scopes(g)]
