"""What every JSON endpoint shares: problem documents (RFC 9457)."""

from collections.abc import Mapping
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dinh.kernel.errors import DomainError

PREFIX = "/api/v1/"
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
