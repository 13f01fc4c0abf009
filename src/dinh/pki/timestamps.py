"""Timestamps of RFC 3161: the client that asks for them. Reading them is in `signed_data`."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from asn1crypto import tsp
from django.utils.translation import gettext as _

from .errors import TimestampUnavailable
from .net import http_client
from .signed_data import BadSignedData, read_timestamp

MAX_TOKEN = 64 * 1024


class TimestampClient(Protocol):
    """Whoever stamps a SHA-256 digest: gives an RFC 3161 token (DER of a ContentInfo)."""

    def stamp(self, digest: bytes) -> bytes:
        """
        :raises TimestampUnavailable: if no correct token could be had
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpTimestampClient:
    """
    A timestamp server over HTTP. Never call it inside a transaction: it waits up to `seconds`.

    A server that let that time pass is not asked again for `pause` seconds, so that whoever signs twenty letters
    in one go waits once. One that refuses at once is asked each time.
    """

    url: str
    seconds: float = 5.0
    transport: httpx.BaseTransport | None = None
    pause: float = 60.0
    _silent: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def stamp(self, digest: bytes) -> bytes:
        nonce = secrets.randbits(63)
        request = tsp.TimeStampReq(
            {
                "version": "v1",
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
                "nonce": nonce,
                "cert_req": True,
            }
        )
        return _token(self._post(request.dump()), digest, nonce)

    def _post(self, body: bytes) -> bytes:
        message = _("The timestamp server %(url)s does not answer.") % {"url": self.url}
        headers = {"Content-Type": "application/timestamp-query"}
        if self._silent.get(self.url, 0.0) > time.monotonic():
            raise TimestampUnavailable(message)
        try:
            with http_client(self.url, seconds=self.seconds, transport=self.transport) as client:
                response = client.post(self.url, content=body, headers=headers)
                response.raise_for_status()
        except httpx.TimeoutException as error:
            self._silent[self.url] = time.monotonic() + self.pause
            raise TimestampUnavailable(message) from error
        except httpx.HTTPError as error:
            raise TimestampUnavailable(message) from error
        if len(response.content) > MAX_TOKEN:
            raise TimestampUnavailable(message)
        return response.content


def _token(answer: bytes, digest: bytes, nonce: int) -> bytes:
    message = _("The timestamp server gave a wrong answer.")
    try:
        response = tsp.TimeStampResp.load(answer)
        granted = response["status"]["status"].native in ("granted", "granted_with_mods")
        if not granted:
            raise TimestampUnavailable(message)
        token = response["time_stamp_token"]
        info = token["content"]["encap_content_info"]["content"].parsed
        same = info["nonce"].native == nonce
        encoded: bytes = token.dump()
        # A token of a wrong signature would stay in the file for good, where no token can be mended later.
        intact = read_timestamp(encoded, digest=digest).intact
    except (ValueError, TypeError, KeyError, AttributeError, BadSignedData) as error:
        raise TimestampUnavailable(message) from error
    if not (same and intact):
        raise TimestampUnavailable(message)
    return encoded
