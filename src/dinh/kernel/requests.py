"""What no view need think of in a request."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase


class NulFreeQueryMiddleware:
    """A NUL in an address's query counts as a space: PostgreSQL takes none in a text, and no reader types one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "%20")
        return self.get_response(request)
