"""
The unit's signature on annexes in files of their own (Decree 30/2020, Annex I, part I, III.1.d).

It shows no image, but the letter's number and the signing time in the upper right corner of page 1.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.letters import annex_mark_lines
from dinh.documents.models import Attachment, Outgoing
from dinh.documents.scans import upper_right
from dinh.kernel.pdf import font_file
from dinh.pki.api import Box, FieldKind, read_fields
from dinh.signing.api import SignedPdf, TextMark, sign_pdf
from dinh.storage.api import PDF, read_blob

ANNEX_FIELD = "Signature.annex"
_MM = 72 / 25.4
_WIDTH, _LINE_HEIGHT = 62 * _MM, 13.0


def seal_annexes(*, outgoing: Outgoing, clerk: Appointment) -> int:
    """
    Sign each annex file (PDF) that is not sealed yet with the unit's certificate. Safe to repeat.

    Never inside a transaction: the seal's key may take its time.

    :returns: how many were sealed now
    :raises SignOnDevice: if only a device reaches the seal's key
    """
    waiting = outgoing.document.attachments.filter(is_annex=True, sealed_at=None, blob__media_type=PDF)
    sealed = [_sealed(each, outgoing, clerk) for each in waiting.order_by("sort_order", "pk")]
    if sealed:
        details = {"names": sealed}
        record("documents.document.annexes_sealed", target=outgoing, actor=clerk, details=details)
    return len(sealed)


def _sealed(annex: Attachment, outgoing: Outgoing, clerk: Appointment) -> str:
    signed = _sign(annex, outgoing.document.code, clerk)
    with transaction.atomic():
        mine = Attachment.objects.filter(pk=annex.pk, blob=annex.blob_id, sealed_at=None)
        mine.update(blob=signed.sha256, sealed_at=signed.signed_at)
    return annex.name


def _sign(annex: Attachment, code: str, clerk: Appointment) -> SignedPdf:
    pdf = read_blob(annex.blob_id)
    has_signature = any(field.filled for field in read_fields(pdf=pdf) if field.kind == FieldKind.SIGNATURE)

    def lines(signed_at: datetime) -> tuple[str, ...]:
        return annex_mark_lines(code=code, signed_at=signed_at)

    height = _LINE_HEIGHT * len(lines(timezone.now())) + 2
    sides = upper_right(pdf, width=_WIDTH, height=height, right=10 * _MM, top=5 * _MM)
    return sign_pdf(
        sha256=annex.blob_id,
        field_name=ANNEX_FIELD,
        as_="unit",
        appointment=clerk,
        certify=not has_signature,
        mark=TextMark(Box(1, *sides), lines, font_file()),
    )
