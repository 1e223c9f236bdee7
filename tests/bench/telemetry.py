"""What telemetry costs on the way from the publisher to the view: ``python -m tests.bench.telemetry`` prints µs a fact of this
process's own CPU, which a busy machine moves less than time; each way in a process of its own, turn and turn about.

off: nothing is set up; figures: kept for Prometheus; traces: a span a batch too; acts: every fact comes of a sampled act.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from services.kit.store import KEEP_TRACE, PUBLISHER, OrganisationStore
from services.kit.telemetry.redaction import Redacting
from tests.bench import world
from tests.bench.__main__ import to_the_view

WAYS = ("off", "figures", "traces", "acts")
BLOCKS, ROUNDS = 6, 3


class Nowhere(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def set_up(way: str) -> None:
    if way == "off":
        return
    metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
    if way != "figures":
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(Redacting(Nowhere())))
        trace.set_tracer_provider(provider)


def come_of_acts(store: OrganisationStore, count: int) -> None:
    first = store.position(PUBLISHER) + 1
    rows: Iterable[tuple[int, str]] = ((n, f"00-{n:032x}-{n:016x}-01") for n in range(first, first + count))
    with store.database.transaction(commit=True) as cursor:
        cursor.executemany(KEEP_TRACE, rows)


def measure(way: str) -> float:
    set_up(way)
    taken = []
    with TemporaryDirectory() as folder:
        platform = world.platform_in(Path(folder))
        for _ in range(BLOCKS):
            new = list(world.facts(world.consenting_clients(platform, world.CLIENTS_IN_BLOCK)))
            world.write(platform, new)
            if way == "acts":
                come_of_acts(platform.organisations[world.SOURCE].store, len(new))
            start = time.process_time()
            to_the_view(platform)
            taken.append((time.process_time() - start) / len(new) * 1e6)
        platform.close()
    return min(taken[1:])


def main() -> None:
    if len(sys.argv) > 1:
        print(measure(sys.argv[1]))
        return
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            command = [sys.executable, "-m", "tests.bench.telemetry", way]
            taken[way].append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    off = statistics.median(taken["off"])
    for way, found in taken.items():
        print(f"{way:8} {statistics.median(found):6.1f} µs a fact   {statistics.median(found) / off:.2f}")


if __name__ == "__main__":
    main()
