"""A provider on a port of its own that echoes what it got, or misbehaves as the path says."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MB = 1024 * 1024
STREAMED = 300_000


class Provider(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def log_message(self, *_args: object) -> None:
        pass

    def _any(self) -> None:
        body = self._body()
        self.server.seen.append(f"{self.command} {self.path}")
        what = self.path.split("?")[0].rpartition("/")[2]
        act = getattr(self, f"_{what.replace('-', '_')}", None)
        if act:
            act(body)
            return
        told = {
            "method": self.command,
            "path": self.path,
            "headers": [[name, value] for name, value in self.headers.items()],
            "body": body.decode("latin-1") if len(body) < 10_000 else len(body),
        }
        self._send(200, json.dumps(told).encode(), "application/json")

    def __getattr__(self, name: str) -> object:
        """http.server asks for do_GET and so on."""
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Own", "yes")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _small(self, _body: bytes) -> None:
        self._send(200, b'{"ok": true}', "application/json")

    def _extended(self, _body: bytes) -> None:
        """With headers of the protocol, as a provider may and may not set them."""
        self.send_response(200)
        for name in ("Ext", "Id", "Request-Id", "Request-Hash", "Client", "Service", "Error"):
            self.send_header(f"X-Road-{name}", "of-the-provider")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _many_headers(self, _body: bytes) -> None:
        """A head of 55 kB."""
        self.send_response(200)
        for number in range(10):
            self.send_header(f"X-Many-{number}", "v" * 5500)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _broken(self, _body: bytes) -> None:
        self._send(500, b'{"provider": "broken"}', "application/json")

    def _moved(self, _body: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", "/small")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _slow(self, _body: bytes) -> None:
        time.sleep(3)
        self._send(200, b"late", "text/plain")

    def _hang_up(self, _body: bytes) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _garbage(self, _body: bytes) -> None:
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        self.close_connection = True

    def _two_lengths(self, _body: bytes) -> None:
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"
            b"Content-Length: 6\r\n\r\nforged"
        )

    def _coded(self, _body: bytes) -> None:
        self._in_coding(b"Transfer-Encoding: gzip, chunked\r\n")

    def _twice_coded(self, _body: bytes) -> None:
        self._in_coding(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")

    def _in_coding(self, lines: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n2\r\nab\r\n0\r\n\r\n")

    def _large(self, _body: bytes) -> None:
        self._send_many(20)

    def _huge(self, _body: bytes) -> None:
        self._send_many(100)

    def _send_many(self, count: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(count * MB))
        self.end_headers()
        for _part in range(count):
            self.wfile.write(b"\x07" * MB)

    def _streamed(self, _body: bytes) -> None:
        """Each answer another one, too large to be held by whoever passes it on."""
        self._send(200, os.urandom(STREAMED), "application/octet-stream")

    def _large_error(self, _body: bytes) -> None:
        """As X-Road's own server may pass one on from another."""
        self.send_response(500)
        self.send_header("X-Road-Error", "Server.ServerProxy.ServiceFailed")
        self.send_header("Content-Length", str(STREAMED))
        self.end_headers()
        self.wfile.write(b"e" * STREAMED)

    def _at_once(self, _body: bytes) -> None:
        """Head and body in one piece, the head the same each time."""
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nDate: Mon, 02 Mar 2026 05:00:00 GMT\r\nX-Own: yes\r\nX-Exchange-Id: forged\r\n"
            b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Length: 6\r\n\r\n"
            + os.urandom(3).hex().encode()
        )

    def _split(self, _body: bytes) -> None:
        """A small answer whose head and body come apart."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.flush()
        time.sleep(0.003)
        self.wfile.write(b"small")

    def _chunked(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _part in range(5):
            self.wfile.write(b"%x\r\n" % MB + b"\x08" * MB + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _breaks_off(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n" % MB + b"\x09" * MB + b"\r\n")
        self.wfile.flush()
        time.sleep(0.3)
        self._hang_up(b"")


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


PATHS = [
    "/small", "/split", "/huge", "/broken", "/slow", "/hang-up", "/garbage", "/two-lengths", "/large", "/chunked",
    "/breaks-off", "/echo", "POST /echo", "PUT /echo", "HEAD /small", "POST /hang-up", "/items/{code}",
    "/items/{code}/parts/{part}", "/items/fixed", "/many-headers", "/coded",
    "/twice-coded", "/extended", "/streamed", "/large-error", "/at-once",
]  # fmt: skip
