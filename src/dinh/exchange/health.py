"""Does the gateway answer? For /healthz."""

import os

import httpx
from django.conf import settings


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
