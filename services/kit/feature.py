"""A feature: one folder you could copy. What it says and decides, what cannot be, what follows, what it reacts to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.envelope import Fact, Says
from services.kit.client_file import At, ClientFile, Draft
from services.kit.command import Command

Decide = Callable[[ClientFile, Any, At], Sequence[Draft]]
"""A command in, drafts out. Raises ``Refused``."""

Check = Callable[[ClientFile], None]
"""Raises ``Impossible`` when the file, as it would become, cannot be. Run after each decision of the
feature and after each correction, so that a correction can make nothing impossible either."""

Follow = Callable[[ClientFile, Fact[Any], At], Sequence[Draft]]
"""An own new fact in, drafts that belong to the same transaction out."""

React = Callable[[ClientFile, Fact[Any], At], Sequence[Draft]]
"""Another organisation's fact in, own drafts out: references, never its content."""


@dataclass(frozen=True)
class Feature:
    """``decides`` by command class, ``follows`` and ``reacts`` by the class of what a fact says. ``says``: all that its facts
    may say; of a source without the feature nobody takes it."""

    name: str
    says: tuple[type[Says], ...] = ()
    decides: Mapping[type[Command], Decide] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    follows: Mapping[type[Says], Follow] = field(default_factory=dict)
    reacts: Mapping[type[Says], React] = field(default_factory=dict)
