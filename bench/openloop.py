"""
An open-loop load tool: requests are due at fixed times whatever came of those before, and a request's latency counts
from when it was due. So a stall shows in all requests that it held up.

    python bench/openloop.py URL RATE SECONDS [NAME:VALUE ...]

prints JSON: `median_ms`, `p99_ms`, `sent`, `errors` (not 200, or no answer), all with the warm-up
left out; of the whole time `answered` (200) and `refused` (any other answer); `cpu` (part of a core that the tool took:
it shares the machine with what it measures). Answers must come with their length, and fit one reading of 64 kB.
"""

import json
import re
import select
import socket
import sys
import time
from collections import deque
from urllib.parse import urlsplit

CONNECTIONS = 64
WARM_UP = 0.2
"""The part of the time at the beginning that does not count."""
LOOK_EVERY = 0.0002
LAST_SECONDS = 2.0
"""How long the last answers may take."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Connection:
    """One request at a time."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.got = b""

    def is_whole(self) -> bool:
        """Whether the answer has come to its end, after one more reading. :raises OSError: the line was closed"""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError
        self.got += part
        head = self.got.find(b"\r\n\r\n")
        if head < 0:
            return False
        return len(self.got) >= head + 4 + int(LENGTH.search(self.got, 0, head + 4)[1])


class Load:
    def __init__(self, url: str, rate: float, seconds: float, headers: list[str]) -> None:
        self.url, self.rate, self.seconds = urlsplit(url), rate, seconds
        lines = [f"GET {self.url.path} HTTP/1.1", f"Host: {self.url.netloc}", *headers, "", ""]
        self.request = "\r\n".join(lines).encode()
        self.poll = select.epoll()
        self.connections: dict[int, Connection] = {}
        self.free: list[Connection] = []
        self.waiting: deque[float] = deque()
        self.latencies: list[float] = []
        self.errors = self.whole = self.refused = 0

    def run(self) -> None:
        for _number in range(CONNECTIONS):
            connection = Connection((self.url.hostname, self.url.port))
            self.connections[connection.socket.fileno()] = connection
            self.poll.register(connection.socket, select.EPOLLIN)
            self.free.append(connection)
        begun = time.perf_counter()
        self.counted_from = begun + self.seconds * WARM_UP
        sent, total = 0, int(self.rate * self.seconds)
        last = begun + self.seconds + LAST_SECONDS
        while (now := time.perf_counter()) < last and (sent < total or len(self.free) < CONNECTIONS):
            while sent < total and (due := begun + sent / self.rate) <= now:
                sent += 1
                self.ask(due)
            if not self.take():
                time.sleep(LOOK_EVERY)
        self.errors += CONNECTIONS - len(self.free) + len(self.waiting)

    def ask(self, due: float) -> None:
        if not self.free:
            self.waiting.append(due)
            return
        connection = self.free.pop()
        connection.due, connection.got = due, b""
        connection.socket.send(self.request)

    def take(self) -> bool:
        """What has come; whether anything had."""
        ready = self.poll.poll(0)
        for descriptor, _event in ready:
            connection = self.connections[descriptor]
            try:
                if connection.is_whole():
                    self.answered(connection)
            except OSError:
                # It stays taken, so it counts as an error at the end.
                self.poll.unregister(descriptor)
        return bool(ready)

    def answered(self, connection: Connection) -> None:
        is_well = connection.got.startswith(b"HTTP/1.1 200")
        self.whole += is_well
        self.refused += not is_well
        if connection.due >= self.counted_from:
            self.latencies.append(time.perf_counter() - connection.due)
            self.errors += not is_well
        self.free.append(connection)
        if self.waiting:
            self.ask(self.waiting.popleft())


def main() -> None:
    load = Load(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
    begun, spent = time.perf_counter(), time.process_time()
    load.run()
    cpu = (time.process_time() - spent) / (time.perf_counter() - begun)
    found = sorted(load.latencies)
    told = {
        "median_ms": found[len(found) // 2] * 1000,
        "p99_ms": found[int(len(found) * 0.99)] * 1000,
        "sent": len(found),
        "errors": load.errors,
        "answered": load.whole,
        "refused": load.refused,
        "cpu": round(cpu, 2),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
