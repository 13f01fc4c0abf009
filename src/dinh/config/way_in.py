"""How requests reach the house, as it sees them: `dinh doctor` asks by the address that people use."""

import os
from collections.abc import Iterator
from typing import Any, Final

import httpx
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from dinh.directory.devices import address_of

PATH: Final = "/healthz/way-in"
_SALT: Final = "config.way_in"
_SECONDS: Final = 60
Finding = tuple[str, str]


@never_cache
@require_GET
def way_in(request: HttpRequest) -> JsonResponse:
    """
    What a request brought along, for whoever holds the house's secret key.

    :raises Http404: to anybody else, and a minute after it was signed
    """
    try:
        signing.loads(request.headers.get("X-Asked-By", ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature as wrong:
        raise Http404 from wrong
    peer = request.META.get("REMOTE_ADDR", "")
    told = {
        "peer": peer,
        "forwarded": request.headers.get("X-Forwarded-For", ""),
        "is_believed": address_of(request) != peer,
        "is_secure": request.is_secure(),
    }
    return JsonResponse(told)


def findings() -> Iterator[Finding]:
    """What is wrong between people and the house: a proxy that is not named, or that does not tell who calls."""
    if settings.DEMO or "DINH_BASE_URL" not in os.environ:
        return
    address = settings.BASE_URL + PATH
    try:
        answer = httpx.get(address, headers={"X-Asked-By": signing.dumps("doctor", salt=_SALT)}, timeout=5)
        told = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError) as error:
        yield "WARN", f"DINH_BASE_URL: {settings.BASE_URL} does not answer: {error}"
        return
    if not isinstance(told, dict):
        wrong = f"{settings.BASE_URL} does not lead to this house, or its DINH_SECRET_KEY is another"
        yield "WARN", f"DINH_BASE_URL: {wrong} (status {answer.status_code})."
        return
    yield from judged(told)


def judged(told: dict[str, Any]) -> Iterator[Finding]:
    """Findings of what `way_in` told."""
    peer, is_https = told["peer"], settings.BASE_URL.startswith("https:")
    if told["forwarded"] and not told["is_believed"]:
        yield (
            "WARN",
            (
                f"DINH_TRUSTED_PROXIES: the proxy at {peer} is not named there, so all people seem to come from it: "
                f"one who guesses passwords locks out everybody. Add {peer}."
            ),
        )
    elif is_https and not told["forwarded"]:
        yield "WARN", f"DINH_HTTPS: the TLS proxy at {peer} does not append to X-Forwarded-For."
    if is_https and not told["is_secure"]:
        yield "WARN", "DINH_HTTPS: is off, or the TLS proxy does not set X-Forwarded-Proto: https."
    yield (
        "ok",
        f"DINH_BASE_URL: {settings.BASE_URL} leads here" + (f" by {peer}" if told["forwarded"] else ""),
    )
