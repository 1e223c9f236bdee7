"""The disclosure log's entries: written before the answer leaves, never taken back (act 703/2023)."""

from collections.abc import Iterable
from datetime import date

from consent.policy import ClientConsent
from consent.release import PURPOSE
from events.consent import PathOpened, Scope


def path_opened(
    role: str, shown: Iterable[tuple[str, str]], consent: ClientConsent, reader: str, today: date, as_of: date
) -> PathOpened:
    """What is about to be shown: ``shown`` are (source, category) of others' facts. The grounds are the grants that
    cover them today."""
    pairs = sorted(set(shown))
    scopes = [Scope(source=s, recipient=reader, category=c, purpose=PURPOSE) for s, c in pairs]
    return PathOpened(
        viewer_role=role,
        purpose=PURPOSE,
        categories=tuple(sorted({c for _, c in pairs})),
        sources=tuple(sorted({s for s, _ in pairs})),
        grounds=tuple(sorted({g for scope in scopes for g in consent.grounds(scope, today)})),
        as_of=as_of,
    )
