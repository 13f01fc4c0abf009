"""Structured logs: one JSON object a line, each line of a request with its id."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
log = structlog.stdlib.get_logger("dinh.request")


def configure(*, level: str, form: str) -> dict[str, Any]:
    """
    Set structlog up and return Django's LOGGING; everything goes to standard error.

    :param form: "json" for one object a line, "text" to read at a terminal
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "dinh": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_rendering(form),
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "filters": {"paths": {"()": PathsWithoutSecrets}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "dinh"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"filters": ["paths"]},
            "httpx": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
            "pyhanko": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
        },
    }


def _rendering(form: str) -> list[Processor]:
    if form == "text":
        return [structlog.dev.ConsoleRenderer(colors=False)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def shown_path(request: HttpRequest) -> str:
    """The path as the log tells it: without a one-time secret, which is a route's part named `secret`."""
    match = request.resolver_match
    secret = match.kwargs.get("secret") if match else None
    return request.path.replace(secret, "…") if secret else request.path


class PathsWithoutSecrets(logging.Filter):
    """Keeps secrets out of Django's own lines about a request, in their words and in the request beside them."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = record.__dict__.pop("request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(shown_path(request) if arg == request.path else arg for arg in record.args)
        return True


class RequestIdMiddleware:
    """
    Gives each request an id (the caller's X-Request-Id if it is a UUID), binds it to the log, answers with it.

    One line per request: method, path without query, status, milliseconds, account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _given_id(request) or str(uuid.uuid4())
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            self._write(request, response, time.perf_counter() - started)
        response["X-Request-Id"] = request_id
        return response

    def _write(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        level = logging.ERROR if response.status_code >= 500 else logging.INFO
        if request.path in {"/healthz", "/metrics"} or request.path.startswith("/static/"):
            level = logging.DEBUG
        user = getattr(request, "user", None)
        log.log(
            level,
            "request",
            method=request.method,
            path=shown_path(request),
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            account=getattr(user, "pk", None),
        )


def current_request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _given_id(request: HttpRequest) -> str:
    try:
        return str(uuid.UUID(request.headers.get("X-Request-Id", "")))
    except ValueError:
        return ""
