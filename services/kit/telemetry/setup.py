"""Where a process tells of itself: logs on stderr, figures for Prometheus to fetch and, where an endpoint is set, figures
and traces to it over OTLP. OpenTelemetry's own variables (sampling, limits, headers) hold too."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from services.kit.settings import Telemetry
from services.kit.telemetry import logs
from services.kit.telemetry.redaction import Redacting

FLUSH_MILLISECONDS = 3_000
"""At the end, for what has not been sent yet: a collector that is away must not hold a process up."""


@contextmanager
def telling(settings: Telemetry, organisation: str | None, part: str | None, port: int) -> Iterator[None]:
    """What is within tells of itself; once for a process. ``organisation``: None for all of an installation; ``part`` of
    its work, None for all."""
    logs.begin(settings.log_level)
    attributes = {
        "service.name": "palvelupolku",
        "service.instance.id": f"{organisation or 'installation'}/{part or 'all'}@{socket.gethostname()}:{port}",
    }
    resource = Resource.create(attributes | ({"organisation": organisation} if organisation else {}))
    endpoint = (settings.otel_exporter_otlp_endpoint or "").rstrip("/")
    figures = MeterProvider(list(_readers(endpoint)), resource, shutdown_on_exit=False)
    metrics.set_meter_provider(figures)
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    if endpoint:
        traces.add_span_processor(BatchSpanProcessor(Redacting(OTLPSpanExporter(f"{endpoint}/v1/traces"))))
        trace.set_tracer_provider(traces)
    try:
        yield
    finally:
        traces.force_flush(FLUSH_MILLISECONDS)
        traces.shutdown()
        figures.shutdown(FLUSH_MILLISECONDS)


def _readers(endpoint: str) -> Iterator[MetricReader]:
    yield PrometheusMetricReader(scope_info_enabled=False)
    if endpoint:
        yield PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics"))
