"""Does the gateway answer, and can it reach the providers? For /healthz and `dinh doctor`."""

import os
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import DatabaseError

from dinh.exchange.addresses import names_closed
from dinh.exchange.enums import VersionState
from dinh.exchange.models import ServiceVersion


def gateway_answers() -> str:
    """Asked only where something relies on it: in the demo, and where its address is configured."""
    if not (settings.DEMO or "DINH_GATEWAY_URL" in os.environ):
        return ""
    address = f"{settings.GATEWAY_URL}/healthz"
    try:
        answer = httpx.get(address, timeout=2, trust_env=False)
    except httpx.HTTPError as error:
        return f"{address}: {error}"
    return "" if answer.status_code == 200 else f"{address}: {answer.status_code} {answer.text[:300]}"


def local_providers() -> list[str]:
    """Versions in use, as `service/version`, whose addresses name the machine itself; none without the database."""
    rows = ServiceVersion.objects.exclude(state=VersionState.RETIRED).order_by("service__code", "version")
    try:
        told = list(rows.values_list("service__code", "version", "base_url"))
    except DatabaseError:
        return []
    return [f"{code}/{version}" for code, version, url in told if names_closed(urlsplit(url).hostname or "")]
