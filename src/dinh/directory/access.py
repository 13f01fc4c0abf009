"""Who may open a page at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from dinh.directory.middleware import StaffRequest
from dinh.directory.models import Appointment

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Only for somebody who has signed in and acts in a current appointment; others are led to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "appointment", None) is None:
            return redirect_to_login(request.get_full_path())
        return view(cast("StaffRequest", request), *args, **kwargs)

    return guarded


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
