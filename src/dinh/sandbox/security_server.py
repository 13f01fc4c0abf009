"""
X-Road's security server, made small: its REST protocol (PR-REST 1.0) in front of the stand-ins of outside systems.

Like the real one it takes nothing from whoever does not say who they are, and tells what went wrong by X-Road-Error.
"""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from typing import Final

from dinh.sandbox.faults import Mode
from dinh.sandbox.outside.asked import Asked
from dinh.sandbox.outside.desk import Desk

_SERVICES: Final = {
    "apiHoTichTuPhap": "civil_status",
    "apiLyLichTuPhap": "criminal_records",
    "apiBHXH": "social_insurance",
    "apiCSDLDKDN": "enterprises",
    "dmdcQuocGia": "catalogues",
    "apiDVCQG": "portal",
    "apiVNPost": "post",
}
_INSTANCE: Final = "VN"
_GARBAGE: Final = b"<html><body><h1>It works!</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Told:
    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityServer:
    """
    :param desk: the systems behind it
    """

    desk: Desk

    def answer(self, asked: Asked, mode: Mode | None) -> Told:
        """
        :param asked: `operation` is the whole path, `r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE/...`
        :raises HangUp: if the system behind it does
        """
        if mode is Mode.GARBAGE:
            return Told(200, _GARBAGE, "text/html")
        client = asked.headers.get("x-road-client", "")
        if not client:
            return _error(400, "Client.BadRequest", "Missing request header 'X-Road-Client'")
        parts = client.split("/")
        if not 3 <= len(parts) <= 4 or not all(parts):
            return _error(400, "Client.BadRequest", "Unable to parse 'X-Road-Client'")
        if parts[0] != _INSTANCE:
            return _error(500, "Server.ClientProxy.UnknownMember", f"Client {client} not found")
        return self._passed_on(asked, client, mode)

    def _passed_on(self, asked: Asked, client: str, mode: Mode | None) -> Told:
        instance, _slash, rest = asked.operation.removeprefix("r1/").partition("/")
        *named, path = f"{instance}/{rest}".split("/", 5)
        service = named[4] if len(named) == 5 else ""
        if service not in _SERVICES:
            return _error(500, "Server.ServerProxy.UnknownService", f"Unknown service: {'/'.join(named)}")
        if mode is Mode.ERROR:
            return _error(500, "Server.ServerProxy.ServiceFailed.HttpError", "Server responded with error")
        reply = self.desk.answer(_SERVICES[service], replace(asked, operation=path))
        if reply is None:
            return _error(500, "Server.ServerProxy.UnknownService", "Nothing is described under this path.")
        return Told(reply.status, reply.body, reply.content_type, _echoed(asked, client, "/".join(named)))


def _echoed(asked: Asked, client: str, service: str) -> tuple[tuple[str, str], ...]:
    """What every answer tells of its request."""
    digest = hashlib.sha512(f"{asked.method} {asked.operation}".encode() + asked.body).digest()
    return (
        ("X-Road-Client", client),
        ("X-Road-Service", service),
        ("X-Road-Id", asked.headers.get("x-road-id") or str(uuid.uuid4())),
        ("X-Road-Request-Id", str(uuid.uuid4())),
        ("X-Road-Request-Hash", base64.b64encode(digest).decode()),
    )


def _error(status: int, kind: str, message: str) -> Told:
    body = {"type": kind, "message": message, "detail": str(uuid.uuid4())}
    return Told(
        status, json.dumps(body).encode(), "application/json;charset=utf-8", (("X-Road-Error", kind),)
    )
