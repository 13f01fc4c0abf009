"""
The sandbox's HTTP server: on this machine only, one process, a thread per connection.

The standard library's server, since misbehaviour needs the connection itself: a WSGI server cannot hang up.
"""

import base64
import binascii
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from dinh.sandbox import control, services
from dinh.sandbox.authority import Authority, AuthorityMissing, enrol, load_authority
from dinh.sandbox.faults import Faults, HangUp, Mode
from dinh.sandbox.national import PORT_ABOVE_SANDBOX, National, NationalServer
from dinh.sandbox.outside.asked import Asked
from dinh.sandbox.outside.desk import Desk
from dinh.sandbox.outside.store import Store
from dinh.sandbox.remote import Refused, RemoteSigning
from dinh.sandbox.revocations import Revocations
from dinh.sandbox.security_server import SecurityServer

_HERE: Final = ("127.0.0.1", "localhost")
_MAX_BODY: Final = 256 * 1024
# Longer than the clients of `pki` wait.
_SLOW_SECONDS: Final = 10.0
_STALE_BY: Final = timedelta(days=30)
_GARBAGE: Final = b"\x30\x82\x7f\xff this is not what was asked for " * 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over the wire; of one that `is_cut` half, as if the other end had died meanwhile."""

    status: int
    body: bytes
    content_type: str
    is_cut: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def json(cls, value: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> "Answer":
        return cls(status, json.dumps(value).encode(), "application/json")

    @classmethod
    def of(cls, body: bytes, kind: str) -> "Answer":
        return cls(HTTPStatus.OK, body, f"application/{kind}")


@dataclass(slots=True)
class Sandbox:
    """
    The services of one data folder.

    :param folder: the authority's folder, `$DINH_DATA_DIR/pki`
    :param address: of the sandbox, as certificates name it
    """

    folder: Path
    address: str
    slow_seconds: float = _SLOW_SECONDS
    faults: Faults = field(default_factory=Faults)
    revocations: Revocations = field(init=False)
    remote: RemoteSigning = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        store = Store(self.folder.parent / "sandbox" / "outside.sqlite")
        self.desk = Desk(store, self.faults, self.slow_seconds)
        self.remote = RemoteSigning(self.folder.parent / "keys")
        self.revocations = Revocations(self.folder / "revoked.json")

    def answer(self, method: str, path: str, body: bytes) -> Answer | None:
        """
        The answer to a request; None where there is nothing of the kind.

        :param path: without its leading slash
        :raises HangUp, AuthorityMissing, BadOrder:
        """
        service, _slash, rest = path.partition("/")
        if (method, service, rest) == ("GET", "healthz", ""):
            self._authority()
            return Answer.json({"ok": True})
        if service == "control":
            return self._control(method, rest, body)
        if service == "ca" and method == "GET":
            return self._file(rest)
        if service == "ocsp":
            return self._status(method, rest, body)
        if (method, service, rest) == ("POST", "tsa", ""):
            return self._timestamp(body)
        if path == ".well-known/est/simplereenroll" and method == "POST":
            return self._enrol(body)
        if service == "csc" and method == "POST":
            return self._remote(rest, body)
        return None

    def outside(self, name: str, asked: Asked) -> Answer | None:
        """
        What the stand-in of an outside system answers; None where there is nothing of the kind.

        :raises HangUp:
        """
        self.desk.faults, self.desk.slow_seconds = self.faults, self.slow_seconds
        reply = self.desk.answer(name, asked)
        return None if reply is None else Answer(reply.status, reply.body, reply.content_type, reply.is_cut)

    def security_server(self, asked: Asked) -> Answer:
        """
        What X-Road's security server answers to `/r1/...`, in front of the same stand-ins.

        :raises HangUp:
        """
        self.desk.faults, self.desk.slow_seconds = self.faults, self.slow_seconds
        told = SecurityServer(self.desk).answer(asked, self._mood("security_server"))
        return Answer(told.status, told.body, told.content_type, headers=told.headers)

    def _enrol(self, body: bytes) -> Answer:
        """A certificate for whoever asks (EST, RFC 7030): there is no TLS here to know them by."""
        if self._mood("est") is Mode.GARBAGE:
            return Answer.of(_GARBAGE, "pkcs7-mime")
        try:
            request = x509.load_der_x509_csr(base64.b64decode(body))
        except ValueError as error:
            raise control.BadOrder("Send a PKCS #10 request in base64.") from error
        issued = enrol(self._authority(), request, address=self.address)
        certificates = pkcs7.serialize_certificates([issued, self._authority().ca.certificate], Encoding.DER)
        return Answer.of(base64.encodebytes(certificates), "pkcs7-mime; smime-type=certs-only")

    def _remote(self, rest: str, body: bytes) -> Answer | None:
        if self._mood("csc") is Mode.GARBAGE:
            return Answer.of(_GARBAGE, "json")
        try:
            told = self.remote.answer(rest.removeprefix("v2/"), body)
        except Refused as refusal:
            fault = {"error": refusal.code, "error_description": refusal.words}
            return Answer.json(fault, HTTPStatus.BAD_REQUEST)
        return None if told is None else Answer.json(told)

    def _authority(self) -> Authority:
        return load_authority(self.folder, address=self.address)

    def _control(self, method: str, what: str, body: bytes) -> Answer | None:
        if (method, what) == ("GET", ""):
            state = control.state_of_faults(self.faults) | control.state_of_revocations(self.revocations)
            state |= control.state_of_phones(self.remote)
            return Answer.json(state)
        if method != "POST":
            return None
        if what == "revoke":
            return Answer.json(control.revoke(body, self.revocations, at=_now()))
        if what == "restore":
            return Answer.json(control.restore(body, self.revocations))
        if what in ("approve", "decline"):
            return Answer.json(control.decide(body, self.remote, approve=what == "approve"))
        if what == "time":
            return Answer.json(control.pass_time(body, self.desk.store))
        if what == "state":
            return Answer.json(control.set_state(body, self.desk.store))
        return Answer.json(control.set_fault(body, self.faults)) if what == "faults" else None

    def _file(self, name: str) -> Answer | None:
        stem, _dot, kind = name.partition(".")
        issuer = self._authority().issuer(stem)
        if issuer is None or kind not in ("crl", "cer"):
            return None
        content_type = "pkix-crl" if kind == "crl" else "pkix-cert"
        mode = self._mood("crl" if kind == "crl" else "ca")
        if mode is Mode.GARBAGE:
            return Answer.of(_GARBAGE, content_type)
        if kind == "cer":
            return Answer.of(issuer.der, content_type)
        signer = issuer.with_foreign_key() if mode is Mode.WRONG_SIGNATURE else issuer
        revoked = self.revocations.of(stem)
        return Answer.of(services.revocation_list(signer, revoked, at=_moment(mode)), content_type)

    def _status(self, method: str, rest: str, body: bytes) -> Answer | None:
        if method == "GET":
            # RFC 6960 (A.1): the request in the path, base64 and percent-encoded.
            body = _decoded(rest)
        elif rest:
            return None
        mode = self._mood("ocsp")
        if mode is Mode.GARBAGE:
            return Answer.of(_GARBAGE, "ocsp-response")
        is_forged = mode is Mode.WRONG_SIGNATURE
        answer = services.status(
            self._authority(), self.revocations, body, at=_moment(mode), is_forged=is_forged
        )
        return Answer.of(answer, "ocsp-response")

    def _timestamp(self, body: bytes) -> Answer:
        mode = self._mood("tsa")
        if mode is Mode.GARBAGE:
            return Answer.of(_GARBAGE, "timestamp-reply")
        answer = services.timestamp(
            self._authority(),
            body,
            at=_now(),
            is_forged=mode is Mode.WRONG_SIGNATURE,
            is_stale=mode is Mode.STALE,
        )
        return Answer.of(answer, "timestamp-reply")

    def _mood(self, service: str) -> Mode | None:
        mode = self.faults.take(service)
        if mode is Mode.DOWN:
            raise HangUp
        if mode is Mode.SLOW:
            time.sleep(self.slow_seconds)
        return mode


class Server(ThreadingHTTPServer):
    """
    Listens for one sandbox on 127.0.0.1.

    :param port: 0 takes any free one; the sandbox's address must name the one that is used
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.sandbox: Sandbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "dinh-sandbox"
    sys_version = ""
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing.")
        elif int(size) > _MAX_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {_MAX_BODY} bytes are read.")
        else:
            self._serve(self.rfile.read(int(size)))

    def _serve(self, body: bytes) -> None:
        path = urlsplit(self.path).path.removeprefix("/")
        if fault := self._foreign(path):
            return self._refuse(HTTPStatus.FORBIDDEN, fault)
        try:
            answer = self._answered(path, body)
        except HangUp:
            self.close_connection = True
        except AuthorityMissing as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except control.BadOrder as error:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        else:
            if answer is None:
                return self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")
            self._send(answer)
        return None

    def _answered(self, path: str, body: bytes) -> Answer | None:
        sandbox = self.server.sandbox
        headers = {key.lower(): value for key, value in self.headers.items()}
        query = urlsplit(self.path).query
        if path.startswith("r1/"):
            return sandbox.security_server(Asked(self.command, unquote(path), query, headers, body))
        if not path.startswith("outside/"):
            return sandbox.answer(self.command, path, body)
        name, _slash, operation = path.removeprefix("outside/").partition("/")
        return sandbox.outside(name, Asked(self.command, unquote(operation), query, headers, body))

    def _foreign(self, path: str) -> str:
        """Why the request may come from a page of another site in this machine's browser; else empty."""
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in _HERE:
            return "Only 127.0.0.1 and localhost are served here."
        is_order = self.command == "POST" and path.startswith("control/")
        if is_order and self.headers.get_content_type() != "application/json":
            return "Orders must come as application/json."
        return ""

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True
        problem = {"title": status.phrase, "status": status.value, "detail": reason}
        self._send(Answer(status, json.dumps(problem).encode(), "application/problem+json"))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)
        self.close_connection = self.close_connection or answer.is_cut

    def log_message(self, format: str, *args: object) -> None:
        if self.path != "/healthz":
            sys.stderr.write(f"{self.command} {self.path[:120]} {args[1] if len(args) > 1 else ''}\n")


def serve(*, folder: Path, address: str) -> None:
    """
    Serve until the process is told to end.

    :param address: `http://127.0.0.1:PORT`; also what certificates name
    """
    server = Server(urlsplit(address).port or 80)
    server.sandbox = Sandbox(folder, address)
    _serve_national(server)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    sys.stderr.write(f"Sandbox on {address}\n")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.stderr.write("Sandbox stopped.\n")
    finally:
        server.server_close()


def _serve_national(server: Server) -> None:
    """Beside it, by TLS on a port of its own."""
    sandbox = server.sandbox
    national = National(sandbox.folder, sandbox.folder.parent / "exchange", sandbox.faults)
    port = server.server_port + PORT_ABOVE_SANDBOX
    if not national.is_there():
        sys.stderr.write("No national gateway: the demo's data are not loaded.\n")
        return
    try:
        listening = NationalServer(port, national)
    except OSError as error:
        sys.stderr.write(f"No national gateway: port {port}: {error}\n")
        return
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    sys.stderr.write(f"National gateway on https://127.0.0.1:{port}\n")


def main() -> None:
    """Serve where DINH_SANDBOX_URL says (else PORT + 1), from DINH_DATA_DIR."""
    port = int(os.environ.get("PORT", "8000")) + 1
    address = os.environ.get("DINH_SANDBOX_URL", f"http://127.0.0.1:{port}").rstrip("/")
    url = urlsplit(address)
    if url.scheme != "http" or url.hostname not in _HERE or url.path:
        sys.exit(f"DINH_SANDBOX_URL must be http://127.0.0.1:PORT for `dinh sandbox`, but is {address}.")
    data_dir = Path(os.environ.get("DINH_DATA_DIR", "var")).expanduser().resolve()
    serve(folder=data_dir / "pki", address=address)


def _now() -> datetime:
    # Lists and status answers carry whole seconds (RFC 5280, 4.1.2.5).
    return datetime.now(UTC).replace(microsecond=0)


def _moment(mode: Mode | None) -> datetime:
    return _now() - _STALE_BY if mode is Mode.STALE else _now()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(unquote(text), validate=True)
    except (binascii.Error, ValueError):
        return b""
