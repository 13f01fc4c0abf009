"""Files of a draft: the letter itself as Word or PDF, and what goes with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.docx import Meant, check_form, convert_docx_to_pdf, page_sizes
from dinh.documents.enums import Source, StepKind
from dinh.documents.letters import variant_of
from dinh.documents.models import Attachment, Outgoing, Version
from dinh.documents.operations.drafting import next_version, own_draft
from dinh.documents.operations.harmful import (
    LetterRefused,
    refuse_active_content,
    refuse_harmful_file,
    refuse_unsignable,
)
from dinh.documents.operations.letter_content import suggested_places
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.storage.api import DOCX, JPEG, PDF, PNG, TIFF, XLSX, read_blob, safe_name, store, store_bytes

LETTER_TYPES = frozenset({DOCX, PDF})
ATTACHMENT_TYPES = frozenset({DOCX, JPEG, PDF, PNG, TIFF, XLSX})
_JUDGED = frozenset({DOCX, PDF, XLSX})
ATTACHMENTS_MAX = 50
PAGES_MAX = 500
SIDE_MAX = 3400
"""Points: a little beyond A0. The picture of a larger page would take the web process's memory."""


@dataclass(frozen=True, slots=True)
class GivenFile:
    """An upload: its name as given, never believed, and its bytes as a stream."""

    name: str
    stream: BinaryIO


def add_letter_file(*, outgoing_id: int, drafter: Appointment, file: GivenFile, at: datetime) -> Version:
    """
    Make an uploaded Word file or PDF the next version. Of Word the faults of form are kept beside it;
    `drafting.render_version` converts it after. Of a PDF the places are proposed.

    :raises NotFound: if the appointment does not see the draft
    :raises WrongFileType: if it is neither, whatever its name says
    :raises DocxRefused: if the Word file could harm
    :raises LetterRefused: if the PDF could: active content, pages beyond A0 or more than 500; if it is damaged, locked
        or signed already
    :raises NotPermitted: if it is not the drafter's turn
    """
    draft, on = _own(outgoing_id, drafter), timezone.localdate(at)
    info = store(file.stream, accept=LETTER_TYPES, name=file.name)
    content = read_blob(info.sha256)
    if info.media_type == DOCX:
        faults = _faults_of_form(content, draft, on)
        made: dict[str, object] = {"source": Source.WORD, "word_id": info.sha256, "faults": faults}
    else:
        _refuse_harmful(content, file.name)
        places = suggested_places(draft, content, on=on)
        made = {"source": Source.UPLOAD, "pdf_id": info.sha256, "places": places}
    return _keep_version(outgoing_id, drafter, made | {"body": {"file_name": safe_name(file.name)}}, at)


def _own(outgoing_id: int, drafter: Appointment) -> Outgoing:
    """The drafter's draft, before anybody's file is read; it is locked once the file has been."""
    with transaction.atomic():
        return own_draft(outgoing_id, drafter)


def _faults_of_form(content: bytes, draft: Outgoing, on: date) -> list[dict[str, str]]:
    unit = draft.unit
    signs = draft.steps.filter(kind=StepKind.SIGN)
    signer = signs.values_list("appointment__person__full_name", flat=True).first()
    meant = Meant(notation=draft.document.notation, signer=signer) if signer else None
    variant = variant_of(bloc=unit.bloc, issuer=unit.name)
    found = check_form(content, bloc=unit.bloc, on=on, variant=variant, meant=meant)
    return [fault.to_json() for fault in found]


def attach_files(
    *, outgoing_id: int, drafter: Appointment, files: Sequence[GivenFile], is_annex: bool, at: datetime
) -> list[Attachment]:
    """
    Add files to a draft; all or none. Annexes in Word become PDF, for the unit signs them as it seals the letter.

    :raises WrongFileType: naming the file that is not Word, Excel, PDF or a picture
    :raises FileTooLarge: naming the file
    :raises LetterRefused: naming the file that could harm whoever opens it
    :raises NotPermitted: if it is not the drafter's turn
    """
    _own(outgoing_id, drafter)
    stored = [_stored(file, is_annex=is_annex) for file in files]
    return _attach(outgoing_id, drafter, stored, is_annex, at)


def _stored(file: GivenFile, *, is_annex: bool) -> tuple[str, str]:
    """Name and SHA-256 of what is kept of an upload."""
    info = store(file.stream, accept=ATTACHMENT_TYPES, name=file.name)
    name = safe_name(file.name)
    if info.media_type in _JUDGED:
        refuse_harmful_file(read_blob(info.sha256), media_type=info.media_type, name=name)
    if not is_annex or info.media_type != DOCX:
        return name, info.sha256
    pdf = convert_docx_to_pdf(read_blob(info.sha256))
    return f"{PurePath(name).stem}.pdf", store_bytes(pdf, accept=frozenset({PDF})).sha256


@transaction.atomic
def detach_file(*, outgoing_id: int, drafter: Appointment, attachment_id: int, at: datetime) -> None:
    """Take a file off a draft. :raises NotFound: if it has no such file"""
    outgoing = own_draft(outgoing_id, drafter)
    attachment = outgoing.document.attachments.filter(pk=attachment_id).first()
    if attachment is None:
        raise NotFound(_("There is no such file."))
    details = {"name": attachment.name}
    attachment.delete()
    record("documents.document.detached", target=outgoing, actor=drafter, at=at, details=details)


@transaction.atomic
def _keep_version(outgoing_id: int, drafter: Appointment, made: dict[str, object], at: datetime) -> Version:
    outgoing = own_draft(outgoing_id, drafter)
    version = next_version(outgoing, drafter, at=at, **made)
    Outgoing.objects.filter(pk=outgoing.pk).update(updated_at=at)
    details = {"version": version.number, "source": version.source}
    record("documents.document.revised", target=outgoing, actor=drafter, at=at, details=details)
    return version


@transaction.atomic
def _attach(
    outgoing_id: int, drafter: Appointment, files: Sequence[tuple[str, str]], is_annex: bool, at: datetime
) -> list[Attachment]:
    document = (outgoing := own_draft(outgoing_id, drafter)).document
    there = document.attachments.count()
    if there + len(files) > ATTACHMENTS_MAX:
        raise InvalidInput(_("A document carries at most 50 files."), field="files")
    made = Attachment.objects.bulk_create(
        Attachment(document=document, blob_id=sha256, name=name, is_annex=is_annex, sort_order=order)
        for order, (name, sha256) in enumerate(files, start=there)
    )
    details = {"names": [name for name, _sha256 in files], "sha256": [sha256 for _name, sha256 in files]}
    record("documents.document.attached", target=outgoing, actor=drafter, at=at, details=details)
    return made


def _refuse_harmful(pdf: bytes, name: str) -> None:
    refuse_unsignable(pdf, name=name)
    refuse_active_content(pdf, name=name)
    sizes = page_sizes(pdf, most=PAGES_MAX)
    if len(sizes) > PAGES_MAX or any(max(size) > SIDE_MAX for size in sizes):
        text = _("%(name)s is too large for a letter: at most 500 pages, none larger than A0.")
        raise LetterRefused(text % {"name": name}, field="file")
