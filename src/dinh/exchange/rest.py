"""The exchange's registry, for programs; the other modules `rest_*` have the rest."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.exchange import rest_log, rest_registry, rest_reports, rest_trials
from dinh.exchange.models import AccessGrant, Peer, Service, ServiceVersion, System
from dinh.exchange.openapi import MAX_BYTES
from dinh.exchange.operations import credentials, grants, members, peers, services
from dinh.exchange.queries.dictionaries import category_of, metadata_of
from dinh.exchange.queries.registry import (
    grants_matching,
    grants_visible_to,
    members_matching,
    members_visible_to,
    peers_visible_to,
    services_matching,
    services_visible_to,
    systems_matching,
    systems_visible_to,
    versions_visible_to,
)
from dinh.exchange.rest_fields import PAGE, Id, Text, own_of, text_of
from dinh.exchange.rest_registry import MemberIn, MemberOut, VersionOut, keeper_of, member_out, owner_of
from dinh.exchange.rules import looks_after
from dinh.kernel.errors import NotFound

router = Router(tags=["exchange"])
for part in (rest_log, rest_registry, rest_reports, rest_trials):
    router.add_router("", part.router)


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


class TrialAddress(Schema):
    trial_url: Text = ""


class ProviderIn(Schema):
    """`protocol` xroad: through a security server, which knows the caller as `xroad_client`, else by its own name."""

    base_url: Text
    timeout_seconds: int = 30
    max_body_mb: int = 100
    protocol: Literal["plain", "xroad"] = "plain"
    xroad_client: Text = ""


class MemberPage(Schema):
    count: int
    page: int
    items: list[MemberOut]


class NewName(Schema):
    name: Text


class LastDay(Schema):
    last_day: date


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


@router.get("/exchange/members", response=MemberPage)
def list_members(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    """Those that the caller may add systems to; of the platform's keeper all."""
    return _page(members_matching(members_visible_to(own_of(request)), text_of(q)), page, member_out)


@router.post("/exchange/members", response={201: MemberOut})
def add_member(request: HttpRequest, given: MemberIn) -> Status[dict[str, Any]]:
    """Let an organisation take part; the platform's keeper's."""
    new = members.NewMember(**given.dict())
    return Status(
        201, member_out(members.register_member(new=new, actor=keeper_of(request), at=timezone.now()))
    )


@router.post("/exchange/members/{member_id}/name", response=MemberOut)
def rename_member(request: HttpRequest, member_id: int, given: NewName) -> dict[str, Any]:
    """The platform's keeper's; the identifier stays."""
    own = own_of(request)
    return member_out(
        members.rename_member(member_id=member_id, name=given.name, actor=own, at=timezone.now())
    )


@router.post("/exchange/members/{member_id}/end", response=MemberOut)
def end_member(request: HttpRequest, member_id: int, given: LastDay) -> dict[str, Any]:
    """From the day after neither its systems' calls nor those to them go through; the platform's keeper's."""
    own, at = own_of(request), timezone.now()
    return member_out(members.end_member(member_id=member_id, last_day=given.last_day, actor=own, at=at))


@router.post("/exchange/members/{member_id}/suspend", response=MemberOut)
def suspend_member(request: HttpRequest, member_id: int, why: Why) -> dict[str, Any]:
    own, at = own_of(request), timezone.now()
    return member_out(members.suspend_member(member_id=member_id, reason=why.reason, actor=own, at=at))


@router.post("/exchange/members/{member_id}/resume", response=MemberOut)
def resume_member(request: HttpRequest, member_id: int, why: Why) -> dict[str, Any]:
    own, at = own_of(request), timezone.now()
    return member_out(members.resume_member(member_id=member_id, reason=why.reason, actor=own, at=at))


@router.get("/exchange/systems", response=SystemPage)
def list_systems(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    return _page(systems_matching(systems_visible_to(own_of(request)), q), page, _system)


@router.post("/exchange/systems", response={201: SystemOut})
def add_system(request: HttpRequest, given: SystemIn) -> Status[dict[str, Any]]:
    own, new = own_of(request), members.NewSystem(**given.dict())
    get_object_or_404(members_visible_to(own), pk=new.member_id)
    return Status(201, _system(members.register_system(new=new, actor=own, at=timezone.now())))


@router.get("/exchange/systems/{system_id}/secrets", response=list[SecretOut])
def list_secrets(request: HttpRequest, system_id: int) -> list[Any]:
    return list(get_object_or_404(systems_visible_to(own_of(request)), pk=system_id).secrets.all())


@router.post("/exchange/systems/{system_id}/secrets", response={201: SecretOut})
def add_secret(
    request: HttpRequest, response: HttpResponse, system_id: int, given: Label
) -> Status[dict[str, Any]]:
    """A new key, good for a year. A lost answer cannot be asked for again: revoke the key and make another."""
    row, plain = credentials.issue_secret(
        system_id=system_id, label=given.label, actor=own_of(request), at=timezone.now()
    )
    response["Cache-Control"] = "no-store"
    names = ("id", "consumer_key", "label", "created_at", "expires_at", "revoked_at", "is_trial")
    return Status(201, {name: getattr(row, name) for name in names} | {"secret": plain})


@router.post("/exchange/systems/{system_id}/secrets/{secret_id}/revoke", response={204: None})
def end_secret(request: HttpRequest, system_id: int, secret_id: int) -> Status[None]:
    credentials.revoke_secret(
        system_id=system_id, secret_id=secret_id, actor=own_of(request), at=timezone.now()
    )
    return Status(204, None)


@router.post("/exchange/systems/{system_id}/revoke-tokens", response=SystemOut)
def end_tokens(request: HttpRequest, system_id: int) -> dict[str, Any]:
    return _system(members.revoke_tokens(system_id=system_id, actor=own_of(request), at=timezone.now()))


@router.post("/exchange/systems/{system_id}/suspend", response=SystemOut)
def suspend(request: HttpRequest, system_id: int, why: Why) -> dict[str, Any]:
    return _system(
        members.suspend_system(
            system_id=system_id, reason=why.reason, actor=own_of(request), at=timezone.now()
        )
    )


@router.post("/exchange/systems/{system_id}/resume", response=SystemOut)
def resume(request: HttpRequest, system_id: int, why: Why) -> dict[str, Any]:
    return _system(
        members.resume_system(
            system_id=system_id, reason=why.reason, actor=keeper_of(request), at=timezone.now()
        )
    )


@router.get("/exchange/peers", response=list[PeerOut])
def list_peers(request: HttpRequest) -> list[dict[str, Any]]:
    """Other gateways in use; the platform's keeper's only."""
    return [_peer(row) for row in peers_visible_to(own_of(request))]


@router.post("/exchange/systems/{system_id}/peer", response={201: PeerOut})
def add_peer(request: HttpRequest, system_id: int, given: PeerIn) -> Status[dict[str, Any]]:
    """Let our gateways speak with this system's, which is known by its certificates."""
    new = peers.NewPeer(given.address, given.serves, given.daily_quota, given.rate)
    own, at = keeper_of(request), timezone.now()
    return Status(201, _peer(peers.register_peer(system_id=system_id, new=new, actor=own, at=at)))


@router.post("/exchange/systems/{system_id}/peer/end", response=PeerOut)
def end_peer(request: HttpRequest, system_id: int) -> dict[str, Any]:
    found = get_object_or_404(peers_visible_to(own_of(request)), system_id=system_id)
    return _peer(peers.end_peer(peer_id=found.pk, actor=own_of(request), at=timezone.now()))


@router.get("/exchange/services", response=ServicePage)
def list_services(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    """The catalogue."""
    return _page(services_matching(services_visible_to(own_of(request)), q), page, _service)


@router.post("/exchange/services", response={201: ServiceOut})
def add_service(request: HttpRequest, given: ServiceIn) -> Status[dict[str, Any]]:
    new = services.NewService(**given.dict())
    return Status(201, _service(services.offer_service(new=new, actor=own_of(request), at=timezone.now())))


# `Form[Text] = ""` would make a field that must be there: ninja's default is lost beside a check of pydantic's.
_NOT_GIVEN: Any = Form("")  # type: ignore[type-arg]
_NO_FILE: Any = File(None)  # type: ignore[type-arg]


@router.post("/exchange/services/{service_id}/versions", response={201: VersionOut})
def add_version(
    request: HttpRequest,
    service_id: int,
    version: Form[Text],
    base_url: Form[Text],
    document: UploadedFile | None = _NO_FILE,
    document_url: Text = _NOT_GIVEN,
    timeout_seconds: Form[int] = 30,
    max_body_mb: Form[int] = 100,
    validates: Form[bool] = False,
    trial_url: Text = _NOT_GIVEN,
    protocol: Form[Literal["plain", "xroad"]] = "plain",
    xroad_client: Text = _NOT_GIVEN,
) -> Status[ServiceVersion]:
    """
    Publish a version (multipart: `document` in OpenAPI 3, or `document_url`, where it is fetched from; and the other
    fields). `validates`: the gateway refuses requests that the description does not fit. `protocol` xroad: `base_url`
    is a security server's, `/r1/...`.
    """
    own = own_of(request)
    if not looks_after(own, get_object_or_404(services_visible_to(own), pk=service_id).system):
        raise NotFound(_("There is no such service."))
    data = document.read(MAX_BYTES + 1) if document else None
    new = services.NewVersion(
        version=version,
        description=services.description_given(upload=data, url=document_url),
        base_url=base_url,
        timeout_seconds=timeout_seconds,
        max_body_mb=max_body_mb,
        validates=validates,
        trial_url=trial_url,
        protocol=protocol,
        xroad_client=xroad_client,
    )
    return Status(201, services.publish_version(service_id=service_id, new=new, actor=own, at=timezone.now()))


@router.get("/exchange/versions/{version_id}/operations", response=list[OperationOut])
def list_operations(request: HttpRequest, version_id: int) -> list[Any]:
    return list(get_object_or_404(versions_visible_to(own_of(request)), pk=version_id).operations.all())


@router.post("/exchange/versions/{version_id}/provider", response=VersionOut)
def change_provider(request: HttpRequest, version_id: int, given: ProviderIn) -> ServiceVersion:
    """Where its provider is from now on, how long it is waited for and the largest body; its owner's."""
    own, provider = owner_of(request, version_id), services.Provider(**given.dict())
    return services.set_provider(version_id=version_id, provider=provider, actor=own, at=timezone.now())


@router.post("/exchange/versions/{version_id}/trial-address", response=VersionOut)
def change_trial_address(request: HttpRequest, version_id: int, given: TrialAddress) -> ServiceVersion:
    """Say where a version can be tried; empty: nowhere any more. Its owner's."""
    return services.set_trial_address(
        version_id=version_id,
        trial_url=given.trial_url,
        actor=owner_of(request, version_id),
        at=timezone.now(),
    )


@router.get("/exchange/versions/{version_id}/openapi")
def read_openapi(request: HttpRequest, version_id: int) -> Any:
    """The description as it was published."""
    return get_object_or_404(versions_visible_to(own_of(request)), pk=version_id).document


@router.get("/exchange/grants", response=GrantPage)
def list_grants(request: HttpRequest, q: str = "", state: str = "", page: int = 1) -> dict[str, Any]:
    rows = grants_matching(grants_visible_to(own_of(request)), text=text_of(q), state=text_of(state))
    return _page(rows.prefetch_related("operations"), page, _grant)


@router.post("/exchange/grants", response={201: GrantOut})
def ask(request: HttpRequest, given: GrantIn) -> Status[dict[str, Any]]:
    new = grants.NewGrant(**given.dict())
    return Status(201, _grant(grants.ask_for_access(new=new, actor=own_of(request), at=timezone.now())))


@router.post("/exchange/grants/{grant_id}/approve", response=GrantOut)
def approve(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.approve_grant, request, grant_id, why)


@router.post("/exchange/grants/{grant_id}/refuse", response=GrantOut)
def refuse(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.refuse_grant, request, grant_id, why)


@router.post("/exchange/grants/{grant_id}/revoke", response=GrantOut)
def revoke(request: HttpRequest, grant_id: int, why: Why) -> dict[str, Any]:
    return _decided(grants.revoke_grant, request, grant_id, why)


@router.get("/exchange/dictionaries/{code}")
def read_dictionary(request: HttpRequest, code: str) -> Any:
    """What a shared catalogue holds today."""
    found = category_of(text_of(code), today=timezone.localdate())
    return found if found is not None else _missing()


@router.get("/exchange/dictionaries/{code}/versions")
def read_dictionary_versions(request: HttpRequest, code: str) -> Any:
    found = metadata_of(text_of(code))
    return found if found is not None else _missing()


def _missing() -> None:
    raise NotFound(_("There is no such catalogue."))


def _decided(
    operation: Callable[..., AccessGrant], request: HttpRequest, grant_id: int, why: Why
) -> dict[str, Any]:
    return _grant(operation(grant_id=grant_id, reason=why.reason, actor=own_of(request), at=timezone.now()))


def _page(rows: Any, number: int, shown: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    at = Paginator(rows, PAGE).get_page(number)
    return {"count": at.paginator.count, "page": at.number, "items": [shown(row) for row in at]}


def _system(row: System) -> dict[str, Any]:
    names = ("id", "identifier", "name", "description", "contact", "state")
    return {name: getattr(row, name) for name in names}


def _peer(row: Peer) -> dict[str, Any]:
    names = ("id", "address", "serves", "daily_quota", "rate", "ended_at")
    return {name: getattr(row, name) for name in names} | {"system": row.system.identifier}


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
