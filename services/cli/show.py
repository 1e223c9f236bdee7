"""Answers for people at a terminal."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

screen = Console() if sys.stdout.isatty() else Console(width=160)
"""To a file or another program, wide enough that no column is cut."""

EMPTY = "–"


def table(title: str, columns: Iterable[str], rows: Iterable[dict[str, Any]], none: str) -> None:
    """A table of rows by these fields, or the words for none."""
    rows = list(rows)
    screen.print(f"\n[bold]{title}[/bold]")
    if not rows:
        screen.print(f"  {none}")
        return
    columns = list(columns)
    shown = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
    for column in columns:
        shown.add_column(column.replace("_", " "))
    for row in rows:
        shown.add_row(*(_cell(row.get(c)) for c in columns))
    screen.print(shown)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, list):
        return ", ".join(map(str, value)) or EMPTY
    return str(value)


LISTS: dict[str, tuple[str, ...]] = {
    "responsible": ("organisation", "role", "person", "since"),
    "plan": ("version", "state", "goals", "review_on"),
    "services": ("service", "organisation", "state", "starts_on", "ends_on", "days_per_week", "outcome"),
    "statements": ("measure", "from", "until", "days_per_week", "paying", "state"),
    "fees": ("milestone", "state", "claimed_on", "decided_on"),
    "follow_ups": ("kind", "organisation", "due_on", "state"),
    "consent": ("from", "to", "categories", "until", "instrument"),
    "timeline": ("on", "organisation", "text"),
}
"""The parts of a path in the order they are shown, each with its columns."""

TITLES: dict[str, tuple[str, ...]] = {
    "fi": ("Vastuussa", "Suunnitelma", "Palvelut", "Lausunnot", "Palkkiot", "Seuranta", "Suostumukset", "Tapahtumat"),
    "sv": ("Ansvariga", "Plan", "Tjänster", "Utlåtanden", "Arvoden", "Uppföljning", "Samtycken", "Händelser"),
    "en": ("Responsible", "Plan", "Services", "Statements", "Fees", "Follow-up", "Consents", "Events"),
}
NOTHING = {"fi": "ei mitään näkyvissä", "sv": "inget att se", "en": "nothing to be seen"}
INCOMPLETE = {
    "fi": "Suostumusten tilaa ei voi nyt tarkistaa: vain oman organisaation kirjaukset näytetään.",
    "sv": "Samtyckenas läge kan inte kontrolleras nu: bara den egna organisationens anteckningar visas.",
    "en": "The state of consents cannot be checked now: only your own organisation's entries are shown.",
}


def incomplete(language: str) -> None:
    screen.print(f"[bold]{INCOMPLETE[language]}[/bold]")


def path(view: dict[str, Any], language: str) -> None:
    """A client's path, its titles in Finnish, Swedish or English."""
    language = language if language in TITLES else "fi"
    client, viewer = view["client"], view["viewer"]
    screen.print(f"[bold]{client['name'] or client['ref']}[/bold]  {view['as_of']}, {viewer['organisation']}, {viewer['role']}")
    if view["incomplete"]:
        incomplete(language)
    for title, (part, columns) in zip(TITLES[language], LISTS.items(), strict=True):
        shown = view[part] if part != "plan" else [view["plan"]] if view["plan"] else []
        table(title, columns, shown, NOTHING[language])


def fail(message: str) -> None:
    """Say why it did not work, on standard error."""
    Console(stderr=True).print(message, style="bold", highlight=False, markup=False, soft_wrap=True)
