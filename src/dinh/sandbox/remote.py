"""
A remote signing service with approval on the holder's phone, after the Cloud Signature Consortium's API 2.0.

It has the demo's keys; what a phone would do is an order to the sandbox (`POST /control/approve`, `/control/decline`).
Handles and what was approved are forgotten with the process.
"""

import base64
import binascii
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

LIFETIME: Final = 300.0
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


class Refused(Exception):
    """An error of the API: its code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(slots=True)
class Approval:
    """A request on its way to a phone."""

    credential: str
    digests: tuple[bytes, ...]
    description: str
    ends_at: float
    state: str = "waiting"
    sad: str = ""


@dataclass(slots=True)
class RemoteSigning:
    """The service over the keys of one folder (`$DINH_DATA_DIR/keys`)."""

    folder: Path
    now: Callable[[], float] = time.monotonic
    approvals: dict[str, Approval] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, method: str, body: bytes) -> dict[str, Any] | None:
        """
        The answer to an API method; None where there is none of that name.

        :raises Refused:
        """
        acts: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "info": self._about,
            "credentials/list": self._list,
            "credentials/info": self._info,
            "credentials/authorize": self._authorize,
            "credentials/authorizeCheck": self._check,
            "signatures/signHash": self._sign,
        }
        return acts[method](_read(body)) if method in acts else None

    def decide(self, handle: str, *, approve: bool) -> bool:
        """What the holder's phone says; False where nothing waits under this handle."""
        with self._lock:
            waiting = self.approvals.get(handle)
            if waiting is None or waiting.state != "waiting":
                return False
            waiting.state = "approved" if approve else "declined"
            waiting.sad = secrets.token_urlsafe(24) if approve else ""
            return True

    def _about(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"specs": "2.0.0.0", "name": "Sandbox", "authType": ["oauth2client"]}

    def _list(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"credentialIDs": self._names()}

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.p12"))

    def _load(self, asked: Mapping[str, Any]) -> tuple[rsa.RSAPrivateKey, list[bytes]]:
        name = str(asked.get("credentialID", ""))
        if name not in self._names():
            raise Refused("invalid_request", "Invalid parameter credentialID")
        data, secret = (self.folder / f"{name}.p12").read_bytes(), (self.folder / "password").read_bytes()
        key, certificate, others = pkcs12.load_key_and_certificates(data, secret)
        if not isinstance(key, rsa.RSAPrivateKey) or certificate is None:
            raise Refused("invalid_request", "The credential cannot sign")
        return key, [item.public_bytes(Encoding.DER) for item in (certificate, *others)]

    def _info(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        _key, chain = self._load(asked)
        encoded = [base64.b64encode(item).decode() for item in chain]
        shown = encoded if asked.get("certificates") == "chain" else encoded[:1]
        return {
            "key": {"status": "enabled", "algo": ["1.2.840.113549.1.1.11"], "len": 2048},
            "cert": {"status": "valid", "certificates": shown},
            "auth": {"mode": "implicit"},
            "multisign": 1,
        }

    def _authorize(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._load(asked)
        handle = secrets.token_urlsafe(24)
        waiting = Approval(
            credential=str(asked["credentialID"]),
            digests=_digests(asked),
            description=str(asked.get("description", ""))[:255],
            ends_at=self.now() + LIFETIME,
        )
        with self._lock:
            self.approvals[handle] = waiting
        return {"handle": handle, "expiresIn": int(LIFETIME)}

    def _check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            waiting = self.approvals.get(str(asked.get("handle", "")))
            if waiting is None or waiting.ends_at < self.now():
                raise Refused("invalid_request", "The request is unknown or ran out")
            if waiting.state == "declined":
                raise Refused("access_denied", "The holder declined")
            return {"SAD": waiting.sad} if waiting.sad else {"expiresIn": int(waiting.ends_at - self.now())}

    def _sign(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        key, _chain = self._load(asked)
        digests = _digests(asked)
        with self._lock:
            found = next((a for a in self.approvals.values() if a.sad and a.sad == asked.get("SAD")), None)
            if found is None or (found.credential, found.digests) != (asked["credentialID"], digests):
                raise Refused("invalid_request", "Invalid parameter SAD")
            found.sad, found.state = "", "used"
        algorithm = utils.Prehashed(hashes.SHA256())
        made = [key.sign(digest, padding.PKCS1v15(), algorithm) for digest in digests]
        return {"signatures": [base64.b64encode(item).decode() for item in made]}


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused("invalid_request", "The body is no JSON") from error
    if not isinstance(asked, dict):
        raise Refused("invalid_request", "The body is no JSON object")
    return asked


def _digests(asked: Mapping[str, Any]) -> tuple[bytes, ...]:
    given = asked.get("hashes")
    if asked.get("hashAlgorithmOID") != _SHA256 or not isinstance(given, list) or not given:
        raise Refused("invalid_request", "Missing or invalid parameter hashes")
    try:
        digests = tuple(base64.b64decode(str(item), validate=True) for item in given)
    except binascii.Error as error:
        raise Refused("invalid_request", "Invalid Base64 hashes") from error
    if any(len(digest) != 32 for digest in digests):
        raise Refused("invalid_request", "Invalid length of hashes")
    return digests
