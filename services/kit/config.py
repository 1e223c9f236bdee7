"""An installation: which organisations there are, of what kind, who works there, what rests on a statutory ground."""

import re
import tomllib
from datetime import date
from pathlib import Path

import msgspec

from events.catalogue import CATEGORIES
from projections.roles import SIGHT

KINDS = ("social", "employment", "provider", "client")
CONSENT_CLERK = "consent_clerk"
ROLES = frozenset(SIGHT) | {CONSENT_CLERK}
ID = re.compile(r"^[a-z][a-z0-9-]*$")
"""An organisation's id is a folder's name, and stands between spaces where recipients are listed."""


class ConfigurationError(Exception):
    """The installation's file cannot be used; says where and why."""


class OrganisationConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One installed instance. ``features`` left out means all of its kind."""

    id: str
    kind: str
    name: str
    roles: tuple[str, ...]
    features: tuple[str, ...] | None = None
    public_keys: tuple[str, ...] = ()
    """Ed25519, base64: the one it signs with and those it signed with before. Needed where organisations run apart."""


class StatutoryConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A ground by act and section, or by contract: ``source`` may tell ``recipient`` these categories."""

    source: str
    recipient: str
    categories: tuple[str, ...]
    legal_ground: str
    valid_from: date
    valid_until: date | None = None


class PersonConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A test person who can sign in while the platform is in development mode.."""

    id: str
    name: str
    organisation: str
    roles: tuple[str, ...]


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. ``organisation`` holds exactly one of kind ``client``: the authority and my path."""

    name: str
    organisation: tuple[OrganisationConfig, ...]
    statutory: tuple[StatutoryConfig, ...] = ()
    person: tuple[PersonConfig, ...] = ()

    @property
    def client_organisation(self) -> OrganisationConfig:
        return next(o for o in self.organisation if o.kind == "client")

    @property
    def apart(self) -> frozenset[str]:
        """Organisations that stand apart from each other: providers must not see each other's cases."""
        return frozenset(o.id for o in self.organisation if o.kind == "provider")

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(o.id for o in self.organisation)


def load(path: Path) -> Installation:
    """Read and check an installation's file. Raises ``ConfigurationError``."""
    try:
        installation = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Installation)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path.name}: {error}") from None
    for problem in problems(installation):
        raise ConfigurationError(f"{path.name}: {problem}")
    return installation


def problems(installation: Installation) -> list[str]:
    """What cannot be in an installation, in words."""
    found = [f"{o.id!r} is no id: small letters, digits and hyphens" for o in installation.organisation if not ID.fullmatch(o.id)]
    found += [f"{o.id}: unknown kind {o.kind}" for o in installation.organisation if o.kind not in KINDS]
    found += [f"{o.id}: unknown role {r}" for o in installation.organisation for r in o.roles if r not in ROLES]
    if len(installation.ids) < len(installation.organisation):
        found.append("two organisations have the same id")
    if sum(o.kind == "client" for o in installation.organisation) != 1:
        found.append("there must be exactly one organisation of kind client")
    for ground in installation.statutory:
        if not {ground.source, ground.recipient} <= installation.ids:
            found.append(f"statutory ground between unknown organisations: {ground.source}, {ground.recipient}")
        if not set(ground.categories) <= set(CATEGORIES):
            found.append(f"statutory ground with an unknown category: {', '.join(ground.categories)}")
    roles = {o.id: set(o.roles) for o in installation.organisation}
    if len({p.id for p in installation.person}) < len(installation.person):
        found.append("two people have the same id")
    for person in installation.person:
        if not set(person.roles) <= roles.get(person.organisation, set()):
            found.append(f"{person.id} has a role that {person.organisation} does not have")
    return found
