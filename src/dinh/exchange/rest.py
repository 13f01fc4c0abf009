"""The exchange's registry and log, for programs."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AfterValidator

from dinh.directory.models import Appointment
from dinh.exchange.models import AccessGrant, ClientSecret, Exchange, Peer, Service, ServiceVersion, System
from dinh.exchange.openapi import MAX_BYTES, read_description
from dinh.exchange.operations import credentials, grants, members, peers, services, trials
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.operations.evidence import export_evidence
from dinh.exchange.operations.reach import reach
from dinh.exchange.queries.archives import exchange_visible_to
from dinh.exchange.queries.dictionaries import category_of, metadata_of
from dinh.exchange.queries.measures import WINDOWS, dashboard_of, totals_visible_to
from dinh.exchange.queries.outside import OutsideConnection, outside_connections
from dinh.exchange.queries.registry import (
    exchanges_matching,
    exchanges_visible_to,
    grants_matching,
    grants_visible_to,
    masked,
    own_clients,
    peers_visible_to,
    services_matching,
    services_visible_to,
    systems_matching,
    systems_visible_to,
    versions_visible_to,
)
from dinh.exchange.rules import keeps_exchange, looks_after, looks_after_systems
from dinh.exchange.views.log import download
from dinh.kernel.errors import NotFound

PAGE = 50


def _without_nul(text: str) -> str:
    """PostgreSQL takes no NUL in a text."""
    if "\0" in text:
        raise ValueError(_("Leave out control characters."))
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[int, Field(ge=0, le=2**63 - 1)]
router = Router(tags=["exchange"])


class SystemOut(Schema):
    id: int
    identifier: str
    name: str
    description: str
    contact: str
    state: str


class SystemIn(Schema):
    member_id: Id
    code: Text
    name: Text
    description: Text = ""
    contact: Text = ""


class SecretOut(Schema):
    """`secret` is told once, in the answer that makes it."""

    id: int
    consumer_key: str
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    is_trial: bool
    secret: str = ""


class Label(Schema):
    label: Text


class Why(Schema):
    reason: Text = ""


class VersionOut(Schema):
    """`trial_url`: where calls with trial keys go; empty if the version cannot be tried."""

    id: int
    version: str
    state: str
    sunset_date: date | None
    trial_url: str


class OperationOut(Schema):
    id: int
    name: str
    method: str
    path: str
    summary: str


class ServiceOut(Schema):
    id: int
    code: str
    title: str
    description: str
    system: str
    versions: list[VersionOut]


class ServiceIn(Schema):
    system_id: Id
    code: Text
    title: Text
    description: Text = ""


class GrantIn(Schema):
    system_id: Id
    version_id: Id
    operation_ids: list[Id]
    purpose: Text
    legal_basis: Text
    valid_from: date
    valid_to: date
    daily_quota: int = 10_000
    rate: int = 20


class GrantOut(Schema):
    id: int
    system: str
    service: str
    version: str
    operations: list[str]
    purpose: str
    legal_basis: str
    valid_from: date
    valid_to: date
    daily_quota: int
    rate: int
    state: str
    reason: str


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


class AccessOut(Schema):
    exchange_id: UUID
    at: datetime
    client: str
    system: str
    service: str
    operation: str
    user: str
    issue: str
    outcome: str
    purpose: str
    legal_basis: str


class OutsideOut(Schema):
    """`service_version_id` is empty where nothing is registered; `last_*` tell of the last call, whoever made it."""

    code: str
    title: str
    service: str
    version: str
    owner: str
    host: str
    valid_from: date
    valid_until: date | None
    source: str
    confirmed: bool
    service_version_id: int | None
    last_at: datetime | None
    last_outcome: str
    last_status: int | None
    last_good_at: datetime | None


class ReachedOut(Schema):
    """`status` is 0 if nobody answered, and then `reason` tells why."""

    status: int
    milliseconds: float
    reason: str


class TrialKeyIn(Schema):
    """Either one of your systems, or name and code of a new one of your unit."""

    system_id: Id | None = None
    name: Text = ""
    code: Text = ""


class TrialKeyOut(Schema):
    """`secret` is told once, in the answer that makes it; tokens are got at `gateway`/token."""

    system_id: int
    system: str
    consumer_key: str
    secret: str
    expires_at: datetime
    gateway: str


class TrialIn(Schema):
    """Values of parameters by their names; `body` is JSON."""

    system_id: Id
    path: dict[Text, Text] = {}
    query: dict[Text, Text] = {}
    headers: dict[Text, Text] = {}
    body: Any = None


class TrialOut(Schema):
    """`text` holds at most 64 kB of the answer; in `curl` TOKEN stands for a token."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    text: str
    is_cut: bool
    milliseconds: float
    exchange_id: str
    curl: str


class TrialAddress(Schema):
    trial_url: Text = ""


class PeerIn(Schema):
    """
    `serves`: `member`, or `instance` for all of its instance. `daily_quota` and `rate` (calls a second) bind each of
    our systems that calls it.
    """

    address: Text
    serves: Literal["member", "instance"] = "member"
    daily_quota: int = 1_000_000
    rate: int = 100


class PeerOut(Schema):
    id: int
    system: str
    address: str
    serves: str
    daily_quota: int
    rate: int
    ended_at: datetime | None


class SystemPage(Schema):
    count: int
    page: int
    items: list[SystemOut]


class ServicePage(Schema):
    count: int
    page: int
    items: list[ServiceOut]


class GrantPage(Schema):
    count: int
    page: int
    items: list[GrantOut]


class ExchangePage(Schema):
    page: int
    has_next: bool
    items: list[ExchangeOut]


@router.get("/exchange/systems", response=SystemPage)
def list_systems(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    return _page(systems_matching(systems_visible_to(_own(request)), q), page, _system)


@router.post("/exchange/systems", response={201: SystemOut})
def add_system(request: HttpRequest, given: SystemIn) -> Status[dict[str, Any]]:
    new = members.NewSystem(**given.dict())
    return Status(201, _system(members.register_system(new=new, actor=_own(request), at=timezone.now())))


@router.get("/exchange/systems/{system_id}/secrets", response=list[SecretOut])
def list_secrets(request: HttpRequest, system_id: int) -> list[Any]:
    return list(get_object_or_404(systems_visible_to(_own(request)), pk=system_id).secrets.all())


@router.post("/exchange/systems/{system_id}/secrets", response={201: SecretOut})
def add_secret(
    request: HttpRequest, response: HttpResponse, system_id: int, given: Label
) -> Status[dict[str, Any]]:
    """A new key, good for a year. A lost answer cannot be asked for again: revoke the key and make another."""
    row, plain = credentials.issue_secret(
        system_id=system_id, label=given.label, actor=_own(request), at=timezone.now()
    )
    response["Cache-Control"] = "no-store"
    names = ("id", "consumer_key", "label", "created_at", "expires_at", "revoked_at", "is_trial")
    return Status(201, {name: getattr(row, name) for name in names} | {"secret": plain})


@router.post("/exchange/systems/{system_id}/secrets/{secret_id}/revoke", response={204: None})
def end_secret(request: HttpRequest, system_id: int, secret_id: int) -> Status[None]:
    credentials.revoke_secret(
        system_id=system_id, secret_id=secret_id, actor=_own(request), at=timezone.now()
    )
    return Status(204, None)


@router.post("/exchange/systems/{system_id}/revoke-tokens", response=SystemOut)
def end_tokens(request: HttpRequest, system_id: int) -> dict[str, Any]:
    return _system(members.revoke_tokens(system_id=system_id, actor=_own(request), at=timezone.now()))


@router.post("/exchange/systems/{system_id}/suspend", response=SystemOut)
def suspend(request: HttpRequest, system_id: int, why: Why) -> dict[str, Any]:
    return _system(
        members.suspend_system(system_id=system_id, reason=why.reason, actor=_own(request), at=timezone.now())
    )


@router.post("/exchange/systems/{system_id}/resume", response=SystemOut)
def resume(request: HttpRequest, system_id: int, why: Why) -> dict[str, Any]:
    return _system(
        members.resume_system(system_id=system_id, reason=why.reason, actor=_own(request), at=timezone.now())
    )


@router.get("/exchange/peers", response=list[PeerOut])
def list_peers(request: HttpRequest) -> list[dict[str, Any]]:
    """Other gateways in use; the platform's keeper's only."""
    return [_peer(row) for row in peers_visible_to(_own(request))]


@router.post("/exchange/systems/{system_id}/peer", response={201: PeerOut})
def add_peer(request: HttpRequest, system_id: int, given: PeerIn) -> Status[dict[str, Any]]:
    """Let our gateways speak with this system's, which is known by its certificates."""
    new = peers.NewPeer(given.address, given.serves, given.daily_quota, given.rate)
    at = timezone.now()
    return Status(201, _peer(peers.register_peer(system_id=system_id, new=new, actor=_own(request), at=at)))


@router.post("/exchange/systems/{system_id}/peer/end", response=PeerOut)
def end_peer(request: HttpRequest, system_id: int) -> dict[str, Any]:
    found = get_object_or_404(peers_visible_to(_own(request)), system_id=system_id)
    return _peer(peers.end_peer(peer_id=found.pk, actor=_own(request), at=timezone.now()))


@router.get("/exchange/services", response=ServicePage)
def list_services(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    """The catalogue."""
    return _page(services_matching(services_visible_to(_own(request)), q), page, _service)


@router.post("/exchange/services", response={201: ServiceOut})
def add_service(request: HttpRequest, given: ServiceIn) -> Status[dict[str, Any]]:
    new = services.NewService(**given.dict())
    return Status(201, _service(services.offer_service(new=new, actor=_own(request), at=timezone.now())))


@router.post("/exchange/services/{service_id}/versions", response={201: VersionOut})
def add_version(
    request: HttpRequest,
    service_id: int,
    document: File[UploadedFile],
    version: Form[Text],
    base_url: Form[Text],
    timeout_seconds: Form[int] = 30,
    max_body_mb: Form[int] = 100,
    validates: Form[bool] = False,
    trial_url: Form[Text] = "",
) -> Status[ServiceVersion]:
    """
    Publish a version (multipart: `document` in OpenAPI 3, and the other fields). `validates`: the gateway refuses
    requests that the description does not fit.
    """
    new = services.NewVersion(
        version=version,
        description=read_description(document.read(MAX_BYTES + 1)),
        base_url=base_url,
        timeout_seconds=timeout_seconds,
        max_body_mb=max_body_mb,
        validates=validates,
        trial_url=trial_url,
    )
    at = timezone.now()
    return Status(201, services.publish_version(service_id=service_id, new=new, actor=_own(request), at=at))


@router.get("/exchange/versions/{version_id}/operations", response=list[OperationOut])
def list_operations(request: HttpRequest, version_id: int) -> list[Any]:
    return list(get_object_or_404(versions_visible_to(_own(request)), pk=version_id).operations.all())


@router.post("/exchange/versions/{version_id}/trial-address", response=VersionOut)
def change_trial_address(request: HttpRequest, version_id: int, given: TrialAddress) -> ServiceVersion:
    """Say where a version can be tried; empty: nowhere any more. Its owner's."""
    return services.set_trial_address(
        version_id=version_id, trial_url=given.trial_url, actor=_own(request), at=timezone.now()
    )


@router.post("/exchange/trial-keys", response={201: TrialKeyOut})
def add_trial_key(request: HttpRequest, response: HttpResponse, given: TrialKeyIn) -> Status[dict[str, Any]]:
    """A key that reaches addresses for trials only, without a grant, for 90 days."""
    own, at = _own(request), timezone.now()
    if given.system_id is not None:
        made = credentials.issue_trial_secret(system_id=given.system_id, label=_("Trial"), actor=own, at=at)
    else:
        made = trials.make_trial_system(name=given.name, code=given.code, actor=own, at=at)
    response["Cache-Control"] = "no-store"
    return Status(201, _trial_key(*made))


@router.post("/exchange/operations/{operation_id}/try", response=TrialOut)
def try_operation(request: HttpRequest, operation_id: int, given: TrialIn) -> Any:
    """Call an operation through the gateway with a trial key of one of your systems."""
    places = {"path": given.path, "query": given.query, "header": given.headers}
    values = {f"{place}.{name}": value for place, rows in places.items() for name, value in rows.items()}
    body = "" if given.body is None else json.dumps(given.body, ensure_ascii=False)
    trial = trials.Trial(operation_id, given.system_id, values, body)
    return trials.try_operation(trial=trial, actor=_own(request), at=timezone.now())


@router.get("/exchange/versions/{version_id}/openapi")
def read_openapi(request: HttpRequest, version_id: int) -> Any:
    """The description as it was published."""
    return get_object_or_404(versions_visible_to(_own(request)), pk=version_id).document


@router.get("/exchange/grants", response=GrantPage)
def list_grants(request: HttpRequest, q: str = "", state: str = "", page: int = 1) -> dict[str, Any]:
    rows = grants_matching(grants_visible_to(_own(request)), text=_text(q), state=_text(state))
    return _page(rows.prefetch_related("operations"), page, _grant)


@router.post("/exchange/grants", response={201: GrantOut})
def ask(request: HttpRequest, given: GrantIn) -> Status[dict[str, Any]]:
    new = grants.NewGrant(**given.dict())
    return Status(201, _grant(grants.ask_for_access(new=new, actor=_own(request), at=timezone.now())))


@router.post("/exchange/grants/{grant_id}/approve", response=GrantOut)
def approve(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.approve_grant, request, grant_id, why)


@router.post("/exchange/grants/{grant_id}/refuse", response=GrantOut)
def refuse(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.refuse_grant, request, grant_id, why)


@router.post("/exchange/grants/{grant_id}/revoke", response=GrantOut)
def revoke(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.revoke_grant, request, grant_id, why)


@router.get("/exchange/log", response=ExchangePage)
def list_exchanges(
    request: HttpRequest, q: str = "", service: str = "", outcome: str = "", page: int = 1
) -> dict[str, Any]:
    """Calls from and to one's own systems, the newest first; at most 200 pages back."""
    own = own_clients(_own(request))
    found = exchanges_matching(
        _log(request), text=_text(q), service=_text(service), outcome=_text(outcome), own=own
    )
    number = min(max(page, 1), 200)
    rows = list(found[(number - 1) * PAGE : number * PAGE + 1])
    return {"page": number, "has_next": len(rows) > PAGE, "items": masked(rows[:PAGE], own=own)}


@router.get("/exchange/log/{exchange_id}", response=ExchangeOut)
def read_exchange(request: HttpRequest, exchange_id: UUID) -> Exchange:
    (shown,) = masked([_logged(request, exchange_id)], own=own_clients(_own(request)))
    return shown


@router.post("/exchange/log/{exchange_id}/evidence", url_name="exchange_evidence")
def read_evidence(request: HttpRequest, exchange_id: UUID) -> FileResponse:
    """The exchange's line in the log and what proves it (ASiC-E), for `dinh evidence verify`."""
    _logged(request, exchange_id)
    bundle = export_evidence(exchange_id=exchange_id, actor=_own(request), at=timezone.now())
    return download(bundle, exchange_id)


@router.get("/exchange/measures", response=MeasuresOut)
def read_measures(request: HttpRequest, hours: int = 24) -> Any:
    """
    Calls, errors and latencies of the last 1 to 744 hours, by service, client and time.

    `hours` are minutes for up to two hours, days for more than 48, as `grain` says.
    """
    rows = totals_visible_to(_own(request))
    return dashboard_of(rows, at=timezone.now(), hours=min(max(hours, 1), WINDOWS[-1]))


@router.post("/exchange/accesses", response=list[AccessOut])
def ask_for_data_accesses(request: HttpRequest, given: AccessesIn) -> Any:
    """
    Who looked at what about the person with this number, the newest first; the platform's keeper's only.

    By operations whose descriptions mark whom they are about (`x-dinh-subject`); that it was asked is audited.
    """
    return ask_for_accesses(number=given.number, reason=given.reason, actor=_own(request), at=timezone.now())


@router.get("/exchange/outside", response=list[OutsideOut])
def list_outside_services(request: HttpRequest) -> list[dict[str, Any]]:
    """Outside services by the rules of today, with their last answers; the platform's keeper's only."""
    if not keeps_exchange(_own(request)):
        return []
    rows = outside_connections(on=timezone.localdate(), at=timezone.now())
    return [_outside(row) for row in rows]


@router.post("/exchange/versions/{version_id}/reach", response=ReachedOut)
def reach_provider(request: HttpRequest, version_id: int) -> Any:
    """Ask a version's provider once whether it is there; its owner's and the platform's keeper's only."""
    own = _own(request)
    version = get_object_or_404(versions_visible_to(own), pk=version_id)
    if not looks_after(own, version.service.system):
        raise NotFound(_("There is no such version."))
    return reach(version.base_url)


@router.get("/exchange/dictionaries/{code}")
def read_dictionary(request: HttpRequest, code: str) -> Any:
    """What a shared catalogue holds today."""
    found = category_of(_text(code), today=timezone.localdate())
    return found if found is not None else _missing()


@router.get("/exchange/dictionaries/{code}/versions")
def read_dictionary_versions(request: HttpRequest, code: str) -> Any:
    found = metadata_of(_text(code))
    return found if found is not None else _missing()


def _missing() -> None:
    raise NotFound(_("There is no such catalogue."))


def _log(request: HttpRequest) -> QuerySet[Exchange]:
    own = _own(request)
    return exchanges_visible_to(own) if looks_after_systems(own) else Exchange.objects.none()


def _logged(request: HttpRequest, exchange_id: UUID) -> Exchange:
    """From the log or from the archive. :raises NotFound:"""
    own = _own(request)
    found = exchange_visible_to(own, exchange_id) if looks_after_systems(own) else None
    if found is None:
        raise NotFound(_("There is no such exchange."))
    return found


def _decided(
    operation: Callable[..., AccessGrant], request: HttpRequest, grant_id: int, why: Why
) -> dict[str, Any]:
    return _grant(operation(grant_id=grant_id, reason=why.reason, actor=_own(request), at=timezone.now()))


def _page(rows: Any, number: int, shown: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    at = Paginator(rows, PAGE).get_page(number)
    return {"count": at.paginator.count, "page": at.number, "items": [shown(row) for row in at]}


def _system(row: System) -> dict[str, Any]:
    names = ("id", "identifier", "name", "description", "contact", "state")
    return {name: getattr(row, name) for name in names}


def _peer(row: Peer) -> dict[str, Any]:
    names = ("id", "address", "serves", "daily_quota", "rate", "ended_at")
    return {name: getattr(row, name) for name in names} | {"system": row.system.identifier}


def _trial_key(row: ClientSecret, plain: str) -> dict[str, Any]:
    return {
        "system_id": row.system_id, "system": row.system.identifier, "consumer_key": row.consumer_key,
        "secret": plain, "expires_at": row.expires_at, "gateway": settings.GATEWAY_URL,
    }  # fmt: skip


def _outside(row: OutsideConnection) -> dict[str, Any]:
    names = (
        "code",
        "title",
        "service",
        "version",
        "owner",
        "host",
        "valid_from",
        "valid_until",
        "source",
        "confirmed",
    )
    return {name: getattr(row.rule, name) for name in names} | {
        "service_version_id": row.version.pk if row.version else None,
        "last_at": row.last.started_at if row.last else None,
        "last_outcome": row.last.outcome if row.last else "",
        "last_status": row.last.status if row.last else None,
        "last_good_at": row.last_good_at,
    }


def _service(row: Service) -> dict[str, Any]:
    names = ("id", "code", "title", "description")
    told = {name: getattr(row, name) for name in names}
    return told | {"system": row.system.identifier, "versions": list(row.versions.all())}


def _grant(row: AccessGrant) -> dict[str, Any]:
    names = (
        "id", "purpose", "legal_basis", "valid_from", "valid_to", "daily_quota", "rate", "state", "reason",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "system": row.system.identifier,
        "service": row.version.service.code,
        "version": row.version.version,
        "operations": [str(each) for each in row.operations.all()],
    }


def _text(given: str) -> str:
    """PostgreSQL takes no NUL in a text."""
    return given.replace("\0", " ").strip()


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment
