"""Whoever watches over a process is answered whatever its requests wait for."""

import asyncio
import threading
from types import SimpleNamespace
from typing import cast

import anyio.to_thread
import httpx
from fastapi import FastAPI

from services.kit.node import Node
from services.kit.web.node_health import add_node_health

SECONDS = 10.0


def test_it_is_alive_while_every_thread_waits_for_somebody_who_is_away() -> None:
    assert asyncio.run(_asked_while_all_wait()) == {"alive": True}


async def _asked_while_all_wait() -> object:
    app, waiting, back = FastAPI(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    add_node_health(app, cast(Node, SimpleNamespace(loops=())))

    @app.get("/waits")
    def waits() -> bool:
        loop.call_soon_threadsafe(waiting.set)
        return back.wait(SECONDS)

    anyio.to_thread.current_default_thread_limiter().total_tokens = 1
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        one = asyncio.create_task(client.get("/waits"))
        try:
            await waiting.wait()
            answer = await asyncio.wait_for(client.get("/healthz"), SECONDS / 2)
        finally:
            back.set()
            await one
    return answer.json()
