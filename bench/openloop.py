"""
An open-loop load tool: requests are due at fixed times whatever came of those before, and a request's latency counts
from when it was due. So a stall shows in all requests that it held up.

    python bench/openloop.py URL RATE SECONDS [NAME:VALUE ...]

prints JSON: `median_ms`, `p99_ms`, `sent`, `errors` (not 200, or no answer).
"""

import asyncio
import json
import sys
import time
from collections import deque
from urllib.parse import urlsplit

import httptools
import uvloop

CONNECTIONS = 64
WARM_UP = 0.2
"""The part of the time at the beginning that does not count."""


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.due = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def ask(self, due: float) -> None:
        self.due = due
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.load.answered(self, self.parser.get_status_code())


class Load:
    def __init__(self, url: str, rate: float, seconds: float, headers: list[str]) -> None:
        self.url, self.rate, self.seconds = urlsplit(url), rate, seconds
        lines = [f"GET {self.url.path} HTTP/1.1", f"Host: {self.url.netloc}", *headers, "", ""]
        self.request = "\r\n".join(lines).encode()
        self.free: list[Connection] = []
        self.waiting: deque[float] = deque()
        self.latencies: list[float] = []
        self.errors = 0

    def answered(self, connection: Connection, status: int) -> None:
        now = time.perf_counter()
        if connection.due >= self.counted_from:
            self.latencies.append(now - connection.due)
            self.errors += status != 200
        if self.waiting:
            connection.ask(self.waiting.popleft())
        else:
            self.free.append(connection)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for _number in range(CONNECTIONS):
            _transport, connection = await loop.create_connection(
                lambda: Connection(self), self.url.hostname, self.url.port
            )
            self.free.append(connection)
        begun = time.perf_counter()
        self.counted_from = begun + self.seconds * WARM_UP
        sent, total = 0, int(self.rate * self.seconds)
        while sent < total:
            now = time.perf_counter()
            while sent < total and (due := begun + sent / self.rate) <= now:
                sent += 1
                if self.free:
                    self.free.pop().ask(due)
                else:
                    self.waiting.append(due)
            await asyncio.sleep(max(0.0, min(0.0005, begun + sent / self.rate - time.perf_counter())))
        await asyncio.sleep(2)
        self.errors += CONNECTIONS - len(self.free) + len(self.waiting)


def main() -> None:
    load = Load(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
    uvloop.run(load.run())
    found = sorted(load.latencies)
    told = {
        "median_ms": found[len(found) // 2] * 1000,
        "p99_ms": found[int(len(found) * 0.99)] * 1000,
        "sent": len(found),
        "errors": load.errors,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
