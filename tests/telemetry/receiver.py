"""A collector for tests: takes what is sent over OTLP/HTTP and keeps it, on OpenTelemetry's own messages."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Sent(NamedTuple):
    """A span. ``links``: ids of the traces that it is linked to."""

    trace: str
    span: str
    parent: str
    name: str
    organisation: str
    attributes: dict[str, str]
    links: tuple[str, ...]


class Receiver:
    def __init__(self) -> None:
        self.spans, self.metrics, self.raw = list[Sent](), set[str](), list[bytes]()
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver._take(self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _take(self, path: str, body: bytes) -> None:
        with self._news:
            self.raw.append(body)
            if path == "/v1/traces":
                self.spans += _spans(ExportTraceServiceRequest.FromString(body))
            elif path == "/v1/metrics":
                self.metrics |= _metrics(ExportMetricsServiceRequest.FromString(body))
            self._news.notify_all()

    def wait_for(self, *names: str, trace: str | None = None, seconds: float = 30.0) -> list[Sent]:
        """Until spans of all these names (in this trace) have come. Returns all spans of the trace, or all."""
        until = time.monotonic() + seconds
        with self._news:
            while True:
                found = [s for s in self.spans if trace in (None, s.trace)]
                if set(names) <= {s.name for s in found}:
                    return found
                assert self._news.wait(until - time.monotonic()), f"only {sorted({s.name for s in found})} came"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Sent]:
    for of_resource in request.resource_spans:
        resource = {a.key: a.value.string_value for a in of_resource.resource.attributes}
        for span in (s for scope in of_resource.scope_spans for s in scope.spans):
            attributes = {a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes}
            ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
            links = tuple(link.trace_id.hex() for link in span.links)
            yield Sent(*ids, span.name, resource.get("organisation", ""), attributes, links)


def _metrics(request: ExportMetricsServiceRequest) -> set[str]:
    return {m.name for r in request.resource_metrics for scope in r.scope_metrics for m in scope.metrics}


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()
