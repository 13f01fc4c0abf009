"""Who may open a page at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """
    Only for somebody who has signed in and acts in a current appointment; others are led to sign in.

    A part of a page is refused with 401 instead: the page says so and keeps what was typed into it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "appointment", None) is None:
            if request.headers.get("HX-Request"):
                return HttpResponse(status=401)
            return redirect_to_login(_came_from(request))
        return view(cast("StaffRequest", request), *args, **kwargs)

    return guarded


def _came_from(request: HttpRequest) -> str:
    """Where to go on after signing in: for what was sent, the page that it was sent from."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    own = page._replace(scheme="", netloc="").geturl()
    return own or "/" if page.netloc == request.get_host() else "/"


def allowed(rule: Callable[[Appointment], bool]) -> Callable[[View], View]:
    """Only for somebody signed in whose appointment satisfies a rule; to others the page does not exist."""

    def wrap(view: View) -> View:
        @signed_in
        @wraps(view)
        def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not rule(request.appointment):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return wrap
