"""The fold that answers the question: the facts an organisation may show, in; one client's path, out. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

import msgspec

from events.corrections import effective
from events.envelope import Fact
from projections.roles import sight
from projections.service_path.fees import fees
from projections.service_path.follow_ups import follow_ups
from projections.service_path.plan import only_goals, plan
from projections.service_path.responsible import responsible
from projections.service_path.rows import ClientRow, ConsentRow, ServicePath, ViewerRow
from projections.service_path.services import services
from projections.service_path.statements import endorsements, statements
from projections.service_path.timeline import timeline
from projections.service_path.visible import visible

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def service_path(
    facts: Iterable[Fact],
    *,
    client: ClientRow,
    viewer: ViewerRow,
    as_of: date,
    consent: tuple[ConsentRow, ...] = (),
    language: str = "fi",
    names: Mapping[str, str] = NO_NAMES,
    incomplete: Literal["consent_state_unknown"] | None = None,
) -> ServicePath:
    """``facts``: all that the viewer's organisation may show, already held to consent, in any order.
    ``names``: organisations' names by id, for the timeline's sentences. The role's table is applied here."""
    # Corrected first: a correction may move an entry to a day that is not yet.
    seen = visible((f for f in effective(facts) if f.occurred_on <= as_of), viewer)
    goals = sight(viewer.role, "plan") == "goals"
    current = plan(seen)
    return ServicePath(
        client=client if sight(viewer.role, "name") else msgspec.structs.replace(client, name=None),
        viewer=viewer,
        as_of=as_of,
        responsible=responsible(seen, as_of),
        plan=only_goals(current) if goals else current,
        services=services(seen, as_of),
        statements=statements(seen, as_of),
        endorsements=endorsements(seen, as_of),
        fees=fees(seen),
        follow_ups=follow_ups(seen),
        consent=consent if sight(viewer.role, "consent") else (),
        timeline=timeline(seen, language, names, without_content=("plan",) if goals else ()),
        incomplete=incomplete,
    )
