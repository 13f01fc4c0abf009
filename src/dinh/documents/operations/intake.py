"""
Take in letters that came on paper or by e-mail (tiếp nhận văn bản giấy, thư điện tử; Decree 30/2020, Art. 21-22).

They are numbered in the same series as electronic ones, in the act that writes them down; the scan is stamped
and read afterwards, by the worker.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Bloc, Role
from dinh.directory.models import Appointment, Unit
from dinh.documents.docx import extract_text
from dinh.documents.enums import Channel, IncomingState, Secrecy, Urgency
from dinh.documents.letters import (
    ArrivalStamp,
    UnknownForm,
    document_type,
    document_types,
    format_number,
    parse_code,
    stamp_scan,
)
from dinh.documents.models import Document, Incoming, Intake
from dinh.documents.operations.books import BookClosed, incoming_book
from dinh.documents.operations.harmful import refuse_active_content
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.receiving import locked_incoming, register_incoming
from dinh.documents.operations.verifying import verify_arrivals
from dinh.documents.queries.intake import Likeness, arrivals_alike, issuer_named
from dinh.documents.rules_incoming import may_correct
from dinh.documents.scans import ScanRefused, read_scan
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotPermitted
from dinh.kernel.pdf import PdfUnreadable
from dinh.kernel.text import fold, one_line
from dinh.pki.api import FieldKind, UnreadablePdf, read_fields
from dinh.storage.api import JPEG, PDF, PNG, TIFF, read_blob, safe_name, store, store_bytes

SCANS = frozenset({PDF, JPEG, PNG, TIFF})
CHANNELS = (Channel.PAPER, Channel.EMAIL)
_TOLD = (
    "issuer_name", "type_code", "code", "issued_date", "subject", "urgency", "signer_name", "signer_position",
    "reply_due_date", "page_count",
)  # fmt: skip
"""What the log tells of a correction; the rest follows from these."""
_LENGTHS = {"issuer_name": 200, "code": 60, "subject": 500, "signer_name": 80, "signer_position": 120}


class PossibleDuplicate(DomainError):
    """The unit has a letter of the same issuer, number and date; `arrivals` are their ids."""

    def __init__(self, message: str, arrivals: tuple[int, ...]) -> None:
        super().__init__(message)
        self.arrivals = arrivals


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLetter:
    """
    What stands on a letter that did not come electronically.

    :param issuer_id: unit of the province; None for anybody else, who is known by `issuer_name` alone
    :param code: number and notation as written; empty for letters that bear none
    :param page_count: None: as many as the scan has
    """

    channel: str = Channel.PAPER
    issuer_id: int | None = None
    issuer_name: str = ""
    code: str = ""
    issued_date: date | None = None
    type_code: str = "CV"
    subject: str = ""
    urgency: int = Urgency.NORMAL
    secrecy: int = Secrecy.NONE
    signer_name: str = ""
    signer_position: str = ""
    page_count: int | None = None
    reply_due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScan:
    """A scan in the store: as uploaded, as PDF (the same for a PDF), its pages, and the name it came by."""

    original: str
    pdf: str
    pages: int
    name: str
    dpi: int = 0


def keep_scan(*, stream: BinaryIO, name: str) -> KeptScan:
    """
    Judge an upload and keep it, with its PDF beside it. Never inside a transaction.

    :raises FileTooLarge, WrongFileType: as `storage.api.store`: PDF, JPEG, PNG and TIFF may be
    :raises ScanRefused: damaged, with a password, or too large
    :raises LetterRefused: a PDF with active content
    """
    name = safe_name(name) if name else _t("The file")
    original = store(stream, accept=SCANS, name=name)
    uploaded, is_pdf = read_blob(original.sha256), original.media_type == PDF
    scan = read_scan(uploaded, name=name)
    if is_pdf:
        refuse_active_content(uploaded, name=name)
    pdf = original.sha256 if is_pdf else store_bytes(scan.pdf, accept=frozenset({PDF})).sha256
    return KeptScan(original=original.sha256, pdf=pdf, pages=scan.pages, name=name, dpi=scan.dpi)


def scan_faults(scan: KeptScan | None, *, secrecy: int) -> list[FieldFault]:
    """Secret letters have no file here (Law on State secrets 2018, Art. 5)."""
    if scan is None or secrecy == Secrecy.NONE:
        return []
    told = _t("Secret letters are registered without a file: take it out, and do not scan them.")
    return [FieldFault("file", told)]


@transaction.atomic
def take_in(
    *,
    clerk: Appointment,
    letter: PaperLetter,
    scan: KeptScan | None,
    request_key: str,
    at: datetime,
    despite_duplicate: bool = False,
) -> Incoming:
    """
    Write a letter down and register it, in one act; the worker stamps and reads the scan after.

    A repeated request (`request_key`, of the unit) answers with what the first one registered. Writes audit
    entries, and what waits for the leader as for any document that was registered.

    :raises NotPermitted: if the appointment is not a clerk
    :raises InvalidInput: field by field
    :raises PossibleDuplicate: if the letter seems to be here already, unless that is accepted
    :raises BookClosed: if the year's book is closed
    """
    from dinh.documents.tasks import prepare_scan

    if not clerk.has_role(Role.CLERK):
        raise NotPermitted(_("Only a clerk of the unit registers documents."))
    today = timezone.localdate(at)
    issuer = _checked(clerk, letter, scan, request_key, today)
    # The book is locked first: of two requests at once the second sees what the first one registered.
    incoming_book(unit_id=clerk.unit_id, year=today.year, secrecy=letter.secrecy)
    earlier = Incoming.objects.filter(intake__unit=clerk.unit_id, intake__request_key=request_key).first()
    if earlier is not None:
        return earlier
    if not despite_duplicate:
        _refuse_duplicate(clerk, letter, issuer)
    incoming = _written_down(clerk, letter, issuer, scan, at)
    intake = _intake(incoming, scan, request_key)
    details = {"channel": letter.channel, "sha256": scan.original if scan else ""}
    record("documents.incoming.taken_in", target=incoming, actor=clerk, at=at, details=details)
    if scan is not None:
        prepare_scan.defer(intake_id=intake.pk)
    return register_incoming(incoming_id=incoming.pk, actor=clerk, at=at)


@transaction.atomic
def correct_taken_in(
    *, clerk: Appointment, incoming_id: int, letter: PaperLetter, reason: str, at: datetime
) -> Incoming:
    """
    Correct what was written down of a letter on paper or by e-mail; the log keeps what stood there before.

    Its incoming number, channel and secrecy stay as they were given. Repeated, it changes nothing.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a clerk of the unit, or the letter came electronically
    :raises InvalidInput: field by field
    :raises BookClosed: if the year's book is closed
    """
    incoming = locked_incoming(incoming_id, clerk)
    document = incoming.document
    if not may_correct(clerk, incoming):
        raise NotPermitted(_("Only a clerk corrects what the unit wrote down from paper or e-mail."))
    if incoming.book is not None and incoming.book.closed_at is not None:
        raise BookClosed(_("The book is closed: its entries stay as they are."))
    kept = replace(letter, channel=incoming.channel, secrecy=document.secrecy)
    today = timezone.localdate(at)
    issuer = _checked(clerk, kept, None, "correction", today)
    given = _as_written(kept, issuer, today) | ({"page_count": kept.page_count} if kept.page_count else {})
    changed = {name: value for name, value in given.items() if value != getattr(document, name)}
    if not changed:
        return incoming
    if not 0 < len(reason.strip()) <= 500:
        raise InvalidInput(_("Say why this is changed."), field="reason")
    told = [name for name in changed if name in _TOLD]
    before = {name: str(getattr(document, name) or "") for name in told}
    for name, value in changed.items():
        setattr(document, name, value)
    document.save(update_fields=list(changed))
    index_document(document)
    after = {name: str(changed[name] or "") for name in told}
    details = {"before": before, "after": after, "reason": reason.strip()}
    record("documents.incoming.corrected", target=incoming, actor=clerk, at=at, details=details)
    return incoming


def prepare_intake(*, intake_id: int, at: datetime) -> None:
    """
    Stamp the scan of a registered letter and make its text searchable. Safe to repeat; never inside a transaction.

    What bears a digital signature is not stamped: it is an electronic original, whose signatures are judged.
    """
    intake = Intake.objects.select_related("incoming__document", "incoming__unit").get(pk=intake_id)
    document = intake.incoming.document
    if intake.prepared_at is not None or document.content_id is None:
        return
    pdf = read_blob(document.content_id)
    is_signed = _is_signed(pdf)
    if is_signed:
        verify_arrivals(document_id=document.pk)
    stamped, unstamped = (None, "") if is_signed else _stamped(pdf, intake.incoming)
    words, unread = _words(pdf)
    with transaction.atomic():
        index_document(document, text=words)
        kept = Intake.objects.filter(pk=intake_id, prepared_at=None)
        kept.update(stamped=stamped, prepared_at=at, text_note=str(unstamped or unread)[:200])


def arrival_stamp(incoming: Incoming) -> ArrivalStamp:
    """The entries of the stamp of a registered document."""
    day = timezone.localdate(incoming.registered_at) if incoming.registered_at else None
    return ArrivalStamp(
        agency=incoming.unit.name,
        number=f"{incoming.number or 0:02d}",
        date=day.strftime("%d/%m/%Y") if day else "",
    )


def _checked(
    clerk: Appointment, letter: PaperLetter, scan: KeptScan | None, request_key: str, today: date
) -> Unit | None:
    """The issuer, if it is a unit. :raises InvalidInput: with all faults at once"""
    issuer, faults = _issuer(clerk, letter)
    faults += _faults(letter, scan, today)
    if not 0 < len(request_key) <= 64:
        faults.append(FieldFault("request_key", _t("Send a key of 1 to 64 characters.")))
    if not faults:
        try:
            _bloc(letter, issuer, today)
        except UnknownForm as unknown:
            faults.append(FieldFault("type_code", str(unknown)))
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
    return issuer


def _issuer(clerk: Appointment, letter: PaperLetter) -> tuple[Unit | None, list[FieldFault]]:
    if letter.issuer_id is None:
        named = issuer_named(one_line(letter.issuer_name), clerk)
        missing = [] if one_line(letter.issuer_name) else [_t("Say which agency issued the letter.")]
        return named, [FieldFault("issuer_name", each) for each in missing]
    issuer = Unit.objects.filter(pk=letter.issuer_id).exclude(pk=clerk.unit_id).first()
    if issuer is None:
        return None, [FieldFault("issuer", _t("Choose another unit of the province, or write its name."))]
    return issuer, []


def _faults(letter: PaperLetter, scan: KeptScan | None, today: date) -> list[FieldFault]:
    """What cannot be, field by field."""
    checks = (
        ("channel", letter.channel in CHANNELS, _t("Choose paper or e-mail.")),
        ("subject", one_line(letter.subject), _t("Write what the document is about.")),
        ("issued_date", letter.issued_date, _t("Give the date that the letter bears.")),
        (
            "issued_date",
            letter.issued_date is None or letter.issued_date <= today,
            _t("The letter cannot be dated later than today."),
        ),
        ("urgency", letter.urgency in Urgency.values, _t("Choose the urgency from the list.")),
        ("secrecy", letter.secrecy in Secrecy.values, _t("Choose the secrecy from the list.")),
        (
            "page_count",
            letter.page_count is None or 0 < letter.page_count <= 9_999,
            _t("Give a number of pages between 1 and 9,999."),
        ),
    )
    found = [FieldFault(field, words) for field, holds, words in checks if not holds]
    found += scan_faults(scan, secrecy=letter.secrecy)
    for field, most in _LENGTHS.items():
        if len(getattr(letter, field)) > most:
            words = _t("Shorten this to %(most)d characters.") % {"most": most}
            found.append(FieldFault(field, words))
    return found


def _bloc(letter: PaperLetter, issuer: Unit | None, today: date) -> str:
    """Whose forms the letter follows. :raises UnknownForm: if they have no such type"""
    on = letter.issued_date or today
    if issuer is not None:
        document_type(letter.type_code, bloc=issuer.bloc, on=on)
        return issuer.bloc
    for bloc in Bloc.values:
        if any(each.code == letter.type_code for each in document_types(bloc=bloc, on=on)):
            return bloc
    raise UnknownForm(_("Choose the type from the list."), field="type_code")


def _refuse_duplicate(clerk: Appointment, letter: PaperLetter, issuer: Unit | None) -> None:
    alike = list(arrivals_alike(likeness_of(letter, issuer), clerk))
    if not alike:
        return
    words = _t(
        "The unit seems to have this letter: same issuer, number and date. Check it before registering."
    )
    raise PossibleDuplicate(words, tuple(each.pk for each in alike))


def likeness_of(letter: PaperLetter, issuer: Unit | None) -> Likeness:
    """By what other arrivals of the letter are found."""
    return Likeness(
        issuer_id=issuer.pk if issuer else None,
        issuer_name=issuer.name if issuer else one_line(letter.issuer_name),
        code=_code(letter),
        issued_date=letter.issued_date,
    )


def _code(letter: PaperLetter) -> str:
    return one_line(letter.code).removeprefix("Số:").strip()


def _written_down(
    clerk: Appointment, letter: PaperLetter, issuer: Unit | None, scan: KeptScan | None, at: datetime
) -> Incoming:
    document = Document.objects.create(
        **_as_written(letter, issuer, timezone.localdate(at)),
        secrecy=letter.secrecy,
        page_count=letter.page_count or (scan.pages if scan else None),
        content_id=scan.pdf if scan else None,
        transcribed_by=clerk.unit,
        created_at=at,
    )
    incoming = Incoming.objects.create(
        unit=clerk.unit,
        document=document,
        channel=letter.channel,
        state=IncomingState.ARRIVED,
        arrived_at=at,
    )
    index_document(document)
    return incoming


def _as_written(letter: PaperLetter, issuer: Unit | None, today: date) -> dict[str, Any]:
    """Fields of a document as they stand on the letter."""
    bloc, code = _bloc(letter, issuer, today), _code(letter)
    number, notation = parse_code(code) or (None, "")
    return {
        "issuer": issuer,
        "issuer_name": issuer.name if issuer else one_line(letter.issuer_name),
        "bloc": bloc,
        "type_code": letter.type_code,
        "number": number,
        "number_text": format_number(bloc=bloc, number=number, on=today) if number is not None else "",
        "notation": notation[:40],
        "code": code,
        "issued_date": letter.issued_date,
        "subject": one_line(letter.subject),
        "urgency": letter.urgency,
        "signer_name": one_line(letter.signer_name),
        "signer_position": one_line(letter.signer_position),
        "reply_due_date": letter.reply_due_date,
    }


def _intake(incoming: Incoming, scan: KeptScan | None, request_key: str) -> Intake:
    return Intake.objects.create(
        incoming=incoming,
        unit_id=incoming.unit_id,
        request_key=request_key,
        original_id=scan.original if scan else None,
        file_name=scan.name if scan else "",
    )


def _is_signed(pdf: bytes) -> bool:
    try:
        return any(field.filled and field.kind == FieldKind.SIGNATURE for field in read_fields(pdf=pdf))
    except UnreadablePdf:
        return False


def _stamped(pdf: bytes, incoming: Incoming) -> tuple[str | None, object]:
    """The stamped copy; without one, why."""
    try:
        made = stamp_scan(pdf, arrival_stamp(incoming))
    except ScanRefused:
        return None, _("The scan could not be stamped. Print the stamp and stick it on the paper.")
    return store_bytes(made, accept=frozenset({PDF})).sha256, ""


def _words(pdf: bytes) -> tuple[str, object]:
    """Folded text of the scan; without it, why."""
    try:
        found = extract_text(pdf)
    except PdfUnreadable:
        return "", _("The text of the scan could not be read, so its words are not searchable.")
    return fold(found.text), found.note
