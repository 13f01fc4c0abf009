"""What proves a letter, for programs: its trace, the verdict on its signatures, its evidence for outsiders."""

from collections.abc import Mapping
from datetime import datetime

from django.db import models
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from dinh.audit.api import trace_of
from dinh.documents.models import Incoming
from dinh.documents.operations.evidence import evidence_of_incoming, evidence_of_outgoing
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.rest_outgoing import actor_of, opened, visible
from dinh.documents.views.evidence import download
from dinh.kernel.errors import NotFound
from dinh.signing.api import DocumentVerdict, verdict_of

router = Router(tags=["proof"])


class TraceOut(Schema):
    """One act in the sealed log; `action` is module.object.fact, `details` what was changed, from what, to what."""

    entry: int
    at: datetime
    action: str
    person: str
    position: str
    unit: str
    details: Mapping[str, object]


class SignatureOut(Schema):
    """`verdict` is valid, invalid or indeterminate, with the reasons in the caller's language."""

    field: str
    verdict: str
    signer: str
    holder_kind: str
    holder_name: str
    holder_title: str
    signed_at: datetime | None
    time_source: str
    reasons: list[str]


class VerdictOut(Schema):
    """The verdict on the whole letter, whose bytes have this SHA-256."""

    sha256: str
    verdict: str
    judged_at: datetime
    reasons: list[str]
    signatures: list[SignatureOut]


@router.get("/outgoing/{int:outgoing_id}/trace", response=list[TraceOut])
def outgoing_trace(request: HttpRequest, outgoing_id: int) -> list[TraceOut]:
    """Every act on a letter that goes out, oldest first."""
    return _trace(visible(request, outgoing_id))


@router.get("/incoming/{int:incoming_id}/trace", response=list[TraceOut])
def incoming_trace(request: HttpRequest, incoming_id: int) -> list[TraceOut]:
    """What the caller's unit did with a letter that arrived, oldest first; 404 once recalled."""
    return _trace(_arrival(request, incoming_id))


@router.get("/outgoing/{int:outgoing_id}/signatures", response=VerdictOut)
def outgoing_signatures(request: HttpRequest, outgoing_id: int) -> VerdictOut:
    """The verdict on a letter's signatures so far; asks no authority over the net."""
    return _verdict(opened(request, outgoing_id).document.content_id)


@router.get("/incoming/{int:incoming_id}/signatures", response=VerdictOut)
def incoming_signatures(request: HttpRequest, incoming_id: int) -> VerdictOut:
    """The verdict on the signatures of a letter that arrived; 404 once recalled."""
    return _verdict(_arrival(request, incoming_id).document.content_id)


@router.post("/outgoing/{int:outgoing_id}/evidence", url_name="outgoing_evidence")
def outgoing_evidence(request: HttpRequest, outgoing_id: int) -> FileResponse:
    """The letter, its files, its trace and what proves them (ASiC-E), for `dinh evidence verify`."""
    at = timezone.now()
    bundle = evidence_of_outgoing(outgoing_id=outgoing_id, actor=actor_of(request), at=at)
    return download(bundle, f"van-ban-di-{outgoing_id}")


@router.post("/incoming/{int:incoming_id}/evidence", url_name="incoming_evidence")
def incoming_evidence(request: HttpRequest, incoming_id: int) -> FileResponse:
    """As for letters that go out, with what the receiving unit did."""
    at = timezone.now()
    bundle = evidence_of_incoming(incoming_id=incoming_id, actor=actor_of(request), at=at)
    return download(bundle, f"van-ban-den-{incoming_id}")


def _arrival(request: HttpRequest, incoming_id: int) -> Incoming:
    incoming = get_incoming(incoming_id, actor_of(request))
    if incoming.document.pk is None:
        raise NotFound(_("There is no such document here. Go back to the list."))
    return incoming


def _trace(target: models.Model) -> list[TraceOut]:
    return [
        TraceOut(
            entry=each.entry_id,
            at=each.recorded_at,
            action=each.action,
            person=each.person_name,
            position=each.position,
            unit=each.unit_name,
            details=each.details,
        )
        for each in trace_of(target)
    ]


def _verdict(sha256: str | None) -> VerdictOut:
    if sha256 is None:
        raise NotFound(_("There is no file whose signatures could be checked."))
    return _told(verdict_of(sha256, offline=True))


def _told(verdict: DocumentVerdict) -> VerdictOut:
    signatures = [
        SignatureOut(
            field=each.field,
            verdict=each.verdict.value,
            signer=each.signer,
            holder_kind=each.holder_kind.value,
            holder_name=each.holder_name,
            holder_title=each.holder_title,
            signed_at=each.signed_at,
            time_source=each.time_source.value,
            reasons=list(each.reasons),
        )
        for each in verdict.signatures
    ]
    return VerdictOut(
        sha256=verdict.sha256,
        verdict=verdict.verdict.value,
        judged_at=verdict.judged_at,
        reasons=list(verdict.reasons),
        signatures=signatures,
    )
