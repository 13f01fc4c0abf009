"""A stand-in for clamd that speaks its protocol: PING and INSTREAM, NUL-terminated commands, chunks by length."""

import socketserver
import struct
from threading import Thread

MARK = b"a-test-that-stands-for-a-virus"
LIMIT = 2_000_000


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        command = self._command()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
        elif command == b"zINSTREAM":
            self.wfile.write(self._verdict() + b"\0")

    def _command(self):
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        return command[:-1]

    def _verdict(self):
        content = b""
        while length := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > LIMIT:
                return b"INSTREAM size limit exceeded. ERROR"
        self.server.scanned.append(content)
        return b"stream: Test.Virus FOUND" if MARK in content else b"stream: OK"


def clamd(address, kind=socketserver.ThreadingTCPServer):
    """A running server; its `scanned` lists what it was given."""
    server = kind(address, _Handler)
    server.daemon_threads, server.scanned = True, []
    Thread(target=server.serve_forever, daemon=True).start()
    return server
