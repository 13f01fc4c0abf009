"""Who may call what: asked for, decided, revoked."""

from django.core.paginator import Paginator
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.enums import GrantState
from dinh.exchange.operations.grants import approve_grant, refuse_grant, revoke_grant
from dinh.exchange.queries.registry import grants_matching, grants_visible_to
from dinh.exchange.rules import looks_after_systems, may_decide, may_revoke
from dinh.exchange.trace import trace_for
from dinh.exchange.views.acting import told_on
from dinh.kernel.components import chips_for
from dinh.kernel.refusals import page_after

PAGE = 50
ACTS = {"approve": approve_grant, "refuse": refuse_grant, "revoke": revoke_grant}


@allowed(looks_after_systems)
@require_safe
def grants(request: StaffRequest) -> HttpResponseBase:
    """Grants of one's own systems and to one's own services."""
    text = request.GET.get("q", "").strip()
    state = request.GET.get("state", "")
    state = state if state in GrantState.values else ""
    found = grants_matching(grants_visible_to(request.appointment), text=text, state=state)
    chips = chips_for(
        name="state", chosen=state, choices=[("", _("All")), *GrantState.choices], others={"q": text}
    )
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": text,
        "state": state,
        "chips": chips,
    }
    return render(request, "exchange/grants.html", context)


@signed_in
@require_safe
def grant(request: StaffRequest, grant_id: int) -> HttpResponseBase:
    """One grant with its terms and trace, and what may be done with it."""
    found = get_object_or_404(grants_visible_to(request.appointment), pk=grant_id)
    context = {
        "grant": found,
        "operations": found.operations.all(),
        "may_decide": may_decide(request.appointment, found),
        "may_revoke": may_revoke(request.appointment, found),
        "trace": trace_for(found),
        "today": timezone.localdate(),
    }
    return render(request, "exchange/grant.html", context)


@require_POST
@signed_in
def decide(request: StaffRequest, grant_id: int, act: str) -> HttpResponseBase:
    """Approve, refuse or revoke; a refusal is told on the grant's page."""
    if act not in ACTS:
        raise Http404
    reason = request.POST.get("reason", "")
    told_on(
        request,
        lambda: ACTS[act](grant_id=grant_id, reason=reason, actor=request.appointment, at=timezone.now()),
    )
    return page_after(request, "exchange:grant", grant_id)
