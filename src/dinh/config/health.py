"""GET /healthz: does everything that the house needs answer?"""

import os
from datetime import timedelta
from importlib.util import find_spec

import httpx
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateWorker

from dinh.exchange.health import gateway_answers
from dinh.kernel.health import checks

_STALE_AFTER = timedelta(seconds=45)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; `down` maps each failing part to its reason."""
    down = {name: reason for name, check in checks.items() if (reason := check())}
    return JsonResponse({"ok": not down, "down": down}, status=503 if down else 200)


def database_answers() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return str(error).strip()
    return ""


def worker_answers() -> str:
    """Procrastinate's workers beat every 10 seconds into their table."""
    try:
        lately = ProcrastinateWorker.objects.filter(last_heartbeat__gt=now() - _STALE_AFTER).exists()
    except DatabaseError as error:
        return str(error).strip()
    return "" if lately else "no worker has been heard of for 45 seconds: start `dinh worker`"


def sandbox_answers() -> str:
    """Asked only where something relies on it: in the demo, and where its address is configured."""
    if not (settings.DEMO or "DINH_SANDBOX_URL" in os.environ):
        return ""
    address = f"{settings.SANDBOX_URL}/healthz"
    try:
        answer = httpx.get(address, timeout=2, trust_env=False)
    except httpx.HTTPError as error:
        return f"{address}: {error}"
    return "" if answer.status_code == 200 else f"{address}: {answer.status_code} {answer.text[:300]}"


def register_checks() -> None:
    checks.register("database", database_answers)
    checks.register("worker", worker_answers)
    checks.register("gateway", gateway_answers)
    if find_spec("dinh.sandbox.server"):
        checks.register("sandbox", sandbox_answers)
