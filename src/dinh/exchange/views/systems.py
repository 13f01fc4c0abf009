"""Systems with their keys and certificates."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.enums import PeerScope
from dinh.exchange.forms import MemberForm, SystemForm
from dinh.exchange.operations import credentials, members, peers
from dinh.exchange.operations.expiry import WARNED_BEFORE
from dinh.exchange.queries.registry import peers_visible_to, systems_matching, systems_visible_to
from dinh.exchange.rules import keeps_exchange, looks_after_systems
from dinh.exchange.trace import trace_for
from dinh.exchange.views.acting import told_on
from dinh.exchange.views.filling import filled_in, form_page
from dinh.kernel.errors import DomainError, NotFound, NotPermitted
from dinh.kernel.refusals import page_after, tell_refused

PAGE = 50
ACTS = ("suspend", "resume", "revoke-tokens")


@allowed(looks_after_systems)
@require_safe
def systems(request: StaffRequest) -> HttpResponseBase:
    """Systems that the appointment looks after."""
    text = request.GET.get("q", "").strip()
    found = systems_matching(systems_visible_to(request.appointment), text)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": text,
        "keeps_exchange": keeps_exchange(request.appointment),
    }
    return render(request, "exchange/systems.html", context)


@allowed(keeps_exchange)
@require_http_methods(["GET", "POST"])
def new_member(request: StaffRequest) -> HttpResponseBase:
    form = MemberForm(request.POST or None, initial={"valid_from": timezone.localdate()})
    made = filled_in(
        request,
        form,
        lambda: members.register_member(new=form.new_member(), actor=request.appointment, at=timezone.now()),
    )
    if made:
        messages.success(request, _("The member is registered. Add its systems now."))
        return redirect("exchange:system_new")
    return form_page(request, form, heading=_("Register a member"), submit=_("Register"))


@allowed(looks_after_systems)
@require_http_methods(["GET", "POST"])
def new_system(request: StaffRequest) -> HttpResponseBase:
    form = SystemForm(request.POST or None, appointment=request.appointment)
    made = filled_in(
        request,
        form,
        lambda: members.register_system(new=form.new_system(), actor=request.appointment, at=timezone.now()),
    )
    if made:
        messages.success(request, _("The system is registered."))
        return redirect("exchange:system", made.pk)
    return form_page(request, form, heading=_("Register a system"), submit=_("Register"))


@signed_in
@require_safe
def system(request: StaffRequest, system_id: int) -> HttpResponseBase:
    """One system: keys, certificates, grants, trace."""
    found = get_object_or_404(systems_visible_to(request.appointment), pk=system_id)
    return _page(request, found.pk)


@never_cache
@require_POST
@signed_in
def new_secret(request: StaffRequest, system_id: int) -> HttpResponseBase:
    """A new key; its secret is shown on this one answer and never again."""
    label = request.POST.get("label", "")
    try:
        row, plain = credentials.issue_secret(
            system_id=system_id, label=label, actor=request.appointment, at=timezone.now()
        )
    except (NotFound, NotPermitted) as missing:
        raise Http404 from missing
    except DomainError as refusal:
        tell_refused(request, str(refusal))
        return page_after(request, "exchange:system", system_id)
    return _page(request, system_id, issued=row, plain_secret=plain)


@require_POST
@signed_in
def new_certificate(request: StaffRequest, system_id: int) -> HttpResponseBase:
    upload = request.FILES.get("certificate")
    data = upload.read(64 * 1024 + 1) if upload else b""
    return _acted(
        request,
        system_id,
        lambda: credentials.add_certificate(
            system_id=system_id, data=data, actor=request.appointment, at=timezone.now()
        ),
    )


@require_POST
@signed_in
def revoke_secret(request: StaffRequest, system_id: int, secret_id: int) -> HttpResponseBase:
    return _acted(
        request,
        system_id,
        lambda: credentials.revoke_secret(
            system_id=system_id, secret_id=secret_id, actor=request.appointment, at=timezone.now()
        ),
    )


@require_POST
@signed_in
def revoke_certificate(request: StaffRequest, system_id: int, certificate_id: int) -> HttpResponseBase:
    return _acted(
        request,
        system_id,
        lambda: credentials.revoke_certificate(
            system_id=system_id, certificate_id=certificate_id, actor=request.appointment, at=timezone.now()
        ),
    )


@require_POST
@signed_in
def move_system(request: StaffRequest, system_id: int, act: str) -> HttpResponseBase:
    """Suspend, resume, or revoke all tokens."""
    if act not in ACTS:
        raise Http404
    if act == "revoke-tokens":
        return _acted(
            request,
            system_id,
            lambda: members.revoke_tokens(system_id=system_id, actor=request.appointment, at=timezone.now()),
        )
    moves = {"suspend": members.suspend_system, "resume": members.resume_system}
    reason = request.POST.get("reason", "")
    return _acted(
        request,
        system_id,
        lambda: moves[act](system_id=system_id, reason=reason, actor=request.appointment, at=timezone.now()),
    )


@require_POST
@allowed(keeps_exchange)
def new_peer(request: StaffRequest, system_id: int) -> HttpResponseBase:
    """Our gateways speak with this system's from now on."""
    quota = _number(request.POST.get("daily_quota", "1000000"))
    rate = _number(request.POST.get("rate", "100"))
    new = peers.NewPeer(request.POST.get("address", ""), request.POST.get("serves", ""), quota, rate)
    return _acted(
        request,
        system_id,
        lambda: peers.register_peer(
            system_id=system_id, new=new, actor=request.appointment, at=timezone.now()
        ),
    )


@require_POST
@allowed(keeps_exchange)
def end_peer(request: StaffRequest, system_id: int, peer_id: int) -> HttpResponseBase:
    return _acted(
        request,
        system_id,
        lambda: peers.end_peer(peer_id=peer_id, actor=request.appointment, at=timezone.now()),
    )


def _acted(request: StaffRequest, system_id: int, act: Callable[[], object]) -> HttpResponseBase:
    told_on(request, act)
    return page_after(request, "exchange:system", system_id)


def _page(request: StaffRequest, system_id: int, **more: object) -> HttpResponseBase:
    found = get_object_or_404(systems_visible_to(request.appointment), pk=system_id)
    now = timezone.now()
    context = {
        "system": found,
        "secrets": found.secrets.all(),
        "certificates": found.certificates.all(),
        "grants": found.grants.select_related("version__service"),
        "services": found.services.all(),
        "gateway": settings.GATEWAY_URL,
        "may_resume": keeps_exchange(request.appointment),
        "peer": peers_visible_to(request.appointment).filter(system=found).first(),
        "scopes": PeerScope.choices,
        "trace": trace_for(found),
        "now": now,
        "soon": now + WARNED_BEFORE,
    }
    return render(request, "exchange/system.html", context | more)


def _number(given: str) -> int:
    """0, which no limit takes, unless it is a whole number."""
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 12 else 0
