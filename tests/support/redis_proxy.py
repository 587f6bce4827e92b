"""A proxy between a client and a Redis on loopback that injects network faults. It runs on its own threads."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Proxy:
    """Forwards everything by default.

    `swallow = True` drops what the server pushes to a subscriber and forwards the rest. The connection stays open.
    `probes` counts the subscriber's own probes that were forwarded, `swallowed_probes` those that were dropped.
    `cut()` closes all connections and refuses new ones until `refuse = False`.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.swallow = False
        self.swallowed = 0
        self.probes = self.swallowed_probes = 0
        self.refuse = False
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        _thread(self._accept)

    def stop(self) -> None:
        for sock in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def cut(self) -> None:
        self.refuse = True
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.refuse:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._to))
                except OSError:  # the server is away, and may come back
                    client.close()
                    continue
                self._open += (client, server)
                _thread(self._pump, client, server, False)
                _thread(self._pump, server, client, True)

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                # Pushes to a RESP2 subscriber are arrays that begin with the word `message`.
                if from_server and data.startswith(b"*3\r\n$7\r\nmessage"):
                    probes = data.count(b".probe-")
                    if self.swallow:
                        self.swallowed += 1
                        self.swallowed_probes += probes
                        continue
                    self.probes += probes
                sink.sendall(data)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _thread(run: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=run, args=arguments, daemon=True).start()
