"""
Facts that modules publish: a transactional outbox over the job table.

An event is a frozen dataclass of plain values, named in the past participle. `publish` writes one
job for each receiver in the current transaction; nothing else crosses a process. Receivers may run
more than once, and in any order.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from procrastinate import RetryStrategy
from pydantic import TypeAdapter

from dinh.kernel.jobs import BRIEF, task

E = TypeVar("E")
_receivers: dict[type[Any], list[Any]] = defaultdict(list)
_adapters: dict[type[Any], TypeAdapter[Any]] = {}


class NotInTransaction(RuntimeError):
    """An event must be published in the transaction of the act that it tells of."""


def publish(event: object) -> None:
    """
    Tell all receivers of this event, once the current transaction commits.

    Publish once per act, not once per row.

    :raises NotInTransaction: outside a transaction, where the act and its event could part
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(type(event).__name__)
    payload = _plain(event)
    deferrers = [receiver.configure() for receiver in _receivers[type(event)]]
    if deferrers:
        jobs = [deferrer.make_new_job(event=payload) for deferrer in deferrers]
        deferrers[0].job_manager.batch_defer_jobs(jobs=jobs)


def receives(
    event_type: type[E], *, queue: str, retry: RetryStrategy = BRIEF
) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """
    Register a function `f(event)` as a receiver. It stands in the module's `receivers.py`.
    """

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        adapter = _adapter(event_type)

        def run(*, event: dict[str, Any]) -> None:
            function(adapter.validate_python(event))

        run.__name__, run.__module__ = function.__name__, function.__module__
        _receivers[event_type].append(task(queue=queue, retry=retry)(run))
        return function

    return register


def receivers_of(event_type: type[object]) -> tuple[str, ...]:
    """Names of the tasks that an event of this type sets going."""
    return tuple(receiver.name for receiver in _receivers[event_type])


def _plain(event: object) -> dict[str, Any]:
    plain: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return plain


def _adapter(event_type: type[object]) -> TypeAdapter[Any]:
    if event_type not in _adapters:
        _adapters[event_type] = TypeAdapter(event_type)
    return _adapters[event_type]
