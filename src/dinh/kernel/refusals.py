"""What a page does with an act that is refused: the refusal is told on the next page, or stands beside its field."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest

from dinh.kernel.errors import DomainError, NotFound


class _Refusals(AbstractContextManager[None, bool]):
    """Takes a refusal and tells it; what is missing goes on as `NotFound` (`requests.MissingPageMiddleware`)."""

    def __init__(self, tell: Callable[[DomainError], None]) -> None:
        self._tell = tell

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, DomainError) or isinstance(error, NotFound):
            return False
        self._tell(error)
        return True


def refusals_told(request: HttpRequest) -> AbstractContextManager[None, bool]:
    """An act of a page: what refuses it is told on the page that is shown next, fault by fault."""
    return _Refusals(partial(_told, request))


def refusals_beside(form: BaseForm) -> AbstractContextManager[None, bool]:
    """An act of a form: what refuses it stands beside its fields."""
    return _Refusals(partial(add_faults, form))


def add_faults(form: BaseForm, refusal: DomainError) -> None:
    """Put a refusal beside the field at fault, or above the form."""
    for fault in refusal.faults:
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
    if not refusal.faults:
        form.add_error(None, str(refusal))


def _told(request: HttpRequest, refusal: DomainError) -> None:
    for words in dict.fromkeys([fault.message for fault in refusal.faults] or [str(refusal)]):
        messages.error(request, words)
