"""
The national exchange's gateway, as far as a province's gateway sees it: mutual TLS, signed messages both ways
(RFC 9421 over RFC 9530 digests), X-Road addresses. It serves everything and echoes what it understood.

Its key and certificate, and the expired pair, are made by the demo step of `exchange`; whom it lets in are the gateways
that keep their certificates in the same data folder.
"""

import base64
import hashlib
import json
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dinh.pki.certificates import fingerprint
from dinh.pki.http_signatures import (
    BadMessageSignature,
    content_digest,
    read_content_digest,
    read_signature,
    sign_message,
    verify_message,
)
from dinh.sandbox.faults import Faults, Mode

PORT_ABOVE_SANDBOX: Final = 3
_MAX_BODY: Final = 16 * 1024 * 1024
_TAG: Final = "dinh-exchange"
_SECONDS: Final = 60
_HOP: Final = frozenset({"host", "content-length", "connection", "signature", "signature-input"})
_MUST_COVER: Final = frozenset(
    {'"@method"', '"@path"', '"@query"', '"content-digest"', '"x-road-client"', '"x-road-id"'}
)
Pairs = list[tuple[str, str]]
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class NotSigned(Exception):
    """The request is not signed as it should be."""


@dataclass
class National:
    """
    :param folder: with `national.pem`, `national-expired.pem` and their keys
    :param gateways: folder whose subfolders hold the certificates of the gateways that are let in
    """

    folder: Path
    gateways: Path
    faults: Faults
    slow_seconds: float = 10.0
    _nonces: dict[str, float] = field(default_factory=dict)
    _last: tuple[int, Pairs, bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_there(self) -> bool:
        return (self.folder / "national.pem").exists()

    def context(self) -> ssl.SSLContext:
        """Made anew for each connection: a gateway's certificate may have come since."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "national.pem", self.folder / "national-key.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for path in self.gateways.glob("*/certificate.pem"):
            context.load_verify_locations(path)
        return context

    def check(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """:raises NotSigned: naming what is wrong"""
        components = _components(headers) | _request_line(method, target)
        try:
            signature = read_signature(
                headers.get("signature-input", "").encode(), headers.get("signature", "").encode()
            )
            key = self._keys().get(signature.keyid)
            missing = (_MUST_COVER | _components(headers).keys()) - set(signature.covered)
            if key is None or missing or signature.tag != f"{_TAG}/{self._own('national')[1]}":
                raise NotSigned("Unknown key, signed for somebody else, or too little covered.")
            verify_message(components, signature, key=key)
            if read_content_digest(components['"content-digest"']) != hashlib.sha256(body).digest():
                raise NotSigned("The content is not that of Content-Digest.")
        except BadMessageSignature as error:
            raise NotSigned(str(error)) from error
        self._take(signature.nonce, signature.created or 0)

    def _take(self, nonce: str, created: int) -> None:
        now = time.time()
        with self._lock:
            self._nonces = {known: seen for known, seen in self._nonces.items() if now - seen < 3 * _SECONDS}
            if abs(now - created) > _SECONDS or not nonce or nonce in self._nonces:
                raise NotSigned("This message came before, or at another time than it says.")
            self._nonces[nonce] = now

    def _keys(self) -> dict[str, PublicKey]:
        found: dict[str, PublicKey] = {}
        for path in self.gateways.glob("*/certificate.pem"):
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            key = certificate.public_key()
            if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
                found[fingerprint(certificate)] = key
        return found

    def answer(
        self, mode: Mode | None, status: int, headers: Pairs, body: bytes, request_signature: str
    ) -> tuple[int, Pairs, bytes]:
        """What goes back: signed well, or as the mode says."""
        last = self._last
        if mode is Mode.REPLAY and last is not None:
            return last
        key, name = self._own("national-expired" if mode is Mode.EXPIRED else "national")
        if mode is Mode.WRONG_SIGNATURE:
            key = ec.generate_private_key(ec.SECP256R1())
        told = secrets.token_bytes(8) if mode is Mode.WRONG_DIGEST else body
        digest = content_digest(hashlib.sha256(told).digest()).decode()
        signed = [*headers, ("content-digest", digest)]
        components = _components(dict(signed)) | {
            '"@status"': str(status).encode(), '"signature";req': request_signature.encode(),
        }  # fmt: skip
        field_of_input, value = sign_message(
            components, label="national", covered=list(components), key=key, keyid=name,
            created=int(time.time()), tag=_TAG,
        )  # fmt: skip
        signed += [("signature-input", field_of_input.decode()), ("signature", value.decode())]
        self._last = (status, signed, body)
        return self._last

    def _own(self, stem: str) -> tuple[PrivateKey, str]:
        key = load_pem_private_key((self.folder / f"{stem}-key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)  # noqa: S101 the demo makes no others
        certificate = x509.load_pem_x509_certificate((self.folder / f"{stem}.pem").read_bytes())
        return key, fingerprint(certificate)


def _components(headers: Mapping[str, str]) -> dict[str, bytes]:
    return {f'"{name}"': value.strip().encode() for name, value in headers.items() if name not in _HOP}


def _request_line(method: str, target: str) -> dict[str, bytes]:
    path, _mark, query = target.partition("?")
    return {'"@method"': method.encode(), '"@path"': path.encode(), '"@query"': f"?{query}".encode()}


class NationalServer(ThreadingHTTPServer):
    """Listens for one national gateway on 127.0.0.1."""

    daemon_threads = True

    def __init__(self, port: int, national: National) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.national = national

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread, so that a slow handshake holds nobody up.
        request.settimeout(30)
        try:
            with self.national.context().wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except (ssl.SSLError, OSError) as error:
            sys.stderr.write(f"national gateway: {error}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "national-gateway"
    sys_version = ""
    timeout = 60
    server: NationalServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        # The standard library asks for do_GET, do_POST and so on.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        national, size = self.server.national, self.headers.get("content-length", "0")
        body = self.rfile.read(min(int(size), _MAX_BODY)) if size.isdecimal() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        mode = national.faults.take("national")
        if mode is Mode.DOWN:
            self.close_connection = True
            return
        if mode is Mode.SLOW:
            time.sleep(national.slow_seconds)
        try:
            national.check(self.command, self.path, headers, body)
            status, answer = HTTPStatus.OK, self._echo(headers, body)
            kind = ""
        except NotSigned as error:
            kind, status = "Server.ServerProxy.InvalidSignatureValue", HTTPStatus.INTERNAL_SERVER_ERROR
            answer = _error(kind, str(error))
        if mode is Mode.ERROR:
            kind, status = "Server.ServerProxy.ServiceFailed.InternalError", HTTPStatus.INTERNAL_SERVER_ERROR
            answer = _error(kind, "The sandbox fails on request.")
        told = [("content-type", "application/json;charset=utf-8")]
        told += [("x-road-error", kind)] if kind else []
        self._send(*national.answer(mode, status, told, answer, headers.get("signature", "")))

    def _echo(self, headers: Mapping[str, str], body: bytes) -> bytes:
        told = {
            "gateway": "national", "method": self.command, "path": urlsplit(self.path).path,
            "client": headers.get("x-road-client", ""), "message": headers.get("x-road-id", ""),
            "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(), "bytes": len(body),
        }  # fmt: skip
        return json.dumps(told).encode()

    def _send(self, status: int, headers: Pairs, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        sys.stderr.write(f"national {self.command} {self.path[:120]}\n")


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"type": kind, "message": message, "detail": secrets.token_hex(8)}).encode()
