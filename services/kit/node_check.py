"""What one organisation's process can check of what it has stored, while the organisation's other processes go on."""

from collections.abc import Iterator
from typing import NamedTuple

from services.kit.check import Checked, Finding, files, left_in_plain_sight
from services.kit.node import Node
from services.kit.organisation import Organisation

TRIES = 5
"""How often a view that moves on is compared before it is left."""


class One(NamedTuple):
    """As a platform of one organisation."""

    organisations: dict[str, Organisation]


def check_node(node: Node) -> Checked:
    """Raises ``Unavailable`` while the view is rebuilt, and what the log and the authority raise."""
    counts: dict[str, int] = {}
    own = node.organisation
    findings = [
        *files(One({own.id: own}), counts),
        *_on_its_log(own),
        *_covered(own, counts),
        *_rebuilt_equal(node, counts),
    ]
    return Checked(counts, findings)


def _on_its_log(own: Organisation) -> Iterator[Finding]:
    if not own.projector.on_its_log():
        yield Finding("log", own.id, "the shared log is not the one that was read: an older copy?")
    yield from left_in_plain_sight(own)


def _covered(own: Organisation, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariants 1, 2, 4, by what the organisation was told."""
    for client_ref in own.projector.view.clients():
        consent = own.projector.consent(client_ref)
        held = own.projector.view.held(client_ref)
        counts["facts held"] = counts.get("facts held", 0) + len(held)
        for row in held:
            if not own.projector.may_hold(consent, row):
                yield Finding("held only where covered", own.id, f"the fact at {row.position} is not covered")


def _rebuilt_equal(node: Node, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariant 16. Compared at a moment when both have read as far; without one, ``views compared`` stays 0."""
    running = node.organisation.projector.view
    with node.view_built_anew() as projector:
        counts["views compared"] = 0
        for _ in range(TRIES):
            while projector.step():
                pass
            before, found = running.positions(), running.digests()
            rebuilt = projector.view.digests()
            if before == running.positions() == projector.view.positions():
                counts |= {"views compared": 1, "rows compared": sum(d.rows for d in found.values())}
                yield from (
                    Finding("rebuilt equal", node.organisation.id, f"the rebuilt view differs in {table}")
                    for table, digest in found.items() if digest != rebuilt[table]
                )
                return
