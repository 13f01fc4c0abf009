"""The catalogue of services: find one, read it, ask for access; and its owner's side."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import model_to_dict
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.enums import GrantState, VersionState
from dinh.exchange.forms import AskForm, ProviderForm, ServiceForm, VersionForm
from dinh.exchange.models import AccessGrant, ServiceVersion
from dinh.exchange.operations.grants import ask_for_access
from dinh.exchange.operations.services import (
    deprecate_version,
    offer_service,
    publish_version,
    retire_version,
    set_provider,
)
from dinh.exchange.queries.registry import (
    services_matching,
    services_visible_to,
    systems_visible_to,
    versions_visible_to,
)
from dinh.exchange.rules import looks_after, looks_after_systems
from dinh.exchange.trace import trace_for
from dinh.exchange.views.acting import told_on
from dinh.exchange.views.filling import filled_in, form_page
from dinh.kernel.refusals import page_after

PAGE = 50
ENDS = ("deprecate", "retire")


@signed_in
@require_safe
def catalogue(request: StaffRequest) -> HttpResponseBase:
    """Everything that is offered."""
    text = request.GET.get("q", "").strip()
    found = services_matching(services_visible_to(request.appointment), text)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": text,
        "may_offer": looks_after_systems(request.appointment),
    }
    return render(request, "exchange/catalogue.html", context)


@signed_in
@require_safe
def service(request: StaffRequest, service_id: int) -> HttpResponseBase:
    """One service: how it is called, its versions and operations, who may call it (for its owner)."""
    found = get_object_or_404(services_visible_to(request.appointment), pk=service_id)
    versions = found.versions.prefetch_related("operations").order_by("-created_at", "-pk")
    is_owner = looks_after(request.appointment, found.system)
    own = systems_visible_to(request.appointment)
    grants = AccessGrant.objects.filter(version__service=found).select_related("system__member", "version")
    context = {
        "service": found,
        "versions": list(versions if is_owner else versions.exclude(state=VersionState.RETIRED)),
        "is_owner": is_owner,
        "may_ask": looks_after_systems(request.appointment),
        "grants": grants if is_owner else grants.filter(system__in=own),
        "gateway": settings.GATEWAY_URL,
        "trace": trace_for(found) if is_owner else [],
        "states": GrantState,
    }
    return render(request, "exchange/service.html", context)


@allowed(looks_after_systems)
@require_http_methods(["GET", "POST"])
def new_service(request: StaffRequest) -> HttpResponseBase:
    form = ServiceForm(request.POST or None, appointment=request.appointment)
    made = filled_in(
        request,
        form,
        lambda: offer_service(new=form.new_service(), actor=request.appointment, at=timezone.now()),
    )
    if made:
        messages.success(request, _("The service is in the catalogue. Publish its first version now."))
        return redirect("exchange:version_new", made.pk)
    return form_page(request, form, heading=_("Offer a service"), submit=_("Offer"))


@signed_in
@require_http_methods(["GET", "POST"])
def new_version(request: StaffRequest, service_id: int) -> HttpResponseBase:
    found = get_object_or_404(services_visible_to(request.appointment), pk=service_id)
    if not looks_after(request.appointment, found.system):
        raise Http404
    form = VersionForm(request.POST or None, request.FILES or None)
    made = filled_in(
        request,
        form,
        lambda: publish_version(
            service_id=found.pk, new=form.new_version(), actor=request.appointment, at=timezone.now()
        ),
    )
    if made:
        messages.success(request, _("The version is published."))
        return redirect("exchange:service", found.pk)
    return form_page(request, form, heading=_("Publish a version"), submit=_("Publish"), subject=found.title)


@require_POST
@signed_in
def end_version(request: StaffRequest, version_id: int, act: str) -> HttpResponseBase:
    """Deprecate or withdraw; a refusal is told on the service's page."""
    if act not in ENDS:
        raise Http404
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    told_on(request, lambda: _end(version, act, request))
    return page_after(request, "exchange:service", version.service_id)


def _end(version: ServiceVersion, act: str, request: StaffRequest) -> None:
    if act == "retire":
        retire_version(version_id=version.pk, actor=request.appointment, at=timezone.now())
        return
    try:
        day = parse_date(request.POST.get("sunset_date", ""))
    except ValueError:
        day = None
    deprecate_version(version_id=version.pk, sunset_date=day, actor=request.appointment, at=timezone.now())


@signed_in
@require_http_methods(["GET", "POST"])
def change_provider(request: StaffRequest, version_id: int) -> HttpResponseBase:
    """Where a version's provider is, and how long it is waited for; its owner's."""
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    if not looks_after(request.appointment, version.service.system):
        raise Http404
    form = ProviderForm(request.POST or None, initial=model_to_dict(version))
    made = filled_in(
        request,
        form,
        lambda: set_provider(
            version_id=version.pk, provider=form.provider(), actor=request.appointment, at=timezone.now()
        ),
    )
    if made:
        messages.success(request, _("Done. The gateways know within two seconds."))
        return redirect("exchange:service", version.service_id)
    subject = f"{version.service.title} {version.version}"
    return form_page(request, form, heading=_("Change the provider"), submit=_("Save"), subject=subject)


@signed_in
@require_safe
def description(request: StaffRequest, version_id: int) -> HttpResponse:
    """The OpenAPI description of a version."""
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    answer = JsonResponse(version.document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{version.service.code}-{version.version}.json"'
    return answer


@allowed(looks_after_systems)
@require_http_methods(["GET", "POST"])
def ask(request: StaffRequest, version_id: int) -> HttpResponseBase:
    """Ask for access to a version."""
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    today = timezone.localdate()
    form = AskForm(
        request.POST or None,
        appointment=request.appointment,
        version=version,
        initial={
            "system_id": request.GET.get("system"),
            "valid_from": today,
            "valid_to": today.replace(month=12, day=31),
        },
    )
    made = filled_in(
        request,
        form,
        lambda: ask_for_access(new=form.new_grant(), actor=request.appointment, at=timezone.now()),
    )
    if made:
        messages.success(request, _("Requested. The owner of the service decides."))
        return redirect("exchange:grant", made.pk)
    subject = f"{version.service.title} {version.version}"
    return form_page(
        request, form, heading=_("Ask for access"), submit=_("Send the request"), subject=subject
    )
