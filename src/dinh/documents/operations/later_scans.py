"""
Scans that come after their letter was registered on paper (số hóa văn bản giấy; Decree 30/2020, Annex I, part I,
III.1; Art. 22): of letters that went out signed by hand, and of arrivals written down without one.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.docx import extract_text
from dinh.documents.models import Document, Incoming, Intake, Outgoing
from dinh.documents.operations.dispatch import locked_outgoing
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.intake import KeptScan, scan_faults
from dinh.documents.operations.receiving import locked_incoming
from dinh.documents.rules import is_kept_on_paper
from dinh.documents.rules_incoming import may_register
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.kernel.pdf import PdfUnreadable
from dinh.kernel.text import fold
from dinh.storage.api import read_blob


class ScanThere(DomainError):
    """The letter has its file already; a kept letter is never changed."""


@transaction.atomic
def scan_outgoing(*, clerk: Appointment, outgoing_id: int, scan: KeptScan, at: datetime) -> Outgoing:
    """
    Let a letter that was registered on paper carry its scan; the worker reads its words. Repeated, it changes nothing.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises InvalidInput: of a secret letter, which is never scanned
    :raises ScanThere: if the letter has another file, or was made here
    """
    outgoing = locked_outgoing(outgoing_id, clerk)
    document = outgoing.document
    if document.content_id == scan.pdf:
        return outgoing
    _refuse_secret(document, scan)
    if not is_kept_on_paper(outgoing):
        raise _there()
    keep_outgoing_scan(outgoing, scan, clerk=clerk, at=at)
    return outgoing


def keep_outgoing_scan(outgoing: Outgoing, scan: KeptScan, *, clerk: Appointment, at: datetime) -> None:
    """In the act's own transaction: the scan becomes the letter's file, and the worker reads its words."""
    from dinh.documents.tasks import read_scan_words

    _keep(outgoing.document, scan)
    record("documents.outgoing.scanned", target=outgoing, actor=clerk, at=at, details=_told(scan))
    read_scan_words.defer(document_id=outgoing.document_id)


@transaction.atomic
def scan_incoming(*, clerk: Appointment, incoming_id: int, scan: KeptScan, at: datetime) -> Incoming:
    """
    Let an arrival that was written down without a file carry its scan, which is stamped and read as any other.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a clerk of the unit
    :raises InvalidInput: of a secret letter, which is never scanned
    :raises ScanThere: if the letter has another file, or came electronically
    """
    from dinh.documents.tasks import prepare_scan

    incoming = locked_incoming(incoming_id, clerk)
    if not may_register(clerk, incoming):
        raise NotPermitted(_("Only a clerk of the unit registers documents."))
    document = incoming.document
    intake = Intake.objects.filter(incoming=incoming).first()
    if intake is not None and intake.original_id == scan.original:
        return incoming
    _refuse_secret(document, scan)
    if intake is None or document.content_id is not None:
        raise _there()
    _keep(document, scan)
    intake.original_id, intake.file_name = scan.original, scan.name
    intake.save(update_fields=["original", "file_name"])
    record("documents.incoming.scanned", target=incoming, actor=clerk, at=at, details=_told(scan))
    prepare_scan.defer(intake_id=intake.pk)
    return incoming


def read_words(*, document_id: int) -> None:
    """Make a scanned letter findable by its words. Safe to repeat; never inside a transaction."""
    document = Document.objects.get(pk=document_id)
    if document.content_id is None:
        return
    try:
        words = fold(extract_text(read_blob(document.content_id)).text)
    except PdfUnreadable:
        return
    index_document(document, text=words)


def _keep(document: Document, scan: KeptScan) -> None:
    document.content_id, document.page_count = scan.pdf, document.page_count or scan.pages
    document.save(update_fields=["content", "page_count"])


def _told(scan: KeptScan) -> dict[str, object]:
    return {"name": scan.name, "sha256": scan.original, "pages": scan.pages}


def _refuse_secret(document: Document, scan: KeptScan) -> None:
    for fault in scan_faults(scan, secrecy=document.secrecy):
        raise InvalidInput(fault.message, faults=[fault])


def _there() -> ScanThere:
    return ScanThere(_("This letter has its file already, and a kept letter is never changed."))
