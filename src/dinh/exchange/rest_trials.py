"""Trying services and looking after outside ones, for programs."""

import json
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from dinh.exchange.models import ClientSecret
from dinh.exchange.operations import credentials, trials
from dinh.exchange.operations.reach import reach
from dinh.exchange.queries.outside import OutsideConnection, outside_connections
from dinh.exchange.queries.registry import (
    versions_visible_to,
)
from dinh.exchange.rest_fields import Id, Text, own_of
from dinh.exchange.rules import keeps_exchange, looks_after
from dinh.kernel.errors import NotFound

router = Router(tags=["exchange"])


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


@router.post("/exchange/trial-keys", response={201: TrialKeyOut})
def add_trial_key(request: HttpRequest, response: HttpResponse, given: TrialKeyIn) -> Status[dict[str, Any]]:
    """A key that reaches addresses for trials only, without a grant, for 90 days."""
    own, at = own_of(request), timezone.now()
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
    return trials.try_operation(trial=trial, actor=own_of(request), at=timezone.now())


@router.get("/exchange/outside", response=list[OutsideOut])
def list_outside_services(request: HttpRequest) -> list[dict[str, Any]]:
    """Outside services by the rules of today, with their last answers; the platform's keeper's only."""
    if not keeps_exchange(own_of(request)):
        return []
    rows = outside_connections(on=timezone.localdate(), at=timezone.now())
    return [_outside(row) for row in rows]


@router.post("/exchange/versions/{version_id}/reach", response=ReachedOut)
def reach_provider(request: HttpRequest, version_id: int) -> Any:
    """Ask a version's provider once whether it is there; its owner's and the platform's keeper's only."""
    own = own_of(request)
    version = get_object_or_404(versions_visible_to(own), pk=version_id)
    if not looks_after(own, version.service.system):
        raise NotFound(_("There is no such version."))
    return reach(version.base_url)


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
