"""The exchange's log, for programs: calls, their evidence, measures, who looked at whom."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from dinh.exchange.models import Exchange
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.operations.evidence import export_evidence
from dinh.exchange.queries.accesses import DataAccess
from dinh.exchange.queries.archives import exchange_visible_to
from dinh.exchange.queries.gateways import GatewayStanding, gateways_seen
from dinh.exchange.queries.measures import WINDOWS, dashboard_of, totals_visible_to
from dinh.exchange.queries.registry import (
    exchanges_matching,
    exchanges_visible_to,
    masked,
    own_clients,
)
from dinh.exchange.queries.volumes import Place, Wanted, search_archive
from dinh.exchange.rest_fields import PAGE, Text, own_of, text_of
from dinh.exchange.rules import keeps_exchange, looks_after_systems
from dinh.exchange.views.log import download
from dinh.kernel.errors import NotFound

router = Router(tags=["exchange"])


class ReachOut(Schema):
    """`why`: it is not reached; empty if it is. `since`: when that began, of other gateways."""

    name: str
    why: str
    since: datetime | None


class GatewayOut(Schema):
    """
    `log_waits_s`: seconds that the oldest part of its log waits; `failing`: providers whose last call failed;
    `next_certificate`: PEM, used from `next_from` on.
    """

    name: str
    seen_at: datetime
    is_gone: bool
    is_log_well: bool
    log_waits_s: int
    segments_left: int
    peers: list[ReachOut]
    failing: list[ReachOut]
    certificate_until: datetime | None
    next_certificate: str
    next_from: datetime | None


class ExchangeOut(Schema):
    """`user_id` is masked for whoever is not of the client's unit."""

    id: UUID
    gateway: str
    front: str
    started_at: datetime
    duration_us: int
    upstream_us: int
    client: str
    provider: str
    service: str
    version: str
    operation: str
    grant_id: int | None
    method: str
    path: str
    message_id: str
    user_id: str
    issue: str
    represented_party: str
    status: int
    outcome: str
    reason: str
    request_bytes: int
    response_bytes: int
    request_sha256: str
    response_sha256: str
    peer_key: str
    batch_id: UUID | None
    leaf_index: int | None


class MeasureOut(Schema):
    name: str | datetime
    calls: int
    failed: int
    refused: int
    median_ms: float
    slow_ms: float
    own_ms: float


class MeasuresOut(Schema):
    total: MeasureOut
    services: list[MeasureOut]
    clients: list[MeasureOut]
    hours: list[MeasureOut]
    grain: str
    last_at: datetime | None


class AccessesIn(Schema):
    number: Text
    reason: Text


class ExchangePage(Schema):
    page: int
    has_next: bool
    items: list[ExchangeOut]


@router.get("/exchange/log", response=ExchangePage)
def list_exchanges(
    request: HttpRequest,
    q: str = "",
    service: str = "",
    outcome: str = "",
    since: date | None = None,
    until: date | None = None,
    page: int = 1,
) -> dict[str, Any]:
    """
    Calls from and to one's own systems, the newest first; at most 200 pages back.

    `since` and `until` are days in Viet Nam, both included.
    """
    own = own_clients(own_of(request))
    found = exchanges_matching(
        _log(request),
        text=text_of(q),
        service=text_of(service),
        outcome=text_of(outcome),
        since=since,
        until=until,
        own=own,
    )
    number = min(max(page, 1), 200)
    rows = list(found[(number - 1) * PAGE : number * PAGE + 1])
    return {"page": number, "has_next": len(rows) > PAGE, "items": masked(rows[:PAGE], own=own)}


@router.get("/exchange/log/{exchange_id}", response=ExchangeOut)
def read_exchange(request: HttpRequest, exchange_id: UUID) -> Exchange:
    (shown,) = masked([_logged(request, exchange_id)], own=own_clients(own_of(request)))
    return shown


@router.post("/exchange/log/{exchange_id}/evidence", url_name="exchange_evidence")
def read_evidence(request: HttpRequest, exchange_id: UUID) -> FileResponse:
    """The exchange's line in the log and what proves it (ASiC-E), for `dinh evidence verify`."""
    _logged(request, exchange_id)
    bundle = export_evidence(exchange_id=exchange_id, actor=own_of(request), at=timezone.now())
    return download(bundle, exchange_id)


@router.get("/exchange/gateways", response=list[GatewayOut])
def list_gateways(request: HttpRequest) -> list[GatewayStanding]:
    """The gateways as they see it; the platform's keeper's only."""
    return gateways_seen(at=timezone.now()) if keeps_exchange(own_of(request)) else []


@router.get("/exchange/measures", response=MeasuresOut)
def read_measures(request: HttpRequest, hours: int = 24) -> Any:
    """
    Calls, errors and latencies of the last 1 to 744 hours, by service, client and time.

    `hours` are minutes for up to two hours, days for more than 48, as `grain` says.
    """
    rows = totals_visible_to(own_of(request))
    return dashboard_of(rows, at=timezone.now(), hours=min(max(hours, 1), WINDOWS[-1]))


class ArchivePage(Schema):
    """`further`: give it as `begin` to go on; empty at the end. `volumes`: how many can hold what is wanted."""

    items: list[ExchangeOut]
    further: str
    volumes: int


class WantedIn(Schema):
    """Days in Viet Nam, both included; client and service whole, as they stand in the log."""

    since: date | None = None
    until: date | None = None
    client: Text = ""
    service: Text = ""
    outcome: Text = ""


@router.get("/exchange/archive", response=ArchivePage)
def list_archived(request: HttpRequest, wanted: Query[WantedIn], begin: str = "") -> dict[str, Any]:
    """Archived calls from and to one's own systems, the newest first: at most 50, from at most four volumes."""
    own = own_of(request)
    found = search_archive(Wanted(**wanted.dict()), reader=own, begin=Place.read(begin))
    rows = masked(found.rows, own=own_clients(own))
    return {"items": rows, "further": str(found.further or ""), "volumes": found.volumes}


@router.post("/exchange/accesses", response=list[DataAccess])
def ask_for_data_accesses(request: HttpRequest, given: AccessesIn) -> Any:
    """
    Who looked at what about the person with this number, the newest first; the platform's keeper's only.

    By operations whose descriptions mark whom they are about (`x-dinh-subject`); that it was asked is audited.
    """
    return ask_for_accesses(
        number=given.number, reason=given.reason, actor=own_of(request), at=timezone.now()
    )


def _log(request: HttpRequest) -> QuerySet[Exchange]:
    own = own_of(request)
    return exchanges_visible_to(own) if looks_after_systems(own) else Exchange.objects.none()


def _logged(request: HttpRequest, exchange_id: UUID) -> Exchange:
    """From the log or from the archive. :raises NotFound:"""
    own = own_of(request)
    found = exchange_visible_to(own, exchange_id) if looks_after_systems(own) else None
    if found is None:
        raise NotFound(_("There is no such exchange."))
    return found
