"""What every JSON endpoint shares: problem documents (RFC 9457) and writes that are safe to retry."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dinh.kernel.errors import DomainError
from dinh.kernel.models import IdempotencyKey

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

PREFIX = "/api/v1/"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ABANDONED_AFTER = timedelta(minutes=5)
KEPT_FOR = timedelta(days=7)
"""How long a retry finds the first answer: outlasts a weekend without a line."""
PROBLEM_TYPE = "application/problem+json"


def problem(status: int, title: str, *, code: str, **more: object) -> JsonResponse:
    """A problem document of RFC 9457."""
    body = {"type": f"urn:dinh:problem:{code}", "title": title, "status": status, **more}
    return _problem_response(body, status)


def _problem_response(body: Mapping[str, object], status: int) -> JsonResponse:
    return JsonResponse(
        dict(body), status=status, content_type=PROBLEM_TYPE, json_dumps_params={"ensure_ascii": False}
    )


def install_problems(api: NinjaAPI) -> None:
    """Let every refusal of an API leave as a problem document."""
    api.add_exception_handler(DomainError, _refused)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(HttpError, _http_error)


def _refused(_request: HttpRequest, refusal: DomainError | type[DomainError]) -> HttpResponse:
    error = cast("DomainError", refusal)
    return _problem_response(error.as_problem(), error.status)


def _invalid(_request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    errors = cast("ValidationError", error).errors
    faults = [{"field": _field(e), "message": e.get("msg", "")} for e in errors]
    return problem(422, _("Correct the fields named below."), code="invalid-input", errors=faults)


def _field(error: Mapping[str, object]) -> str:
    place = error.get("loc", ())
    return ".".join(str(step) for step in place[1:]) if isinstance(place, tuple | list) else ""


def _unauthenticated(_request: HttpRequest, _error: object) -> HttpResponse:
    response = problem(401, _("Sign in, or send a valid token."), code="not-authenticated")
    response["WWW-Authenticate"] = "Bearer"
    return response


def _missing(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem(404, _("There is nothing here for you."), code="not-found")


def _http_error(_request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    given = cast("HttpError", error)
    return problem(given.status_code, given.message, code="refused")


class IdempotencyMiddleware:
    """
    Answers a repeated write of the API with the first answer (header `Idempotency-Key`).

    Callers with a token must send a key; the pages' own scripts may. Same caller and key with other
    content: 422. The first one still at work: 409. Refusals of the caller (401) and failures of the server
    (5xx) are forgotten, so the retry is tried anew, and so are answers marked `no-store`: they hold secrets that
    must not be kept.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponseBase]") -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> "HttpResponseBase":
        if request.method not in WRITES or not request.path.startswith(PREFIX):
            return self.get_response(request)
        caller, key = _caller(request), request.headers.get("Idempotency-Key", "")
        if not caller:
            return self.get_response(request)
        if not key and not caller.startswith("token:"):
            return self.get_response(request)
        if not 0 < len(key) <= 200:
            title = _("Send the header Idempotency-Key with 1 to 200 characters.")
            return problem(400, title, code="idempotency-key-missing")
        return self._once(request, caller, key)

    def _once(self, request: HttpRequest, caller: str, key: str) -> "HttpResponseBase":
        print_ = _fingerprint(request)
        row, is_first = IdempotencyKey.objects.get_or_create(
            caller=caller, key=key, defaults={"fingerprint": print_}
        )
        if row.fingerprint != print_:
            title = _("This Idempotency-Key was used for another request. Choose a new one.")
            return problem(422, title, code="idempotency-key-reused")
        if row.status is not None:
            return _replayed(row)
        if not is_first and not _taken_over(row):
            title = _("The first request with this key is still at work. Try again shortly.")
            return problem(409, title, code="request-in-progress")
        return self._first(request, row)

    def _first(self, request: HttpRequest, row: IdempotencyKey) -> "HttpResponseBase":
        try:
            response = self.get_response(request)
        except BaseException:
            row.delete()
            raise
        if _is_forgotten(response):
            row.delete()
            return response
        _keep(row, cast("HttpResponse", response))
        return response


def _is_forgotten(response: "HttpResponseBase") -> bool:
    failed = response.status_code in (401, 403) or response.status_code >= 500
    return failed or response.streaming or "no-store" in response.get("Cache-Control", "")


def _caller(request: HttpRequest) -> str:
    """Who asks; nobody if the token or the appointment does not hold (any more): then nothing is replayed."""
    appointment = getattr(request, "appointment", None)
    if appointment is None:
        return ""
    credential = request.headers.get("Authorization", "")
    if credential:
        return f"token:{hashlib.sha256(credential.encode()).hexdigest()}"
    return f"appointment:{appointment.pk}"


def _fingerprint(request: HttpRequest) -> str:
    is_upload = request.method == "POST" and request.content_type == "multipart/form-data"
    body = _digest_of_upload(request) if is_upload else request.body
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def _digest_of_upload(request: HttpRequest) -> bytes:
    """Of fields and files, streamed; not of the raw body, whose boundary differs from try to try."""
    told = hashlib.sha256(repr(sorted(request.POST.lists())).encode("utf-8", "surrogatepass"))
    for field, files in sorted(request.FILES.lists()):
        for file in files:
            told.update(repr((field, file.name, file.size)).encode("utf-8", "surrogatepass"))
            for chunk in file.chunks():
                told.update(chunk)
            file.seek(0)
    return told.digest()


def forget_old_answers(*, at: datetime) -> int:
    """
    Delete the answers that no retry asks for any more.

    :returns: how many were deleted
    """
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=at - KEPT_FOR).delete()
    return deleted


def _taken_over(row: IdempotencyKey) -> bool:
    now = timezone.now()
    abandoned = IdempotencyKey.objects.filter(pk=row.pk, status=None, created_at__lt=now - ABANDONED_AFTER)
    return abandoned.update(created_at=now) == 1


def _keep(row: IdempotencyKey, response: HttpResponse) -> None:
    kind = response.get("Content-Type", "").encode()
    row.status, row.body = response.status_code, kind + b"\n" + response.content
    row.save(update_fields=["status", "body"])


def _replayed(row: IdempotencyKey) -> HttpResponse:
    kind, _newline, content = bytes(row.body or b"\n").partition(b"\n")
    response = HttpResponse(content, status=row.status, content_type=kind.decode())
    response["Idempotency-Replayed"] = "true"
    return response
