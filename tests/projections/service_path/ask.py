"""Ask for the path as the tests mostly want it: everything, on 30 November 2022, as the client sees it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from events.envelope import Fact
from projections.service_path import ClientRow, ServicePath, ViewerRow, service_path
from projections.service_path.rows import ServiceRow
from tests.projections.facts import CLIENT, Book


def path(
    facts: Book | Iterable[Fact], as_of: str = "2022-11-30", role: str = "client", organisation: str = "social", **more: Any
) -> ServicePath:
    return service_path(
        facts.facts if isinstance(facts, Book) else facts,
        client=ClientRow(ref=CLIENT, name="Testi Asiakas"),
        viewer=ViewerRow(organisation=organisation, role=role),
        as_of=date.fromisoformat(as_of),
        **more,
    )


def the_service(facts: Book, as_of: str = "2022-11-30") -> ServiceRow:
    """The only service there is."""
    (row,) = path(facts, as_of).services
    return row
