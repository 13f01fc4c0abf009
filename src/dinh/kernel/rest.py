"""What every JSON endpoint shares: how answers are written, problem documents (RFC 9457)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from dinh.kernel.errors import DomainError, TooManyRequests
from dinh.kernel.faults import fault_of

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

PREFIX = "/api/v1/"
PROBLEM_TYPE = "application/problem+json"
NO_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL takes no NUL in a text: refused by name of the field."""
_REFUSALS = {
    400: gettext_lazy("The request could not be understood."),
    403: gettext_lazy("The request is refused. Reload the page, then try again."),
    413: gettext_lazy("The request is too large."),
}


class Row(BaseModel):
    """
    A row of a long list, read from a record or from its values. Ninja's Schema would look at each of its fields in
    Python, and twice; this one is judged by pydantic alone, once, when the page that holds it is made.
    """

    model_config = ConfigDict(from_attributes=True)


class PlainRenderer(BaseRenderer):
    """
    Answers written by pydantic: each moment of a long list went through four functions in Python before, and each
    Vietnamese letter took six bytes.
    """

    media_type = "application/json"

    def render(self, _request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """As UTF-8, moments as RFC 3339 has them, to the microsecond."""
        return to_json(data, fallback=NinjaJSONEncoder().default)


def problem(status: int, title: str | Promise, *, code: str, **more: object) -> JsonResponse:
    """A problem document of RFC 9457."""
    body = {"type": f"urn:dinh:problem:{code}", "title": str(title), "status": status, **more}
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


class ProblemMiddleware:
    """
    Whatever goes wrong under the API before or beyond its endpoints leaves as a problem document too: an address or
    method that does not exist, a body that is too large, a failed CSRF check, a failure of the server.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponseBase]") -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> "HttpResponseBase":
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").partition(";")[0] in ("text/html", "text/plain")
        if response.status_code < 400 or not request.path.startswith(PREFIX) or not is_page:
            return response
        return _as_problem(response)


def _as_problem(page: "HttpResponseBase") -> HttpResponse:
    status = page.status_code
    if status == 404:
        answer = _missing(HttpRequest(), None)
    elif status >= 500:
        answer = problem(
            status, _("The server failed. Try again; if it happens again, tell the operator."), code="failed"
        )
    elif status == 405:
        answer = problem(status, _("This address does not accept this method."), code="method-not-allowed")
    else:
        answer = problem(status, _REFUSALS.get(status, HTTPStatus(status).phrase), code="refused")
    for name, value in page.items():
        if name not in ("Content-Type", "Content-Length", "Content-Encoding"):
            answer[name] = value
    return answer


def _refused(_request: HttpRequest, refusal: DomainError | type[DomainError]) -> HttpResponse:
    error = cast("DomainError", refusal)
    response = _problem_response(error.as_problem(), error.status)
    if isinstance(error, TooManyRequests):
        response["Retry-After"] = str(error.retry_after)
    return response


def _invalid(_request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    faults = [fault_of(each) for each in cast("ValidationError", error).errors]
    return problem(422, _("Correct the fields named below."), code="invalid-input", errors=faults)


def _unauthenticated(_request: HttpRequest, _error: object) -> HttpResponse:
    response = problem(401, _("Sign in, or send a valid token."), code="not-authenticated")
    response["WWW-Authenticate"] = "Bearer"
    return response


def _missing(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem(404, _("There is nothing here for you."), code="not-found")


def _http_error(_request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    given = cast("HttpError", error)
    # Ninja's own words, such as those on a body that is no JSON, are English only.
    return problem(given.status_code, _REFUSALS.get(given.status_code, given.message), code="refused")
