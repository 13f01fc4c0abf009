"""
What a page does with an act that is refused: it answers 422 with the page on which the refusal is told.

A page with forms of many acts is shown again by the act itself, with what was typed (`refusals_kept`, `shown_again`,
and the tags `typed`, `chosen` and `fault` in its forms). An act of a button without fields ends with `page_after`
(`refusals_told`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import TypeVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import resolve

from dinh.kernel.errors import DomainError, FieldFault, NotFound

Page = TypeVar("Page", bound=HttpResponseBase)


@dataclass(frozen=True)
class RefusedAct:
    """
    An act of a page that was refused.

    :param act: its name, as its form gives it to the tags
    :param given: what was typed
    :param faults: what is wrong, field by field
    """

    act: str
    given: QueryDict
    faults: tuple[FieldFault, ...]


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
    """An act of a page: what refuses it is told on the page that `page_after` shows, fault by fault."""
    return _Refusals(partial(_told, request))


def refusals_kept(request: HttpRequest, act: str) -> AbstractContextManager[None, bool]:
    """
    An act of a page that is shown again: what refuses it stands beside its fields, which keep what was typed.

    It is told on top, too: another hand may have taken the form away meanwhile, and a long page begins there.
    """
    return _Refusals(partial(_kept, request, act))


def shown_again(page: Page) -> Page:
    """The page of an act that was refused: 422, so that nobody takes it for done."""
    page.status_code = 422
    return page


def page_after(request: HttpRequest, to: str, *args: object) -> HttpResponse:
    """
    The answer to an act of a button: the way to its page where it was done; where it was refused (`refusals_told`,
    `tell_refused`) that page itself, 422, as if it had been asked for.

    :param to: name of a route, with its `args`, or an address of this house
    """
    address = resolve_url(to, *args)
    if not getattr(request, "is_refused", False):
        return HttpResponseRedirect(address)
    page = _page_at(request, address)
    return shown_again(page) if page.status_code == HTTPStatus.OK else page


def _page_at(request: HttpRequest, address: str) -> HttpResponse:
    """The page at an address of this house for whoever sent this request, which stays as it is."""
    path, _mark, query = address.partition("?")
    asked = copy(request)
    asked.method, asked.path, asked.path_info = "GET", path, path
    asked.GET, asked.POST = QueryDict(query), QueryDict()
    asked.resolver_match = found = resolve(path)
    page: HttpResponse = found.func(asked, *found.args, **found.kwargs)
    return page


def tell_refused(request: HttpRequest, words: str) -> None:
    """Tell on the page that `page_after` shows that nothing was done, and why."""
    request.is_refused = True  # type: ignore[attr-defined]
    messages.error(request, words)


def refused_act(request: HttpRequest, act: str) -> RefusedAct | None:
    """What was refused in this request, if it was this act."""
    refused: RefusedAct | None = getattr(request, "refused_act", None)
    return refused if refused and refused.act == act else None


def refusals_beside(form: BaseForm) -> AbstractContextManager[None, bool]:
    """An act of a form: what refuses it stands beside its fields."""
    return _Refusals(partial(add_faults, form))


def add_faults(form: BaseForm, refusal: DomainError) -> None:
    """Put a refusal beside the field at fault, or above the form."""
    for fault in refusal.faults:
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
    if not refusal.faults:
        form.add_error(None, str(refusal))


def _kept(request: HttpRequest, act: str, refusal: DomainError) -> None:
    request.refused_act = RefusedAct(act, request.POST, refusal.faults)  # type: ignore[attr-defined]
    _told(request, refusal)


def _told(request: HttpRequest, refusal: DomainError) -> None:
    for words in dict.fromkeys([fault.message for fault in refusal.faults] or [str(refusal)]):
        tell_refused(request, words)
