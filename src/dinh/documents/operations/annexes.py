"""
Annexes in files of their own carry the agency's signature (Decree 30/2020, Annex I, part I, II.8.b and III.1.d).

It shows number and notation and the signing time in the upper right corner of page 1, no image. An annex in the
letter's own file is not signed apart. What is no PDF (a table of figures, say) cannot carry it and is named in the
trace.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from dinh.directory.models import Appointment
from dinh.documents.letters import annex_mark_lines
from dinh.documents.models import Attachment, Document
from dinh.documents.scans import upper_right
from dinh.kernel.errors import InvalidInput
from dinh.kernel.pdf import font_file
from dinh.pki.api import Box, FieldKind, FieldSpec, FieldState, PkiError, read_fields
from dinh.signing.api import TextMark, add_fields, extend, sign_pdf
from dinh.storage.api import PDF, read_blob

ANNEX_FIELD: Final = "Signature.annex.1"
_MM: Final = 72 / 25.4
_WIDTH, _HEIGHT = 60 * _MM, 26.0


@dataclass(frozen=True, slots=True)
class UnsignedAnnex:
    """
    An annex that waits for the agency's signature.

    :param before: SHA-256 of the file as it is; `source` the same with the empty field that the signature goes into
    :param certifies: whether the signature is the file's first
    """

    attachment_id: int
    name: str
    before: str
    source: str
    mark: TextMark
    certifies: bool


@dataclass(frozen=True, slots=True)
class SignedAnnex:
    """An annex (by its id), the file it was and the file with the agency's signature (SHA-256)."""

    attachment_id: int
    before: str
    after: str


@dataclass(slots=True)
class AnnexOutcome:
    """What became of a letter's annexes; `unsigned` are the names of those that cannot carry a signature."""

    signed: list[SignedAnnex] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)


def sign_annexes(*, document: Document, clerk: Appointment) -> AnnexOutcome:
    """
    Sign each annex in a file of its own with the unit's seal certificate. Keeps files, changes no record.

    Never inside a transaction: the key may take its time.

    :raises NotPermitted, SignOnDevice: as `sign_pdf`
    """
    waiting = unsigned_annexes(document)
    signed = [_signed(annex, clerk) for annex in waiting]
    return AnnexOutcome(signed, names_without_signature(document, {annex.attachment_id for annex in waiting}))


def _signed(annex: UnsignedAnnex, clerk: Appointment) -> SignedAnnex:
    made = sign_pdf(
        sha256=annex.source,
        field_name=ANNEX_FIELD,
        as_="unit",
        appointment=clerk,
        certify=annex.certifies,
        mark=annex.mark,
    )
    return SignedAnnex(annex.attachment_id, annex.before, extend(sha256=made.sha256).sha256)


def unsigned_annexes(document: Document) -> list[UnsignedAnnex]:
    """Annexes that can carry the agency's signature and do not yet. Not inside a transaction: reads whole files."""
    found = (_unsigned(annex, document.code) for annex in _annexes(document))
    return [annex for annex in found if annex is not None]


def names_without_signature(document: Document, waiting: Collection[int]) -> list[str]:
    """Names of annexes that are not signed and do not wait for it either: no PDF, encrypted or damaged."""
    return [a.name for a in _annexes(document) if a.pk not in waiting and not _is_signed(a)]


def _annexes(document: Document) -> list[Attachment]:
    return list(document.attachments.filter(is_annex=True).select_related("blob"))


def _unsigned(annex: Attachment, code: str) -> UnsignedAnnex | None:
    states = _fields_of(annex)
    if states is None or _carries_mark(states):
        return None
    pdf, is_first = read_blob(annex.blob_id), not any(_is_filled_signature(state) for state in states)
    try:
        box = Box(1, *upper_right(pdf, width=_WIDTH, height=_HEIGHT, right=15 * _MM, top=8 * _MM))
        source = add_fields(sha256=annex.blob_id, fields=[FieldSpec(ANNEX_FIELD, box)])
    except (InvalidInput, PkiError):
        return None
    mark = TextMark(box, partial(_lines, code), font_file())
    return UnsignedAnnex(annex.pk, annex.name, annex.blob_id, source, mark, is_first)


def _lines(code: str, at: datetime) -> tuple[str, ...]:
    return annex_mark_lines(code=code, signed_at=at)


def _fields_of(annex: Attachment) -> tuple[FieldState, ...] | None:
    """The form fields of an annex; None where it is no PDF that can be read."""
    if annex.blob.media_type != PDF:
        return None
    try:
        return read_fields(pdf=read_blob(annex.blob_id))
    except InvalidInput:
        return None


def _is_signed(annex: Attachment) -> bool:
    return _carries_mark(_fields_of(annex) or ())


def _carries_mark(states: Collection[FieldState]) -> bool:
    return any(state.name == ANNEX_FIELD and state.filled for state in states)


def _is_filled_signature(state: FieldState) -> bool:
    return state.kind is FieldKind.SIGNATURE and state.filled


def keep_annexes(annexes: Sequence[SignedAnnex]) -> bool:
    """
    Put the signed files in the place of those they were made from, in the current transaction.

    :returns: False if one of them is not what it was any more
    """
    kept = [
        Attachment.objects.filter(pk=annex.attachment_id, blob=annex.before).update(blob=annex.after)
        for annex in annexes
    ]
    return all(kept)
