"""Work done later, in the worker: deferred in the caller's transaction, run at least once."""

from collections.abc import Callable
from typing import Any, Final

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

PATIENT: Final = RetryStrategy(max_attempts=25, exponential_wait=2)
"""For work that waits for something outside: backs off up to months, and is never dropped silently."""
BRIEF: Final = RetryStrategy(max_attempts=5, linear_wait=2)
"""For work within the house: what fails five times is an error to be looked at."""


def task(
    *, queue: str, retry: RetryStrategy = BRIEF, name: str | None = None
) -> Callable[[Callable[..., None]], Any]:
    """
    Declare a task: keyword-only ids, safe to run twice, one operation.

    Its `.defer(...)` takes part in the current database transaction.
    """

    def declare(function: Callable[..., None]) -> Any:
        return app.task(queue=queue, retry=retry, name=name or _task_name(function))(function)

    return declare


def _task_name(function: Callable[..., None]) -> str:
    module = function.__module__.removeprefix("dinh.")
    return f"{module}.{function.__name__}"
