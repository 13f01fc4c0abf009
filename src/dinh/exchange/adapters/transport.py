"""
Calls of the house's modules to outside services: through the gateway, with the key of the house's own system.

A call that changes nothing, or that the other side knows how to take twice, is sent a second time if the first one got
no answer soon. Any other is sent once: whoever calls looks the record up before sending it again.
"""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.exchange.adapters.errors import (
    OutsideNotConnected,
    OutsideRefused,
    OutsideUnavailable,
    no_answer,
    unreadable,
)
from dinh.exchange.outside import OutsideService, outside_service
from dinh.kernel.errors import InvalidInput, TooManyRequests

MAX_ANSWER: Final = 16 * 1024 * 1024
ATTEMPTS: Final = 2
_PAUSE_SECONDS: Final = 0.3
_CONNECT_SECONDS: Final = 3.0
# The gateway's own patience with a provider is the version's, at most 300 s; a little longer than the usual 30.
_READ_SECONDS: Final = 40.0
_EARLY_SECONDS: Final = 60.0
"""A token is given up that long before its end."""
_PROBLEM: Final = "urn:dinh:problem:exchange-"
# What the gateway refuses before anything leaves it.
_NOT_SENT: Final = frozenset({
    "provider-unreachable", "provider-away", "no-configuration", "no-key", "no-token", "invalid-token",
})  # fmt: skip
_NOT_CONNECTED: Final = frozenset({
    "no-grant", "no-such-service", "no-such-operation", "method-not-allowed", "no-trial",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """What an outside system knows the province by, besides the gateway's key."""

    name: str
    secret: str
    code: str = ""


def basic(account: Account) -> str:
    """An account as RFC 7617 sends it."""
    return "Basic " + b64encode(f"{account.name}:{account.secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class HouseKeys:
    """
    :param accounts: by the codes of `OutsideService`
    """

    consumer_key: str
    secret: str
    accounts: Mapping[str, Account] = field(default_factory=dict)


def house_keys() -> HouseKeys:
    """
    Those in the file that DINH_EXCHANGE_KEYS names; in the demo those that it made for itself.

    :raises OutsideNotConnected: if there are none
    """
    path = Path(settings.EXCHANGE_KEYS) if settings.EXCHANGE_KEYS else None
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path else {}
        accounts = {code: Account(**row) for code, row in told.get("accounts", {}).items()}
        return HouseKeys(told["consumer_key"], told["secret"], accounts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutsideNotConnected(
            _("The installation has no keys for outside services. Name their file in DINH_EXCHANGE_KEYS.")
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    :param operation: path below the version, percent-encoded where needed
    :param body: JSON; `form` is sent as a form instead
    :param own_authorization: the provider's own credentials
    :param is_repeatable: whether it may be sent twice
    """

    operation: str
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    own_authorization: str = ""
    is_repeatable: bool = False


class Line:
    """
    A way to outside services.

    :param gateway: address
    :param user, issue: who asks and in which matter; both stand in the exchange's log (who looked at what about whom)
    :param on: day whose rules count, None for today
    """

    def __init__(
        self, *, gateway: str, keys: HouseKeys, user: str = "", issue: str = "", on: date | None = None
    ) -> None:
        self.gateway, self.keys, self.on = gateway, keys, on
        told = {"X-Road-UserId": user, "X-Road-Issue": issue}
        self._story = {name: quote(value, safe=" /:.,;-_") for name, value in told.items() if value}

    def service(self, code: str) -> OutsideService:
        return outside_service(code, on=self.on or timezone.localdate())

    def account(self, service: OutsideService) -> Account:
        """:raises OutsideNotConnected: if the house has none with that system"""
        found = self.keys.accounts.get(service.code)
        if found is None:
            text = _("The installation has no account with %(service)s. Add it to the file of keys.")
            raise OutsideNotConnected(text % {"service": service.title})
        return found

    def ask(self, service: OutsideService, request: Request) -> Any:
        """
        What the service answers, as JSON (numbers with a point as Decimal).

        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected, TooManyRequests:
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._asked(service, request)
            except OutsideUnavailable as failure:
                may_repeat = request.is_repeatable or not failure.may_have_acted
                # Who is slow already is not asked a second time.
                if attempt == ATTEMPTS or not may_repeat or failure.is_slow:
                    raise
                time.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _asked(self, service: OutsideService, request: Request) -> Any:
        answer = self._sent(service, request, _token(self.gateway, self.keys, service))
        if answer.status_code == 401 and _refusal_of(answer) in ("invalid-token", "no-token"):
            # Revoked, or the gateway has another key by now: nothing has been passed on.
            forget_tokens()
            answer = self._sent(service, request, _token(self.gateway, self.keys, service))
        return _judged(service, request, answer)

    def _sent(self, service: OutsideService, request: Request, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **self._story}
        if request.own_authorization:
            headers["X-Provider-Authorization"] = request.own_authorization
        sent = _http().build_request(
            request.method,
            f"{self.gateway}/{service.service}/{service.version}/{request.operation}",
            params=dict(request.query) or None,
            headers=headers,
            json=request.body,
            data=dict(request.form) if request.form else None,
        )
        return _exchanged(service, request, sent)


def outside_line(*, user: str = "", issue: str = "", on: date | None = None) -> Line:
    """
    The house's line to outside services.

    :param user: who asks, e.g. the number of an account; never a name
    :param issue: in which matter, e.g. the code of a dossier
    :param on: day whose owners, versions and hosts count; today unless given
    :raises OutsideNotConnected: without keys
    """
    return Line(gateway=settings.GATEWAY_URL, keys=house_keys(), user=user, issue=issue, on=on)


@lru_cache(maxsize=1)
def _http() -> httpx.Client:
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=20)
    return httpx.Client(
        timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS), trust_env=False, limits=limits
    )


def _exchanged(service: OutsideService, request: Request, sent: httpx.Request) -> httpx.Response:
    """The whole answer, bounded. :raises OutsideUnavailable:"""
    exchange_id = ""
    try:
        answer = _http().send(sent, stream=True)
        try:
            exchange_id = answer.headers.get("x-exchange-id", "")
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > MAX_ANSWER:
                    raise unreadable(
                        service,
                        _("too long"),
                        may_have_acted=not request.is_repeatable,
                        exchange_id=exchange_id,
                    )
        finally:
            answer.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise no_answer(service, may_have_acted=False) from error
    except httpx.HTTPError as error:
        raise no_answer(
            service,
            may_have_acted=not request.is_repeatable,
            is_slow=isinstance(error, httpx.TimeoutException),
            exchange_id=exchange_id,
        ) from error
    # Decoded already: what the headers say of its length and coding no longer holds.
    kept = {name: answer.headers[name] for name in ("content-type", "retry-after") if name in answer.headers}
    return httpx.Response(
        answer.status_code, headers={**kept, "x-exchange-id": exchange_id}, content=bytes(body)
    )


def _judged(service: OutsideService, request: Request, answer: httpx.Response) -> Any:
    """The JSON of a good answer. :raises DomainError:"""
    exchange_id = answer.headers["x-exchange-id"]
    if code := _refusal_of(answer):
        raise _refused_by_gateway(service, request, answer, code)
    if answer.status_code >= 500:
        raise no_answer(service, may_have_acted=not request.is_repeatable, exchange_id=exchange_id)
    if answer.status_code >= 400:
        raise OutsideRefused(service, code=str(answer.status_code), words=_words(answer))
    try:
        return json.loads(answer.content, parse_float=Decimal)
    except ValueError as error:
        raise unreadable(
            service, _("no JSON"), may_have_acted=not request.is_repeatable, exchange_id=exchange_id
        ) from error


def _refusal_of(answer: httpx.Response) -> str:
    """The gateway's own reason, if the answer is its own."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    try:
        kind = str(json.loads(answer.content)["type"])
    except (ValueError, KeyError, TypeError):
        return ""
    return kind.removeprefix(_PROBLEM) if kind.startswith(_PROBLEM) else ""


def _refused_by_gateway(
    service: OutsideService, request: Request, answer: httpx.Response, code: str
) -> Exception:
    if answer.status_code == 429:
        seconds = answer.headers.get("retry-after", "")
        text = _("Too many calls to %(service)s. Wait, or ask its owner for a larger quota.")
        return TooManyRequests(
            text % {"service": service.title}, retry_after=int(seconds) if seconds.isdecimal() else 60
        )
    if code in _NOT_CONNECTED:
        text = _(
            "%(service)s is not open to this installation (%(code)s). Ask for access in the catalogue of services."
        )
        return OutsideNotConnected(text % {"service": service.title, "code": code})
    if answer.status_code < 500 and code not in _NOT_SENT:
        return InvalidInput(_("This request cannot be sent as it is: %(code)s.") % {"code": code})
    return no_answer(
        service,
        may_have_acted=code not in _NOT_SENT and not request.is_repeatable,
        is_slow=code == "provider-timeout",
        exchange_id=answer.headers["x-exchange-id"],
    )


def _words(answer: httpx.Response) -> str:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return ""
    names = ("message", "MSG", "Message", "error_message", "description")
    return (
        next((str(told[name])[:300] for name in names if told.get(name)), "")
        if isinstance(told, dict)
        else ""
    )


_Kept = dict[tuple[str, ...], tuple[str, float]]


class Remembered:
    """Tokens and sessions of this process, each until its end; safe for threads."""

    def __init__(self) -> None:
        self._kept: _Kept = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], make: Callable[[], tuple[str, float]]) -> str:
        """
        :param make: gives a new one and the seconds that it lasts
        """
        with self._lock:
            known = self._kept.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        value, seconds = make()
        with self._lock:
            self._kept[key] = (value, time.monotonic() + max(seconds - _EARLY_SECONDS, 0))
        return value

    def forget(self, key: tuple[str, ...] | None = None) -> None:
        with self._lock:
            if key is None:
                self._kept.clear()
            else:
                self._kept.pop(key, None)


_TOKENS: Final = Remembered()


def forget_tokens() -> None:
    _TOKENS.forget()


def _token(gateway: str, keys: HouseKeys, service: OutsideService) -> str:
    return _TOKENS.get((gateway, keys.consumer_key), lambda: _new_token(gateway, keys, service))


def _new_token(gateway: str, keys: HouseKeys, service: OutsideService) -> tuple[str, float]:
    sent = _http().build_request(
        "POST", f"{gateway}/token", data={"grant_type": "client_credentials"},
        headers={"Authorization": httpx.BasicAuth(keys.consumer_key, keys.secret)._auth_header},
    )  # fmt: skip
    answer = _exchanged(service, Request(operation="token", is_repeatable=True), sent)
    try:
        told = json.loads(answer.content)
        if answer.status_code == 200:
            return str(told["access_token"]), float(told["expires_in"])
    except (ValueError, KeyError, TypeError):
        pass
    if answer.status_code in (400, 401):
        raise OutsideNotConnected(
            _("The gateway does not know the key of this installation. Create one on the page of its system.")
        )
    raise no_answer(service, may_have_acted=False)
