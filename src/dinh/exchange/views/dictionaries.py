"""Shared catalogues: on screen, and as the service /dmdc gives them."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.forms import DictionaryForm
from dinh.exchange.models import DictionaryItem
from dinh.exchange.operations.dictionaries import publish_dictionary
from dinh.exchange.queries.dictionaries import (
    category_of,
    columns_of,
    dictionaries_listed,
    dictionaries_named,
    metadata_of,
)
from dinh.exchange.rules import keeps_exchange
from dinh.exchange.trace import trace_for
from dinh.exchange.views.filling import filled_in, form_page

PAGE = 100


@signed_in
@require_safe
def dictionaries(request: StaffRequest) -> HttpResponseBase:
    context = {
        "page": Paginator(dictionaries_listed(), PAGE).get_page(request.GET.get("page")),
        "keeps_exchange": keeps_exchange(request.appointment),
    }
    return render(request, "exchange/dictionaries.html", context)


@signed_in
@require_safe
def dictionary(request: StaffRequest, code: str) -> HttpResponseBase:
    """One catalogue: a version's items (the newest unless another is chosen) and its history."""
    found = get_object_or_404(dictionaries_named(code))
    versions = list(found.versions.all())
    number = request.GET.get("version", "")
    shown = next((each for each in versions if str(each.number) == number), versions[0] if versions else None)
    items = DictionaryItem.objects.filter(version=shown)
    context = {
        "dictionary": found,
        "versions": versions,
        "shown": shown,
        "columns": columns_of(shown) if shown else [],
        "page": Paginator(items, PAGE).get_page(request.GET.get("page")),
        "trace": trace_for(found),
    }
    return render(request, "exchange/dictionary.html", context)


@allowed(keeps_exchange)
@require_http_methods(["GET", "POST"])
def new_version(request: StaffRequest) -> HttpResponseBase:
    form = DictionaryForm(
        request.POST or None, request.FILES or None, initial={"valid_from": timezone.localdate()}
    )
    made = filled_in(request, form, lambda: _published(form, request))
    if made:
        messages.success(request, _("The version is published."))
        return redirect("exchange:dictionary", made)
    return form_page(request, form, heading=_("Publish a catalogue"), submit=_("Publish"))


def _published(form: DictionaryForm, request: StaffRequest) -> str:
    data = form.cleaned_data
    columns, items = form.sheet()
    publish_dictionary(
        code=data["code"],
        name=data["name"],
        items=items,
        columns=columns,
        legal_basis=data["legal_basis"],
        valid_from=data["valid_from"],
        actor=request.appointment,
        at=timezone.now(),
    )
    return str(data["code"])


@require_safe
def category(request: HttpRequest, code: str) -> JsonResponse:
    """As version 1.0 of the service gave it. Open: shared catalogues are public, and the gateway knows who asks."""
    return _json(category_of(code, today=timezone.localdate()))


@require_safe
def metadata(request: HttpRequest, code: str) -> JsonResponse:
    """As version 1.0 of the service gave it: what a catalogue is, and which versions it has had."""
    return _json(metadata_of(code))


def _json(found: dict[str, object] | None) -> JsonResponse:
    if found is None:
        raise Http404
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False}, encoder=json.JSONEncoder)
