"""Judge the signatures of documents that arrive (kiểm tra chữ ký số; Decree 30/2020, Art. 21)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.models import Document, Incoming
from dinh.documents.queries.incoming import get_incoming
from dinh.kernel.errors import DomainError
from dinh.signing.api import DocumentVerdict, SignatureSummary, judge_anew, verdict_of


class NothingToVerify(DomainError):
    """The document has no file, or was recalled."""


def verify_arrivals(*, document_id: int) -> int:
    """
    Judge a letter once for all who got it; those checked already keep their verdict. Safe to repeat.

    Never inside a transaction: it may ask authorities over the net.

    :returns: how many arrivals got the verdict
    """
    document = Document.objects.get(pk=document_id)
    unchecked = document.arrivals.filter(verdict="")
    if document.content_id is None or not unchecked.exists():
        return 0
    with override(settings.LANGUAGE_CODE):
        kept = _kept(verdict_of(document.content_id, offline=False))
    return unchecked.update(**kept)


def verify_again(*, incoming_id: int, actor: Appointment, at: datetime) -> Incoming:
    """
    Judge a letter anew for the actor's unit. Never inside a transaction.

    :raises IncomingNotFound: missing or not visible
    :raises NothingToVerify: without a file, or recalled
    """
    incoming = get_incoming(incoming_id, actor)
    if incoming.document.content_id is None:
        raise NothingToVerify(_("There is no file whose signatures could be checked."))
    with override(settings.LANGUAGE_CODE):
        kept = _kept(judge_anew(incoming.document.content_id))
    with transaction.atomic():
        Incoming.objects.filter(pk=incoming.pk).update(**kept)
        details = {"verdict": kept["verdict"]}
        record("documents.incoming.verified", target=incoming, actor=actor, at=at, details=details)
    incoming.refresh_from_db(fields=list(kept))
    return incoming


def _kept(found: DocumentVerdict) -> dict[str, Any]:
    """Fields of `Incoming` that keep the verdict, its reasons in the active language."""
    details = {
        "reasons": [str(reason) for reason in found.reasons],
        "signatures": [_signature(each) for each in found.signatures],
    }
    return {"verdict": str(found.verdict), "verdict_details": details, "verified_at": found.judged_at}


def _signature(each: SignatureSummary) -> dict[str, object]:
    signed_at = timezone.localtime(each.signed_at) if each.signed_at else None
    return {
        "field": each.field,
        "signer": each.signer,
        "holder": each.holder_name,
        "holder_kind": str(each.holder_kind),
        "verdict": str(each.verdict),
        "signed_at": signed_at.strftime("%d/%m/%Y %H:%M:%S") if signed_at else "",
        "reasons": [str(reason) for reason in each.reasons],
    }
