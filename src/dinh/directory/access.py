"""Who may open a page at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dinh.directory.middleware import StaffRequest

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Only for somebody who has signed in and acts in a current appointment; others are led to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "appointment", None) is None:
            return redirect_to_login(request.get_full_path())
        return view(cast("StaffRequest", request), *args, **kwargs)

    return guarded
