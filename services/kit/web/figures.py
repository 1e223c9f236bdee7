"""What Prometheus fetches: the process's figures as they are now."""

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def add_figures(app: FastAPI) -> None:
    @app.get("/metrics", include_in_schema=False)
    def figures() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
