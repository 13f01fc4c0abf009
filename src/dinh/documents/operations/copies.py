"""
Copies that stand for the original: sao y, trích sao, sao lục (Decree 30/2020, Art. 25-27; Annex I, part II).

A copy is the document's PDF under the unit's seal certificate, which shows form, unit and time in the upper right
corner of page 1. It has a number of its own series and goes out as any other document; the original is never touched.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.docx import extract_text
from dinh.documents.enums import CopyKind, IncomingState, OutgoingState, Secrecy
from dinh.documents.letters import (
    SignatureBlock,
    copy_mark_text,
    copy_notation,
    copy_subject,
    render_copy_form,
)
from dinh.documents.models import Attachment, Document, Incoming, Outgoing, TrueCopy
from dinh.documents.operations.authority import signature_lines, suggested_authority
from dinh.documents.operations.books import copy_book
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.draft_plan import WantedRecipient, recipient_faults, set_recipients
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.numbering import give_number
from dinh.documents.queries.copies import DECIDES_ON_COPIES
from dinh.documents.queries.outgoing import addressed_as
from dinh.documents.rules import may_keep_books
from dinh.documents.rules_incoming import OPEN_STATES
from dinh.documents.scans import pages_only, upper_right
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotPermitted
from dinh.kernel.pdf import font_file
from dinh.kernel.text import fold
from dinh.pki.api import Box, FieldKind, read_fields
from dinh.signing.api import SignedPdf, TextMark, extend, sign_pdf
from dinh.storage.api import PDF, read_blob, store_bytes

COPY_FIELD = "Signature.copy"
_COPIED_STATES = (*OPEN_STATES, IncomingState.DONE)
_MM = 72 / 25.4
_MARK_WIDTH = 72 * _MM
_LINE_HEIGHT = 12.0
_PAGES = re.compile(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*")

Source = Incoming | Outgoing


class NotCopyable(DomainError):
    """The document cannot be copied: not registered or issued, secret, without a file, or of the wrong kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCopy:
    """
    What a clerk wants copied.

    :param kind: value of `CopyKind`
    :param decided_by: the leader who decided on the copy (Art. 27)
    :param pages: for extracts only, counted from 1, such as `1-2,5`
    :param recipients: to whom it is sent at once; none for a copy that is kept or handed out
    """

    kind: str
    decided_by: Appointment
    pages: str = ""
    recipients: Sequence[WantedRecipient] = ()


@dataclass(frozen=True, slots=True)
class SealPlace:
    """The file that the seal goes on, its field, whether it certifies, and what it shows."""

    sha256: str
    field_name: str
    certifies: bool
    mark: TextMark


def make_copy(
    *, clerk: Appointment, source: Source, wanted: WantedCopy, request_key: str, at: datetime
) -> Outgoing:
    """
    Copy a document that the clerk's unit registered or issued: seal, number, register and send the copy.

    Never inside a transaction: the seal's key may take its time. A repeated request (`request_key`, of the unit)
    answers with the first copy. Writes audit entries on the copy and on what was copied.

    :param source: as the clerk may see it
    :raises NotPermitted: if the appointment is not a clerk of the unit, or has no seal in use
    :raises InvalidInput: field by field
    :raises NotCopyable: naming why
    :raises SignOnDevice: if only a device reaches the seal's key; `copies_on_device` is the way then
    """
    earlier = earlier_copy(clerk, request_key)
    if earlier is not None:
        return earlier
    place = seal_place(clerk, source, wanted, request_key=request_key, at=at)
    signed = sign_pdf(
        sha256=place.sha256,
        field_name=place.field_name,
        as_="unit",
        appointment=clerk,
        certify=place.certifies,
        mark=place.mark,
    )
    return keep_copy(clerk, source, wanted, signed=signed, request_key=request_key)


def seal_place(
    clerk: Appointment, source: Source, wanted: WantedCopy, *, request_key: str, at: datetime
) -> SealPlace:
    """
    What the unit's seal goes on to make the copy, and where: the whole file, or the pages of the extract.

    :raises NotPermitted, InvalidInput, NotCopyable: as `make_copy`
    """
    _check(clerk, source, wanted, request_key, timezone.localdate(at))
    sha256 = _pages_of(str(source.document.content_id), wanted.pages)
    pdf = read_blob(sha256)
    signed = [field for field in read_fields(pdf=pdf) if field.kind == FieldKind.SIGNATURE and field.filled]
    lines = partial(_mark_lines, wanted.kind, clerk.unit.name)
    place = sum(field.name.startswith(COPY_FIELD) for field in signed)
    sides = upper_right(
        pdf,
        width=_MARK_WIDTH,
        height=_LINE_HEIGHT * len(lines(timezone.now())) + 2,
        # A copy of a copy shows left of the former.
        right=10 * _MM + place * (_MARK_WIDTH + 2 * _MM),
        top=5 * _MM,
    )
    mark = TextMark(Box(1, *sides), lines, font_file())
    return SealPlace(sha256, f"{COPY_FIELD}.{place + 1}", not signed, mark)


def keep_copy(
    clerk: Appointment, source: Source, wanted: WantedCopy, *, signed: SignedPdf, request_key: str
) -> Outgoing:
    """Number, register and send what the seal made, once for each request; never inside a transaction."""
    proven = replace(signed, sha256=extend(sha256=signed.sha256).sha256)
    words = _words(source.document, proven, wanted)
    return _keep(clerk, source, wanted, signed=proven, words=words, request_key=request_key)


def copy_form(outgoing: Outgoing) -> bytes:
    """The foot of a copy on paper, to be printed behind the copied pages, signed and sealed (Annex III, 3.1)."""
    document, made = outgoing.document, TrueCopy.objects.get(outgoing=outgoing)
    day = document.issued_date or timezone.localdate(outgoing.created_at)
    unit, leader = outgoing.unit, made.decided_by
    lines = signature_lines(leader, authority=suggested_authority(leader), on=day)
    return render_copy_form(
        copy_code=document.copy_kind,
        bloc=unit.bloc,
        law_date=day,
        agency=unit.name,
        issuer=unit.abbreviation,
        place_name=unit.place,
        signature=SignatureBlock(lines=lines, name=leader.person.full_name),
        number=document.number_text,
        issued_on=day,
        recipients=addressed_as(outgoing),
        parent_agency=unit.parent.name if unit.parent else "",
    ).pdf


def is_copyable(source: Source) -> bool:
    """Whether the document is registered or issued, has a file, and is not secret."""
    states = _COPIED_STATES if isinstance(source, Incoming) else (OutgoingState.ISSUED,)
    document = source.document
    return source.state in states and document.content_id is not None and document.secrecy == Secrecy.NONE


def kinds_for(document: Document) -> tuple[CopyKind, ...]:
    """
    Forms in which a document may be copied (Art. 3(10)-(12)): a copy of a copy is a sao lục, and only that.

    What came on paper may be the original or a copy: the clerk who holds it knows.
    """
    if document.transcribed_by_id is not None:
        return tuple(CopyKind)
    return (CopyKind.SAO_LUC,) if document.copy_kind else (CopyKind.SAO_Y, CopyKind.EXTRACT)


def earlier_copy(clerk: Appointment, request_key: str) -> Outgoing | None:
    """The copy that this request of the unit made before."""
    mine = Outgoing.objects.filter(true_copy__unit=clerk.unit_id, true_copy__request_key=request_key)
    return mine.select_related("document").first()


def _check(clerk: Appointment, source: Source, wanted: WantedCopy, request_key: str, today: date) -> None:
    if not may_keep_books(clerk, source.unit_id):
        raise NotPermitted(_("Only a clerk of the unit makes copies."))
    if not is_copyable(source):
        raise NotCopyable(
            _("Only what is registered or issued, has a file and is not secret can be copied here.")
        )
    faults = _faults(clerk, source, wanted, today)
    if not 0 < len(request_key) <= 64:
        faults.append(FieldFault("request_key", _t("Send a key of 1 to 64 characters.")))
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)


def _faults(clerk: Appointment, source: Source, wanted: WantedCopy, today: date) -> list[FieldFault]:
    leader, faults = wanted.decided_by, list[FieldFault]()
    if wanted.kind not in kinds_for(source.document):
        words = _t("A copy is copied again as sao lục; an original as sao y or trích sao.")
        faults.append(FieldFault("kind", words))
    if (
        leader.unit_id != clerk.unit_id
        or not leader.is_current(today)
        or not leader.has_role(*DECIDES_ON_COPIES)
    ):
        faults.append(FieldFault("decided_by", _t("Choose a leader of your own unit.")))
    if wanted.kind == CopyKind.EXTRACT and not _PAGES.fullmatch(_tight(wanted.pages)):
        faults.append(FieldFault("pages", _t("Name the pages of the extract, such as 1-2,5.")))
    if wanted.kind != CopyKind.EXTRACT and wanted.pages.strip():
        faults.append(FieldFault("pages", _t("Only an extract leaves pages out.")))
    return [*faults, *recipient_faults(wanted.recipients, sender=clerk)]


def _tight(pages: str) -> str:
    return "".join(pages.split())


def page_numbers(pages: str) -> tuple[int, ...]:
    """
    Return the pages that `1-2,5` names, in order, each once.

    :raises InvalidInput: if a span runs backwards or page 0 is named
    """
    numbers: list[int] = []
    for part in _tight(pages).split(","):
        first, _dash, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    if not numbers or 0 in numbers:
        raise InvalidInput(_("Name the pages of the extract, such as 1-2,5."), field="pages")
    return tuple(sorted(set(numbers)))


def _pages_of(sha256: str, pages: str) -> str:
    """The whole file as it is, or an extract of it as a file of its own."""
    if not pages.strip():
        return sha256
    cut = pages_only(read_blob(sha256), page_numbers(pages))
    return store_bytes(cut, accept=frozenset({PDF})).sha256


def _mark_lines(kind: str, agency: str, signed_at: datetime) -> tuple[str, ...]:
    return copy_mark_text(copy_code=kind, agency=agency, signed_at=signed_at)


def _words(document: Document, signed: SignedPdf, wanted: WantedCopy) -> str:
    """The folded text: the original's, or what the extract still says."""
    if not wanted.pages.strip():
        return document.search_text
    return fold(extract_text(read_blob(signed.sha256), ocr=False).text)


@transaction.atomic
def _keep(
    clerk: Appointment, source: Source, wanted: WantedCopy, *, signed: SignedPdf, words: str, request_key: str
) -> Outgoing:
    at = signed.signed_at
    # The book is locked first: of two requests at once the second finds the copy of the first.
    copy_book(unit_id=clerk.unit_id, year=timezone.localdate(at).year)
    earlier = earlier_copy(clerk, request_key)
    if earlier is not None:
        return earlier
    outgoing = _written(clerk, source, wanted, signed, words)
    give_number(outgoing, outgoing.document, timezone.localdate(at))
    _trace(clerk, source, wanted, outgoing, signed)
    _register(clerk, source, wanted, outgoing, request_key)
    set_recipients(outgoing, wanted.recipients)
    index_document(outgoing.document)
    if wanted.recipients:
        dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key=f"issue-{outgoing.pk}", at=at)
    else:
        outgoing.state, outgoing.issued_at = OutgoingState.ISSUED, at
        outgoing.save(update_fields=["state", "issued_at"])
    return outgoing


def _written(
    clerk: Appointment, source: Source, wanted: WantedCopy, signed: SignedPdf, words: str
) -> Outgoing:
    original, unit, at = source.document, clerk.unit, signed.signed_at
    copy = Document.objects.create(
        issuer=unit,
        issuer_name=unit.name,
        bloc=unit.bloc,
        type_code=original.type_code,
        notation=copy_notation(
            bloc=unit.bloc, copy_code=wanted.kind, issuer=unit.abbreviation, on=timezone.localdate(at)
        ),
        place=unit.place,
        subject=copy_subject(
            copy_code=wanted.kind,
            type_code=original.type_code,
            bloc=original.bloc,
            code=original.code,
            issued_on=original.issued_date,
            issuer=original.issuer_name,
            subject=original.subject,
        ),
        urgency=original.urgency,
        page_count=len(page_numbers(wanted.pages)) if wanted.pages.strip() else original.page_count,
        signer_name=wanted.decided_by.person.full_name,
        signer_position=wanted.decided_by.position.name,
        content_id=signed.sha256,
        copied_from=original,
        copy_kind=wanted.kind,
        search_text=words,
        created_at=at,
    )
    if wanted.kind != CopyKind.EXTRACT:
        _copy_attachments(original, copy)
    return Outgoing.objects.create(
        document=copy,
        unit=unit,
        division=clerk.division,
        drafter=clerk,
        state=OutgoingState.SEALED,
        signed_at=at,
        numbered_at=at,
        sealed_at=at,
        created_at=at,
        updated_at=at,
    )


def _copy_attachments(original: Document, copy: Document) -> None:
    Attachment.objects.bulk_create(
        Attachment(
            document=copy,
            blob_id=each.blob_id,
            name=each.name,
            is_annex=each.is_annex,
            sort_order=each.sort_order,
        )
        for each in original.attachments.all()
    )


def _register(
    clerk: Appointment, source: Source, wanted: WantedCopy, outgoing: Outgoing, request_key: str
) -> None:
    is_incoming = isinstance(source, Incoming)
    TrueCopy.objects.create(
        outgoing=outgoing,
        unit_id=clerk.unit_id,
        request_key=request_key,
        from_incoming_id=source.pk if is_incoming else None,
        from_outgoing_id=None if is_incoming else source.pk,
        pages=_tight(wanted.pages),
        decided_by=wanted.decided_by,
    )


def _trace(
    clerk: Appointment, source: Source, wanted: WantedCopy, outgoing: Outgoing, signed: SignedPdf
) -> None:
    told = {"code": outgoing.document.code, "kind": wanted.kind, "decided_by": wanted.decided_by.pk}
    sealed = told | {"sha256": signed.sha256, "level": signed.level}
    at = signed.signed_at
    record("documents.document.copy_made", target=outgoing, actor=clerk, at=at, details=sealed)
    is_incoming = isinstance(source, Incoming)
    action = "documents.incoming.copied" if is_incoming else "documents.document.copied"
    record(action, target=source, actor=clerk, at=at, details=told)
