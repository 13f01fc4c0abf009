"""What no view need think of in a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views.defaults import page_not_found

from dinh.kernel.errors import NotFound
from dinh.kernel.rest import PREFIX


class NulFreeQueryMiddleware:
    """A NUL in an address's query counts as a space: PostgreSQL takes none in a text, and no reader types one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "%20")
        return self.get_response(request)


class MissingPageMiddleware:
    """A record that is missing, or that the reader may not see, answers 404, wherever in a view that shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, NotFound) and not request.path.startswith(PREFIX):
            return page_not_found(request, exception)
        return None


class RefusedMethodMiddleware:
    """A page that is asked for by the wrong method says so in the reader's language; `Allow` names the right ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path.startswith(PREFIX):
            response.content = render_to_string("405.html", request=request).encode()
        return response
