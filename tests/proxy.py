"""A way to a server on which a connection breaks just where a test wants it to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Lost = Literal["request", "answer"]


class Proxy:
    """Everything passes, until a request that has some bytes in it comes by: ``lose``."""

    def __init__(self, host: str, port: int):
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._having: bytes | None = None
        self._what: Lost = "answer"
        self._open: list[socket.socket] = []
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, what: Lost, having: bytes) -> None:
        """The next request that has these bytes does not reach the server, or its answer does not reach who asked:
        the server has done all by then. The connection is gone either way."""
        self._what, self._having = what, having

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [client, server]
                cut = threading.Event()
                for pump in (self._requests, self._answers):
                    threading.Thread(target=pump, args=(client, server, cut), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with _ending(client, server), suppress(OSError):
            while asked := client.recv(65536):
                if self._having is not None and self._having in asked:
                    self._having = None
                    cut.set()
                    if self._what == "request":
                        self.lost += 1
                        return
                server.sendall(asked)

    def _answers(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with _ending(client, server), suppress(OSError):
            while answered := server.recv(65536):
                if cut.is_set():
                    self.lost += 1
                    return
                client.sendall(answered)

    def close(self) -> None:
        self._listening.close()
        for end in self._open:
            end.close()


@contextmanager
def _ending(*ends: socket.socket) -> Iterator[None]:
    """Where one direction has ended, the other ends too."""
    try:
        yield
    finally:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
