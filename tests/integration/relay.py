"""A way to the container engine that a test can cut, without harm to the engine or to anybody else who uses it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit


class Relay:
    """Relays a Unix socket to the engine at *host* (``unix://`` or ``tcp://``), until it is cut."""

    def __init__(self, host: str, path: Path) -> None:
        self._upstream = urlsplit(host)
        assert self._upstream.scheme in ("unix", "tcp"), f"cannot relay to {host}"
        self._path = path
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._cut = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        return f"unix://{self._path}"

    def cut(self) -> None:
        """From now on nobody is here, and who was talking is cut off."""
        with self._lock:
            self._cut = True
            self._path.unlink(missing_ok=True)
            for one in (self._listener, *self._sockets):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = self._connect()
                with self._lock:
                    if self._cut:
                        client.close()
                        upstream.close()
                        return
                    self._sockets += [client, upstream]
                for source, sink in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._upstream.scheme == "unix":
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(self._upstream.path)
            return upstream
        return socket.create_connection((self._upstream.hostname or "", self._upstream.port or 2375))

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)  # one half only: the engine answers after our input has ended
