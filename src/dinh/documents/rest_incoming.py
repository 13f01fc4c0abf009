"""Documents that arrived, for programs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from dinh.documents.models import Incoming
from dinh.documents.operations.receiving import refuse_incoming, register_incoming
from dinh.documents.queries.incoming import get_incoming

router = Router(tags=["incoming"])


class IncomingOut(Schema):
    id: int
    state: str
    number: int | None
    arrived_at: datetime


class Refusal(Schema):
    reason: str


@router.get("/incoming/{incoming_id}", response=IncomingOut)
def read(request: HttpRequest, incoming_id: int) -> Incoming:
    return get_incoming(incoming_id, _actor(request))


@router.post("/incoming/{incoming_id}/register", response=IncomingOut)
def register(request: HttpRequest, incoming_id: int) -> Incoming:
    return register_incoming(incoming_id=incoming_id, actor=_actor(request), at=timezone.now())


@router.post("/incoming/{incoming_id}/refuse", response=IncomingOut)
def refuse(request: HttpRequest, incoming_id: int, body: Refusal) -> Incoming:
    actor = _actor(request)
    return refuse_incoming(incoming_id=incoming_id, actor=actor, reason=body.reason, at=timezone.now())


def _actor(request: HttpRequest) -> Any:
    return request.appointment  # type: ignore[attr-defined]
