"""Compressed answers: pages and JSON only, so that files keep their length and can be fetched in ranges."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = frozenset({"text/html", "application/json", "application/problem+json"})


class PageCompressionMiddleware(GZipMiddleware):
    """Django's compression (with its random padding against BREACH) for what is text and made in memory."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in COMPRESSED or not isinstance(response, HttpResponse):
            return response
        return super().process_response(request, response)
