"""
The province's own shared catalogues as the service `dmdc` gives them since its version 2.0, behind the gateway.

Operations, columns and refusals are those of the national platform's `/dmdc` (guide to APIs through NGSP of Quảng
Bình), so that one client reads both. Reading is open: shared catalogues are public, and the gateway knows who asks.
"""

import base64
import binascii
import json
from datetime import date
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from dinh.exchange.models import DictionaryVersion, System
from dinh.exchange.operations.credentials import system_with
from dinh.exchange.operations.dictionaries import RowNotAdded, add_rows
from dinh.exchange.queries.dictionaries import properties_of, rows_of, version_in_force
from dinh.kernel.errors import DomainError, InvalidInput, NotFound, NotPermitted


# No session is asked or written: who posts shows a key of its own.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def category(request: HttpRequest, code: str) -> JsonResponse:
    """
    What a catalogue holds, a list of rows; POST adds rows to it and answers `{MSG, Count}`.

    `?date=yyyy-mm-dd` asks for what holds on another day than today, `?version=` for a version by its number.
    """
    try:
        if request.method == "POST":
            return _answer({"MSG": "Done", "Count": _added(request, code)})
        return _answer(rows_of(_version(request, code)))
    except DomainError as refusal:
        return _refused(refusal)


@require_safe
def metadata(request: HttpRequest, code: str) -> JsonResponse:
    """The columns of a catalogue, of the same day or version as `category`."""
    try:
        return _answer(properties_of(_version(request, code)))
    except DomainError as refusal:
        return _refused(refusal)


def _version(request: HttpRequest, code: str) -> DictionaryVersion:
    """:raises NotFound, InvalidInput:"""
    number, day = request.GET.get("version", ""), request.GET.get("date", "")
    if number and not (number.isdecimal() and len(number) < 10):
        raise InvalidInput(_("A version is a whole number."), field="version")
    try:
        on = date.fromisoformat(day) if day else timezone.localdate()
    except ValueError as error:
        raise InvalidInput(_("Give a day as yyyy-mm-dd."), field="date") from error
    found = version_in_force(code, on=on, number=int(number) if number else None)
    if found is None:
        raise NotFound(f"Category {code[:60]} not found")
    return found


def _added(request: HttpRequest, code: str) -> int:
    """:raises DomainError:"""
    system = _system_of(request)
    if system is None:
        raise NotPermitted(
            _("Show a key of the platform's keeper's system (X-Provider-Authorization: Basic).")
        )
    try:
        rows: Any = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_("Send a JSON list of records."), field="items") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(_("Send a JSON list of records."), field="items")
    return add_rows(code=code, rows=rows, system=system, at=timezone.now())


def _system_of(request: HttpRequest) -> System | None:
    """By its consumer key and secret, which the gateway passes on to a provider that asks for credentials."""
    kind, _space, told = request.headers.get("Authorization", "").partition(" ")
    try:
        key, colon, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    if kind.lower() != "basic" or not colon:
        return None
    return system_with(consumer_key=key, secret=secret, at=timezone.now())


def _refused(refusal: DomainError) -> JsonResponse:
    status = HTTPStatus.FORBIDDEN if isinstance(refusal, NotPermitted) else refusal.status
    # A row at fault is told of with 200, as the national platform does: callers look at Count.
    if isinstance(refusal, RowNotAdded):
        status = HTTPStatus.OK
    return _answer({"MSG": str(refusal), "Count": 0}, status=status)


def _answer(found: object, *, status: int = HTTPStatus.OK) -> JsonResponse:
    return JsonResponse(found, safe=False, status=status, json_dumps_params={"ensure_ascii": False})
