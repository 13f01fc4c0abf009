"""An operation on its page: read, tried; and the keys for trials."""

from django.conf import settings
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.forms import TrialForm, TrialKeyForm
from dinh.exchange.models import ClientSecret, ServiceVersion
from dinh.exchange.operations.credentials import issue_trial_secret
from dinh.exchange.operations.services import set_trial_address
from dinh.exchange.operations.trials import make_trial_system, operation_to_try, try_operation
from dinh.exchange.queries.registry import versions_visible_to
from dinh.exchange.rules import looks_after, looks_after_systems
from dinh.exchange.views.acting import told_on
from dinh.exchange.views.filling import filled_in
from dinh.kernel.errors import NotFound
from dinh.kernel.refusals import page_after


@never_cache
@signed_in
@require_http_methods(["GET", "POST"])
def operation(request: StaffRequest, operation_id: int) -> HttpResponseBase:
    """One operation: what it takes, and what it answers when it is tried."""
    own = request.appointment
    try:
        found, described = operation_to_try(operation_id=operation_id, actor=own)
    except NotFound as missing:
        raise Http404 from missing
    chosen = request.GET.get("system", "")
    form = TrialForm(request.POST or None, appointment=own, described=described, system=chosen)
    answer = filled_in(
        request,
        form,
        lambda: try_operation(trial=form.new_trial(operation_id), actor=own, at=timezone.now()),
    )
    context = {
        "operation": found,
        "described": described,
        "form": form,
        "answer": answer,
        "may_try": bool(found.version.trial_url) and form.has_systems,
        "may_ask": looks_after_systems(own),
        "is_owner": looks_after(own, found.version.service.system),
        "gateway": settings.GATEWAY_URL,
    }
    return render(request, "exchange/operation.html", context, status=422 if form.errors else 200)


@never_cache
@allowed(looks_after_systems)
@require_http_methods(["GET", "POST"])
def trial_keys(request: StaffRequest, version_id: int) -> HttpResponseBase:
    """A system and a key to try a version with; the secret is shown on this one answer."""
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    form = TrialKeyForm(request.POST or None, appointment=request.appointment)
    made = filled_in(request, form, lambda: _made(request, form))
    context = {
        "version": version,
        "form": form,
        "made": made[0] if made else None,
        "plain_secret": made[1] if made else "",
        "first": version.operations.first(),
        "gateway": settings.GATEWAY_URL,
    }
    return render(request, "exchange/trial_keys.html", context, status=422 if form.errors else 200)


def _made(request: StaffRequest, form: TrialKeyForm) -> tuple[ClientSecret, str]:
    own, at, data = request.appointment, timezone.now(), form.cleaned_data
    if data["system_id"]:
        return issue_trial_secret(system_id=data["system_id"], label=_("Trial"), actor=own, at=at)
    return make_trial_system(name=data["name"], code=data["code"], actor=own, at=at)


@require_POST
@signed_in
def trial_address(request: StaffRequest, version_id: int) -> HttpResponseBase:
    """The owner says where a version can be tried."""
    version: ServiceVersion = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    address = request.POST.get("trial_url", "").strip()
    told_on(
        request,
        lambda: set_trial_address(
            version_id=version.pk, trial_url=address, actor=request.appointment, at=timezone.now()
        ),
    )
    return page_after(request, "exchange:service", version.service_id)
