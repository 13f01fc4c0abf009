"""Many callers that are slow on purpose: with their heads, with their bodies, with reading."""

import contextlib
import select
import socket

_HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 1000\r\n"


class SlowClients(contextlib.AbstractContextManager["SlowClients"]):
    """
    Opens so many connections and keeps them: half of them amid a head, half amid a body.

    Each connection needs a descriptor here and one in the gateway.
    """

    def __init__(self, port: int, count: int, *, token: str, path: str) -> None:
        head = _HEAD.format(path=path, token=token).encode()
        self._kinds = (head + b"X-Slow: ", head + b"\r\nhalf a body")
        self._port, self._count = port, count
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> "SlowClients":
        for number in range(self._count):
            made = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            made.sendall(self._kinds[number % 2])
            self._sockets.append(made)
        return self

    def __exit__(self, *_failure: object) -> None:
        for each in self._sockets:
            each.close()

    def still_open(self) -> int:
        """How many the gateway has neither answered nor hung up on."""
        poll = select.poll()
        for each in self._sockets:
            poll.register(each, select.POLLIN | select.POLLHUP)
        return len(self._sockets) - len(poll.poll(0))
