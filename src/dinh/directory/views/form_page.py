"""One page for every form that ends in one operation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise

from dinh.kernel.refusals import refusals_beside

Text = str | Promise


def form_page(
    request: HttpRequest,
    *,
    form: Form,
    act: Callable[[dict[str, Any]], Text],
    heading: Text,
    submit: Text,
    back: str,
    subject: Text = "",
    notice: Text = "",
    is_final: bool = False,
) -> HttpResponse:
    """
    Show a form; once it is filled in, act and go back, or show the refusal beside the fields.

    :param act: one operation; returns what to tell the user
    :param subject: what the form is about, under the heading
    :param notice: what will happen, before the button
    :param is_final: the act is legally weighty: the button says so by its colour too
    """
    if form.is_valid():
        with refusals_beside(form):
            done = act(form.cleaned_data)
            messages.success(request, str(done))
            return redirect(back)
    context = {
        "form": form,
        "heading": heading,
        "submit": submit,
        "back": back,
        "subject": subject,
        "notice": notice,
        "is_final": is_final,
    }
    return render(request, "directory/form_page.html", context, status=422 if form.is_bound else 200)
