"""``make bench``: prints every figure with its baseline, measured in this one run."""

import argparse
import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

import projections.run
import services.kit.publisher
from events.codec import encode
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.register import Entry
from services.social.activity.commands import RecordParticipation, StartActivity
from tests.bench import world
from tests.bench.raw import RawPipeline, connect

COMMANDS = 1500
ONE_BY_ONE = 1500


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory() -> int:
    """Resident memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def to_the_view(platform: Platform) -> None:
    """Everything the source has written, published and in the recipient's view."""
    source, recipient = platform.organisations[world.SOURCE], platform.organisations[world.RECIPIENT]
    while source.publisher.step():
        recipient.projector.step()
    while recipient.projector.step():
        pass


class Growing:
    """The product and the plain pipelines side by side, as their logs grow block by block."""

    def __init__(self, folder: Path):
        self.platform = world.platform_in(folder / "product")
        self.raw = (RawPipeline(folder / "raw"), RawPipeline(folder / "raw-tuned", seldom=True))
        self.facts = 0

    def block(self) -> tuple[float, ...]:
        """One more block of clients and facts through all, checkpoints included: each tuned pipeline ends its block
        with one, so that no block is without. Returns µs a fact: product, plain as it comes, plain tuned."""
        clients = world.consenting_clients(self.platform, world.CLIENTS_IN_BLOCK)
        new = list(world.facts(clients))
        world.write(self.platform, new)
        taken = [timed(self._product)]
        for raw in self.raw:
            raw.write(new)
            taken.append(timed(raw.run))
        self.facts += len(new)
        return tuple(seconds / len(new) * 1e6 for seconds in taken)

    def _product(self) -> None:
        to_the_view(self.platform)
        source, recipient = self.platform.organisations[world.SOURCE], self.platform.organisations[world.RECIPIENT]
        for datastore in (source.store.database, self.platform.log.datastore, recipient.projector.view.database):
            datastore.wipe()

    def measured(self, blocks: int) -> tuple[float, ...]:
        """Medians over some blocks."""
        return tuple(map(statistics.median, zip(*(self.block() for _ in range(blocks)), strict=True)))


def one_by_one(folder: Path) -> float:
    """The same product code with one transaction for each fact. Returns µs a fact."""
    platform = world.platform_in(folder)
    clients = world.consenting_clients(platform, 50)
    new = [f for f, _ in zip(world.facts(clients), range(ONE_BY_ONE), strict=False)]
    world.write(platform, new)
    with patch.object(services.kit.publisher, "BATCH", 1), patch.object(projections.run, "BATCH", 1):
        return timed(lambda: to_the_view(platform)) / len(new) * 1e6


def command_rate(folder: Path) -> tuple[float, float]:
    """Commands a second through the whole command path, and plain durable inserts of the same bytes."""
    platform = world.platform_in(folder / "commands")
    workshop = platform.organisations[world.SOURCE]
    actor = Actor("bench", "Bench", "workshop_instructor", world.SOURCE)
    clients = []
    for n in range(50):
        ref = platform.authority.client_ref(f"bench-{n}")
        workshop.register.put(ref, BENCH_CLIENT)
        workshop.execute(ref, StartActivity(days_per_week=4, place="Työpaja"), actor, "start")
        clients.append(ref)
    command = RecordParticipation(attended=True, hours=5)

    def give() -> None:
        for n in range(COMMANDS):
            workshop.execute(clients[n % len(clients)], command, actor, f"c{n}")

    taken = timed(give)
    data = encode(workshop.own_facts(clients[0])[-1])
    return COMMANDS / taken, COMMANDS / timed(lambda: plain_inserts(folder / "plain.sqlite", data))


BENCH_CLIENT = Entry("Bench", "010170-999R")


def plain_inserts(path: Path, data: bytes) -> None:
    connection: sqlite3.Connection = connect(path)
    connection.execute("CREATE TABLE facts (n INTEGER PRIMARY KEY, data BLOB)")
    for _ in range(COMMANDS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO facts (data) VALUES (?)", (data,))
        connection.execute("COMMIT")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--facts", type=int, default=500_000, help="how large the log grows")
    parser.add_argument("--data", type=Path, default=None, help="where to work; a temporary folder, if left out")
    asked = parser.parse_args()
    screen = Console()
    table = Table("what", "product", "baseline", "ratio", "aim", title="palvelupolku bench")
    with TemporaryDirectory(dir=asked.data) as place, screen.status("measuring") as status:
        folder = Path(place)
        commands, inserts = command_rate(folder)
        table.add_row("commands a second : plain durable inserts", f"{commands:,.0f}", f"{inserts:,.0f}", f"{commands / inserts:.2f}", "≥ 0.35")
        single = one_by_one(folder / "single")
        growing = Growing(folder)
        growing.block()  # the first block warms caches up
        small_memory = memory()
        small = product, plain, tuned = growing.measured(5)
        rate = f"{1e6 / product:,.0f}"
        table.add_row("publish to view, facts a second : raw sqlite3 as it comes", rate, f"{1e6 / plain:,.0f}", f"{plain / product:.2f}", "≥ 0.6")
        table.add_row(": raw sqlite3 tuned as the product is", rate, f"{1e6 / tuned:,.0f}", f"{tuned / product:.2f}", "")
        table.add_row(": one transaction for each fact", rate, f"{1e6 / single:,.0f}", f"{single / product:.1f}×", "≥ 10×")
        while growing.facts < asked.facts - 5 * world.BLOCK:
            growing.block()
            status.update(f"growing the log: {growing.facts:,} facts")
        large = growing.measured(5)
        for size, figures in (("about 10,000–60,000", small), (f"{growing.facts:,}", large)):
            shown = f"{figures[1]:.1f} / {figures[2]:.1f}"
            ratios = f"{figures[0] / figures[1]:.2f} / {figures[0] / figures[2]:.2f}"
            table.add_row(f"µs a fact, log of {size} : raw as it comes / tuned", f"{figures[0]:.1f}", shown, ratios, "")
        growth = large[0] / large[2] / (small[0] / small[2])
        table.add_row("growth of µs a fact : that of raw, tuned", "", "", f"{growth:.2f}", "0.90–1.10")
        table.add_row("memory MiB, small and large log (both pipelines)", f"{small_memory}", f"{memory()}", "", "")
        growing.platform.close()
    screen.print(table)


if __name__ == "__main__":
    main()
