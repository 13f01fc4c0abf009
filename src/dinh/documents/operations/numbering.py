"""The clerk gives number and date (Decree 30/2020, Art. 15)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.docx import extract_text
from dinh.documents.enums import OutgoingState
from dinh.documents.letters import format_code, format_number, number_and_date, variant_of
from dinh.documents.models import Book, Document, Outgoing
from dinh.documents.operations.approval import office_work, set_state
from dinh.documents.operations.books import book_of
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.signing import ChangedMeanwhile, replace_content
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.rules import may_number
from dinh.kernel.errors import DomainError, InvalidInput, NotPermitted
from dinh.kernel.numbering import next_number
from dinh.kernel.pdf import font_file
from dinh.kernel.text import fold
from dinh.pki.api import read_fields
from dinh.signing.api import fill_text_fields
from dinh.storage.api import read_blob
from dinh.worklist.api import add_work, finish_work


class NotSigned(DomainError):
    """Only what the leader has signed gets a number."""


class DateBeforeLast(InvalidInput):
    """Numbers and dates of a book rise together."""


class WrongDate(InvalidInput):
    """A letter is dated between its leader's signature and today."""


def number_document(*, clerk: Appointment, outgoing_id: int, dated: date, at: datetime) -> Document:
    """
    Give a signed document its number and date, and write both into the letter; repeated, it changes nothing.

    If the writing fails, the number stays with the document and the next call goes on from there. Never
    inside a transaction.

    :raises NotFound, NotPermitted, NotSigned, WrongDate, DateBeforeLast: as `reserve_number`
    :raises ChangedMeanwhile: if another clerk numbers it at the same moment
    """
    document = reserve_number(clerk=clerk, outgoing_id=outgoing_id, dated=dated, at=at)
    if document.content_id is None or document.issued_date is None or not _still_signed(outgoing_id):
        return document
    fields = {field.name for field in read_fields(pdf=read_blob(document.content_id))}
    values, fonts = number_and_date(
        number=document.number_text, day=document.issued_date, bloc=document.bloc, fields=fields
    )
    filled = fill_text_fields(sha256=document.content_id, values=values, font=font_file(), fonts=fonts)
    words = fold(extract_text(read_blob(filled), ocr=False).text)
    return _keep_numbered(outgoing_id, clerk, before=document.content_id, after=filled, words=words, at=at)


def _still_signed(outgoing_id: int) -> bool:
    return Outgoing.objects.filter(pk=outgoing_id, state=OutgoingState.SIGNED).exists()


@transaction.atomic
def _keep_numbered(
    outgoing_id: int, clerk: Appointment, *, before: str, after: str, words: str, at: datetime
) -> Document:
    outgoing = locked_outgoing(outgoing_id, clerk)
    document = outgoing.document
    if outgoing.state != OutgoingState.SIGNED or not replace_content(document, before=before, after=after):
        raise ChangedMeanwhile(_("The letter is being numbered already. Reload the page."))
    index_document(document, text=words)
    outgoing.numbered_at = at
    outgoing.save(update_fields=["numbered_at"])
    set_state(outgoing, OutgoingState.NUMBERED, at)
    finish_work(outgoing, at=at)
    add_work([office_work(outgoing, "documents.seal", Role.CLERK, at)])
    return document


@transaction.atomic
def reserve_number(*, clerk: Appointment, outgoing_id: int, dated: date, at: datetime) -> Document:
    """
    Give a signed document its number; a repeated request finds the number given before.

    The state stays `signed` until number and date also stand in the PDF.

    :raises NotFound: if the clerk does not see the document
    :raises NotPermitted: if the appointment is not a clerk of the unit
    :raises NotSigned: in any other state
    :raises WrongDate: if the date lies before the leader's signature or after today
    :raises DateBeforeLast: if a later date has been given in the book
    """
    outgoing = found_among(outgoing_visible_to(clerk).select_for_update(of=("self",)), outgoing_id)
    if not may_number(clerk, outgoing):
        raise NotPermitted(_("Only a clerk of the unit gives numbers."))
    document = outgoing.document
    document.refresh_from_db()
    if document.number is not None:
        return document
    if outgoing.state != OutgoingState.SIGNED:
        raise NotSigned(_("The document is not signed. Wait until the leader has signed it."))
    _check_day(outgoing, dated, today=timezone.localdate(at))
    give_number(outgoing, document, dated)
    details = {"code": document.code, "dated": dated.isoformat()}
    record("documents.document.numbered", target=outgoing, actor=clerk, at=at, details=details)
    return document


def give_number(outgoing: Outgoing, document: Document, dated: date) -> None:
    """
    The next number of the document's book, in the current transaction.

    :raises DateBeforeLast: if a later date has been given in the book
    """
    book = Book.objects.select_for_update().get(pk=book_of(outgoing, year=dated.year).pk)
    _check_date(book, dated)
    number = next_number(book.series)
    document.number = number
    form = {"bloc": document.bloc, "variant": variant_of(bloc=document.bloc, issuer=document.issuer_name)}
    document.number_text = format_number(number=number, on=dated, **form)
    document.code = format_code(number=number, notation=document.notation, on=dated, **form)
    document.issued_date = dated
    document.save(update_fields=["number", "number_text", "code", "issued_date"])
    outgoing.book, outgoing.number = book, number
    outgoing.save(update_fields=["book", "number"])


def _check_day(outgoing: Outgoing, dated: date, *, today: date) -> None:
    """The number is given after the authorised signature (Art. 15), on the day that the letter bears."""
    if dated > today:
        raise WrongDate(_("The date is in the future. Choose today or an earlier day."), field="dated")
    signed_at = outgoing.signed_at
    if signed_at is not None and dated < timezone.localdate(signed_at):
        words = _("The letter was signed on %(day)s. Choose that date or a later one.")
        raise WrongDate(words % {"day": timezone.localdate(signed_at).strftime("%d/%m/%Y")}, field="dated")
    notation = outgoing.document.notation
    if outgoing.document.is_normative and not notation.startswith(f"{dated.year}/"):
        words = _("The notation %(notation)s is of another year. Return the letter to its drafter.")
        raise WrongDate(words % {"notation": notation}, field="dated")


def _check_date(book: Book, dated: date) -> None:
    last = (
        Document.objects.filter(outgoing__book=book, issued_date__isnull=False)
        .order_by("-issued_date")
        .values_list("issued_date", flat=True)
        .first()
    )
    if last is not None and dated < last:
        raise DateBeforeLast(
            _("The last document of this book is dated %(last)s. Choose that date or a later one.")
            % {"last": last.strftime("%d/%m/%Y")},
            field="dated",
        )
