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


def path(view: dict[str, Any]) -> None:
    """A client's path."""
    client, viewer = view["client"], view["viewer"]
    screen.print(f"[bold]{client['name'] or client['ref']}[/bold]  {view['as_of']}, {viewer['organisation']}, {viewer['role']}")
    if view["incomplete"]:
        screen.print("[bold]Suostumusten tilaa ei voi nyt tarkistaa: vain oman organisaation kirjaukset näytetään.[/bold]")
    table("Vastuussa", ("organisation", "role", "person", "since"), view["responsible"], "ei näkyvissä")
    _plan(view["plan"])
    columns = ("service", "organisation", "state", "starts_on", "ends_on", "days_per_week", "outcome")
    table("Palvelut", columns, view["services"], "ei palveluja näkyvissä")
    table("Lausunnot", ("measure", "from", "until", "days_per_week", "paying", "state"), view["statements"], "ei näkyvissä")
    table("Palkkiot", ("milestone", "state", "claimed_on", "decided_on"), view["fees"], "ei näkyvissä")
    table("Seuranta", ("kind", "organisation", "due_on", "state"), view["follow_ups"], "ei näkyvissä")
    table("Suostumukset", ("from", "to", "categories", "until", "instrument"), view["consent"], "ei näkyvissä")
    table("Tapahtumat", ("on", "organisation", "text"), view["timeline"], "ei tapahtumia näkyvissä")


def _plan(plan: dict[str, Any] | None) -> None:
    rows = [] if plan is None else [plan]
    table("Suunnitelma", ("version", "state", "goals", "review_on"), rows, "ei suunnitelmaa näkyvissä")


def fail(message: str) -> None:
    """Say why it did not work, on standard error."""
    Console(stderr=True).print(message, style="bold", highlight=False, markup=False, soft_wrap=True)
