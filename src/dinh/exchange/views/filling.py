"""Forms on their way to an operation."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from dinh.kernel.errors import DomainError, NotFound, NotPermitted
from dinh.kernel.refusals import add_faults

T = TypeVar("T")


def filled_in(request: HttpRequest, form: forms.Form, act: Callable[[], T]) -> T | None:
    """
    Carry out what a clean form asks for; a refusal goes to the field that it names.

    :returns: what the operation made, None if the form is (still) to be shown
    :raises Http404: if the thing is not there, or not this person's
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act()
    except (NotFound, NotPermitted) as missing:
        raise Http404 from missing
    except DomainError as refusal:
        add_faults(form, refusal)
        return None


def form_page(
    request: HttpRequest, form: forms.Form, *, heading: str, submit: str, subject: str = ""
) -> HttpResponse:
    """The form to fill in, or with its faults (422)."""
    context = {"form": form, "heading": heading, "submit": submit, "subject": subject}
    return render(request, "exchange/form.html", context, status=422 if form.errors else 200)
