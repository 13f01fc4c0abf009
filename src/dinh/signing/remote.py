"""
Keys at a remote signing service, released on the holder's phone (Cloud Signature Consortium API 2.0, JSON).

The service is asked to authorise one hash; it pushes a request to the holder's phone and gives a handle. Minutes later
the holder has approved, the handle turns into activation data (SAD), and the hash is signed. SIM services (ETSI TS
102 204) work the same way: ask, wait, collect.
"""

import base64
import hashlib
from typing import Any, Final

import httpx
from django.utils.translation import gettext as _

from dinh.kernel.errors import DomainError, Unavailable
from dinh.pki.net import http_client

SECONDS: Final = 10.0
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_RSA_SHA256: Final = "1.2.840.113549.1.1.11"


class RemoteSilent(Unavailable):
    """The remote signing service does not answer, or not as it must."""


class StillWaiting(DomainError):
    """The holder has not approved yet: ask again."""


class RemoteRefused(DomainError):
    """The holder declined on the phone, or the service does not let this key sign."""


class RemoteService:
    """
    One service.

    :param url: base address, ending before `/credentials/...`
    :param token: bearer token of this installation
    """

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url, self._token, self._transport = url.rstrip("/"), token, transport

    def certificate(self, credential: str) -> bytes:
        """The certificate (DER) of a credential at the service."""
        told = self._ask("credentials/info", credentialID=credential, certificates="single")
        return _first(told.get("cert"), "certificates")

    def authorise(self, credential: str, attributes: bytes, description: str) -> str:
        """Let the service ask the holder's phone; the handle to collect with."""
        told = self._ask(
            "credentials/authorize",
            credentialID=credential,
            numSignatures=1,
            hashes=[_hash(attributes)],
            hashAlgorithmOID=_SHA256,
            description=description,
        )
        if not isinstance(told.get("handle"), str):
            raise RemoteSilent(_silent())
        return str(told["handle"])

    def collect(self, credential: str, handle: str, attributes: bytes) -> bytes:
        """
        The raw signature of the attributes.

        :raises StillWaiting: while the holder has not approved
        :raises RemoteRefused: if it was declined or ran out
        """
        released = self._ask("credentials/authorizeCheck", handle=handle)
        if "SAD" not in released:
            raise StillWaiting(_("Waiting for your approval on the phone …"))
        told = self._ask(
            "signatures/signHash",
            credentialID=credential,
            SAD=released["SAD"],
            hashes=[_hash(attributes)],
            hashAlgorithmOID=_SHA256,
            signAlgo=_RSA_SHA256,
        )
        return _first(told, "signatures")

    def _ask(self, method: str, **body: Any) -> dict[str, Any]:
        address = f"{self._url}/{method}"
        head = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with http_client(address, seconds=SECONDS, transport=self._transport) as client:
                answer = client.post(address, json=body, headers=head)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RemoteSilent(_silent()) from error
        if answer.status_code in (400, 403) and isinstance(told, dict):
            raise RemoteRefused(_refusal(told))
        if answer.status_code != 200 or not isinstance(told, dict):
            raise RemoteSilent(_silent())
        return told


def _hash(attributes: bytes) -> str:
    return base64.b64encode(hashlib.sha256(attributes).digest()).decode()


def _silent() -> str:
    return _("The remote signing service does not answer. Try again later.")


def _first(told: object, name: str) -> bytes:
    """The first of a list of base64 texts; what is none is a service that does not answer as it must."""
    try:
        values = told[name] if isinstance(told, dict) else []
        return base64.b64decode(values[0], validate=True)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise RemoteSilent(_silent()) from error


def _refusal(told: dict[str, Any]) -> str:
    if told.get("error") in ("access_denied", "authorization_declined"):
        return _("You declined the signature on your phone.")
    reason = str(told.get("error_description") or told.get("error") or "")[:200]
    return _("The remote signing service refused: %(reason)s") % {"reason": reason}
