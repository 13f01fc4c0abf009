"""The log of exchanges."""

from typing import BinaryIO
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.exchange.enums import Outcome
from dinh.exchange.forms import LogForm
from dinh.exchange.models import Exchange
from dinh.exchange.operations.evidence import NoEvidence, export_evidence, standing_of
from dinh.exchange.queries.archives import exchange_visible_to
from dinh.exchange.queries.registry import (
    exchanges_matching,
    exchanges_visible_to,
    masked,
    own_clients,
)
from dinh.exchange.reasons import reason_text
from dinh.exchange.rules import looks_after_systems
from dinh.kernel.components import chips_for
from dinh.kernel.errors import NotFound
from dinh.kernel.refusals import page_after, tell_refused

PAGE = 50
MOST_PAGES = 200


@allowed(looks_after_systems)
@require_safe
def log(request: StaffRequest) -> HttpResponseBase:
    """Calls from and to one's own systems in a period, the newest first."""
    form, own = LogForm(request.GET), own_clients(request.appointment)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in Outcome.values else ""
    found = Exchange.objects.none()
    if form.is_valid():
        given = form.cleaned_data
        found = exchanges_matching(
            exchanges_visible_to(request.appointment),
            text=given["q"],
            service=given["service"],
            outcome=outcome,
            since=given["since"],
            until=given["until"],
            own=own,
        )
    # Counted no further than can be leafed through: the table has many millions of rows.
    context = {
        "page": Paginator(_first(found), PAGE).get_page(request.GET.get("page")),
        "form": form,
        "chips": chips_for(
            name="outcome",
            chosen=outcome,
            choices=[("", _("All")), *Outcome.choices],
            others={name: request.GET.get(name, "") for name in ("q", "since", "until", "service")},
        ),
    }
    return render(request, "exchange/log.html", context, status=422 if form.errors else 200)


def _first(rows: QuerySet[Exchange]) -> QuerySet[Exchange]:
    return rows[: PAGE * MOST_PAGES]


@allowed(looks_after_systems)
@require_safe
def exchange(request: StaffRequest, exchange_id: UUID) -> HttpResponseBase:
    """One exchange with all that the log knows of it."""
    found = exchange_visible_to(request.appointment, exchange_id)
    if found is None:
        raise Http404
    standing = standing_of(found)
    (shown,) = masked([found], own=own_clients(request.appointment))
    context = {
        "exchange": shown,
        "reason": reason_text(shown.reason),
        "own_us": found.duration_us - found.upstream_us,
        "standing": standing,
    }
    return render(request, "exchange/exchange.html", context)


@allowed(looks_after_systems)
@require_POST
def evidence(request: StaffRequest, exchange_id: UUID) -> HttpResponseBase:
    """The evidence of one exchange, to be taken to an outsider."""
    try:
        bundle = export_evidence(exchange_id=exchange_id, actor=request.appointment, at=timezone.now())
    except NotFound as missing:
        raise Http404 from missing
    except NoEvidence as refusal:
        tell_refused(request, str(refusal))
        return page_after(request, "exchange:exchange", exchange_id)
    return download(bundle, exchange_id)


def download(bundle: BinaryIO, exchange_id: UUID) -> FileResponse:
    """The bundle as a file, not kept for retries: it is made anew as well."""
    return FileResponse(
        bundle,
        as_attachment=True,
        filename=f"luot-trao-doi-{exchange_id}.asice",
        content_type="application/vnd.etsi.asic-e+zip",
        headers={"Cache-Control": "no-store"},
    )
