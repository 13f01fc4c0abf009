"""OAuth 2 client credentials (RFC 6749, 4.4): tokens are JWT (RFC 9068 in spirit), judged here and remembered."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import jwt

from dinh.exchange.gateway.refusals import Refusal, not_authenticated
from dinh.exchange.gateway.snapshot import Client, SigningKey, Snapshot

ALGORITHM: Final = "EdDSA"
AUDIENCE: Final = "dinh-exchange"
MAX_TOKEN: Final = 4096
LEEWAY: Final = 60
"""Seconds by which another gateway's clock may be ahead of ours."""
_REMEMBERED: Final = 100_000
_CLAIMS: Final = ["iss", "aud", "exp", "iat", "sub", "client_id"]
_NO_STORE: Final = [(b"cache-control", b"no-store"), (b"pragma", b"no-cache")]


class TokenRefused(Refusal):
    """An error of the token endpoint, in the form of RFC 6749 (5.2)."""

    def problem(self, exchange_id: str) -> bytes:
        return json.dumps({"error": self.code, "error_description": self.title}).encode()


class Tokens:
    """Issues tokens and tells whose they are, under one snapshot at a time."""

    def __init__(self, *, issuer: str, life: int) -> None:
        self.issuer, self.life = issuer, life
        self._known: dict[bytes, tuple[float, Client]] = {}
        self._snapshot: Snapshot | None = None

    def use(self, snapshot: Snapshot) -> None:
        """Judge by this configuration from now on; what is remembered is judged anew."""
        self._snapshot, self._known = snapshot, {}

    def client_of(self, authorization: bytes, now: float) -> Client:
        """
        Whose token a request carries.

        :param authorization: value of the header
        :raises Refusal: 401
        """
        known = self._known.get(authorization)
        if known is not None and known[0] > now:
            return known[1]
        until, client = self._judged(authorization, now)
        if len(self._known) >= _REMEMBERED:
            self._known = {}
        self._known[authorization] = (until, client)
        return client

    def _judged(self, authorization: bytes, now: float) -> tuple[float, Client]:
        scheme, _space, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise not_authenticated("no-token", "Send Authorization: Bearer with a token from /token.")
        claims = self._claims(token)
        snapshot = self._snapshot
        secret = snapshot.secrets.get(str(claims["client_id"])) if snapshot else None
        client = snapshot.clients.get(secret.client_id) if snapshot and secret else None
        # The second comparison: a key that was given to another system must not carry old tokens along.
        if secret is None or client is None or claims["sub"] != client.identifier:
            raise not_authenticated("invalid-token", "The key of this token is not in use.")
        if claims["iat"] < client.tokens_from:
            raise not_authenticated("invalid-token", "This token was revoked.")
        until = min(float(claims["exp"]), secret.until)
        if until <= now:
            raise not_authenticated("invalid-token", "This token has expired.")
        return until, replace(client, is_trial=True) if secret.is_trial else client

    def _claims(self, token: bytes) -> dict[str, Any]:
        refusal = not_authenticated("invalid-token", "This token is not valid (any more).")
        if len(token) > MAX_TOKEN or self._snapshot is None:
            raise refusal
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._snapshot.verifying.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise refusal
            return jwt.decode(
                token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=self.issuer,
                options={"require": _CLAIMS}, leeway=LEEWAY,
            )  # fmt: skip
        except (jwt.InvalidTokenError, ValueError) as error:
            raise refusal from error

    def issue(self, authorization: bytes, form: bytes, now: float) -> tuple[bytes, Client]:
        """
        The answer to a request for a token.

        :param form: body of the request
        :raises TokenRefused:
        """
        fields = _form(form)
        if fields.get("grant_type") != "client_credentials":
            code = "unsupported_grant_type" if fields.get("grant_type") else "invalid_request"
            raise TokenRefused(400, code, "Send grant_type=client_credentials.", _NO_STORE)
        consumer_key, client, until = self._client_by_secret(authorization, now)
        life = int(min(self.life, until - now))
        body = {
            "access_token": self._signed(consumer_key, client, now, life),
            "token_type": "Bearer",
            "expires_in": life,
        }
        return json.dumps(body).encode(), client

    def _client_by_secret(self, authorization: bytes, now: float) -> tuple[str, Client, float]:
        consumer_key, secret = _basic(authorization)
        snapshot = self._snapshot
        known = snapshot.secrets.get(consumer_key) if snapshot else None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        # Compared even if nobody has this key, so that the time tells nothing.
        matches = hmac.compare_digest(digest, known.digest if known else "0" * 64)
        client = snapshot.clients.get(known.client_id) if snapshot and known else None
        if known is None or client is None or not matches or known.until <= now:
            raise TokenRefused(
                401, "invalid_client", "Unknown consumer key or wrong secret.",
                [*_NO_STORE, (b"www-authenticate", b'Basic realm="exchange"')],
            )  # fmt: skip
        return consumer_key, client, known.until

    def _signed(self, consumer_key: str, client: Client, now: float, life: int) -> str:
        signing = self._signing(now)
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": client.identifier,
            "client_id": consumer_key,
            # By whatever clock: who knows of the revocation gives tokens of after it.
            "iat": max(now, client.tokens_from),
            "exp": int(now) + life,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(
            claims, signing.key, algorithm=ALGORITHM, headers={"kid": signing.kid, "typ": "at+jwt"}
        )

    def _signing(self, now: float) -> SigningKey:
        """The newest key whose time has come, else the oldest. :raises Refusal:"""
        keys = self._snapshot.signing if self._snapshot else ()
        if not keys:
            raise Refusal(503, "no-key", "There is no key to sign tokens with yet.")
        return next((each for each in keys if each.since <= now), keys[-1])


def _form(body: bytes) -> dict[str, str]:
    """RFC 6749 (3.2): no parameter comes more than once. :raises TokenRefused:"""
    refusal = TokenRefused(400, "invalid_request", "Send a form: grant_type=client_credentials.", _NO_STORE)
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=8) if body else []
    except ValueError as error:
        raise refusal from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise refusal
    return fields


def _basic(authorization: bytes) -> tuple[str, str]:
    """RFC 6749 (2.3.1): both halves are form-encoded."""
    scheme, _space, given = authorization.partition(b" ")
    try:
        if scheme.lower() != b"basic":
            return "", ""
        name, _colon, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)
