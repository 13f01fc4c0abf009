"""Writes of the JSON API that are safe to retry: done once, whatever breaks between the act and its answer."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dinh.kernel.errors import DomainError
from dinh.kernel.models import IdempotencyKey
from dinh.kernel.rest import PREFIX, problem

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ABANDONED_AFTER = timedelta(minutes=1)
"""A first try that has not answered by then is taken over; should it still live, its act is rolled back."""
KEPT_FOR = timedelta(days=7)
"""How long a retry finds the first answer: outlasts a weekend without a line."""


class TakenOver(DomainError):
    """A retry does this request now; this try must change nothing."""


@dataclass(frozen=True, slots=True)
class _Try:
    key: int
    attempt: int


_current: ContextVar[_Try | None] = ContextVar("try of a request", default=None)


def note_act(record: str) -> None:
    """
    Remember with the request's key that it acted, in the act's own transaction, so that a retry never acts again.

    Called by the audit log for each entry; outside a request with a key it does nothing.

    :param record: what was acted on, as `module.model:id`
    :raises TakenOver: if a retry has taken this request over
    """
    current = _current.get()
    if current is None:
        return
    mine = IdempotencyKey.objects.filter(pk=current.key, attempt=current.attempt)
    if not mine.update(acted_on=record[:120]):
        raise TakenOver(_("The request was tried again meanwhile. Look at the answer to the later try."))


class IdempotencyMiddleware:
    """
    Answers a repeated write of the API with the first answer (header `Idempotency-Key`).

    Callers with a token must send a key; the pages' own scripts may. Same caller and key with other
    content: 422. The first one still at work: 409. Refusals of the caller (401) and failures of the server
    (5xx) are forgotten, so the retry is tried anew, and so are answers marked `no-store`: they hold secrets that
    must not be kept.

    If the server broke after the act and before the answer, the retry does not act again: 409 `answer-lost`, whose
    `record` names what was acted on.
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
            return _refused(row)
        return self._first(request, row)

    def _first(self, request: HttpRequest, row: IdempotencyKey) -> "HttpResponseBase":
        try:
            with _as_current(row):
                response = self.get_response(request)
        except BaseException:
            _give_up(row)
            raise
        if response.status_code >= 500:
            _give_up(row)
        elif _is_forgotten(response):
            row.delete()
        else:
            _keep(row, cast("HttpResponse", response))
        return response


@contextmanager
def _as_current(row: IdempotencyKey) -> Iterator[None]:
    token = _current.set(_Try(row.pk, row.attempt))
    try:
        yield
    finally:
        _current.reset(token)


def _give_up(row: IdempotencyKey) -> None:
    """Forget a try that failed, unless it acted: then the next try is told so at once."""
    IdempotencyKey.objects.filter(pk=row.pk, attempt=row.attempt, acted_on="").delete()
    abandoned = timezone.now() - ABANDONED_AFTER
    IdempotencyKey.objects.filter(pk=row.pk, attempt=row.attempt).update(created_at=abandoned)


def _is_forgotten(response: "HttpResponseBase") -> bool:
    return (
        response.status_code in (401, 403)
        or response.streaming
        or "no-store" in response.get("Cache-Control", "")
    )


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
    # Keyed, for bodies hold passwords and codes that nobody with a copy of the database should try at leisure.
    return salted_hmac("kernel.idempotency", head + body, algorithm="sha256").hexdigest()


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
    abandoned = IdempotencyKey.objects.filter(
        pk=row.pk, status=None, acted_on="", created_at__lte=now - ABANDONED_AFTER
    )
    taken = abandoned.update(created_at=now, attempt=F("attempt") + 1) == 1
    row.refresh_from_db()
    return taken


def _refused(row: IdempotencyKey) -> HttpResponse:
    if row.acted_on and row.created_at <= timezone.now() - ABANDONED_AFTER:
        title = _("The request was carried out, but its answer was lost. Read how the record stands now.")
        return problem(409, title, code="answer-lost", record=row.acted_on)
    title = _("The first request with this key is still running. Try again shortly.")
    return problem(409, title, code="request-in-progress")


def _keep(row: IdempotencyKey, response: HttpResponse) -> None:
    kind = response.get("Content-Type", "").encode()
    mine = IdempotencyKey.objects.filter(pk=row.pk, attempt=row.attempt)
    mine.update(status=response.status_code, body=kind + b"\n" + response.content)


def _replayed(row: IdempotencyKey) -> HttpResponse:
    kind, _newline, content = bytes(row.body or b"\n").partition(b"\n")
    response = HttpResponse(content, status=row.status, content_type=kind.decode())
    response["Idempotency-Replayed"] = "true"
    return response
