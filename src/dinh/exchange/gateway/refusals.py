"""What the gateway refuses, and how it says so."""

import json
from collections.abc import Sequence

from dinh.exchange.gateway.validation import Fault

Headers = Sequence[tuple[bytes, bytes]]


class Refusal(Exception):
    """
    An anticipated answer of the gateway itself.

    :param code: stable name of the reason, for programs and the log
    :param title: for the developer who reads it
    :param headers: further headers of the answer
    :param errors: what is wrong with which field
    """

    def __init__(
        self, status: int, code: str, title: str, headers: Headers = (), errors: Sequence[Fault] = ()
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.headers = status, code, title, headers
        self.errors = errors

    @property
    def is_providers(self) -> bool:
        """Whether the provider failed, not the caller."""
        return self.status >= 500

    def problem(self, exchange_id: str) -> bytes:
        """Problem document of RFC 9457; `instance` names the exchange in the log."""
        told: dict[str, object] = {
            "type": f"urn:dinh:problem:exchange-{self.code}",
            "title": self.title,
            "status": self.status,
            "instance": f"urn:uuid:{exchange_id}",
        }
        if self.errors:
            told["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return json.dumps(told).encode()


_BEARER = b"www-authenticate"


def not_authenticated(code: str, title: str) -> Refusal:
    """RFC 6750: without a token only the scheme is named, with a bad one the error too."""
    challenge = b'Bearer realm="exchange"' + (b', error="invalid_token"' if code == "invalid-token" else b"")
    return Refusal(401, code, title, [(_BEARER, challenge)])


def too_many(code: str, title: str, seconds: float) -> Refusal:
    return Refusal(429, code, title, [(b"retry-after", str(max(1, round(seconds))).encode())])


def unavailable(code: str, title: str, *, status: int = 503, seconds: int = 0) -> Refusal:
    return Refusal(status, code, title, [(b"retry-after", str(seconds).encode())] if seconds else ())
