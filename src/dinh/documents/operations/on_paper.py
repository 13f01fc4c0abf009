"""
What goes out on paper: letters signed by hand, secret ones, and recipients who are not connected.

Paper and electronic documents share one series (Decree 30/2020, Art. 15); secret ones have their own and are
never sent electronically.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import Channel, OutgoingState, Secrecy
from dinh.documents.letters import UnknownForm, document_type
from dinh.documents.models import Document, Outgoing, Recipient
from dinh.documents.operations.authority import suggested_authority
from dinh.documents.operations.dispatch import locked_outgoing
from dinh.documents.operations.draft_plan import (
    SUBJECT_MAX,
    DraftPlan,
    WantedRecipient,
    fill_document,
    recipient_faults,
    set_recipients,
)
from dinh.documents.operations.drafting import made_before
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.intake import KeptScan, scan_faults
from dinh.documents.operations.later_scans import keep_outgoing_scan
from dinh.documents.operations.letter_form import PLAIN_FORM, LetterForm, fill_form, form_faults
from dinh.documents.operations.numbering import give_number
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotPermitted
from dinh.kernel.text import one_line
from dinh.worklist.api import finish_work

SIGNERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
_EARLIEST = timedelta(days=31)
NOTE_MAX = 200


class NotOnPaper(DomainError):
    """Only a numbered secret letter is issued on paper; all others are sent."""


class NothingPosted(DomainError):
    """None of the recipients waits to be confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLetter:
    """A letter that was signed by hand. `dated`: the date that it bears, at most a month ago."""

    type_code: str
    subject: str
    signer: Appointment
    dated: date
    recipients: Sequence[WantedRecipient] = ()
    secrecy: int = Secrecy.NONE
    urgency: int = 0
    form: LetterForm = PLAIN_FORM


@transaction.atomic
def register_on_paper(
    *,
    clerk: Appointment,
    letter: PaperLetter,
    at: datetime,
    scan: KeptScan | None = None,
    request_key: UUID | None = None,
) -> Outgoing:
    """
    Give a letter signed by hand the next number of its book, and note it as issued on paper; the worker reads its scan.

    :param request_key: a repeated request of the clerk with the same key gives no second number
    :raises NotPermitted: if the appointment is not a clerk
    :raises InvalidInput: naming every field at fault
    :raises DateBeforeLast: if a later date has been given in the book
    """
    if not clerk.has_role(Role.CLERK):
        raise NotPermitted(_("Only a clerk of the unit gives numbers."))
    if request_key is not None and (made := made_before(clerk, request_key)):
        return made
    _check(letter, scan, clerk, at)
    outgoing = _written_down(letter, clerk, request_key, at)
    set_recipients(outgoing, letter.recipients)
    give_number(outgoing, outgoing.document, letter.dated)
    index_document(outgoing.document)
    _mark_issued(outgoing, at)
    details = {"code": outgoing.document.code, "paper": outgoing.recipients.count()}
    record("documents.document.registered_on_paper", target=outgoing, actor=clerk, at=at, details=details)
    if scan is not None:
        keep_outgoing_scan(outgoing, scan, clerk=clerk, at=at)
    return outgoing


@transaction.atomic
def issue_on_paper(*, clerk: Appointment, outgoing_id: int, at: datetime) -> Outgoing:
    """
    Note that a secret letter went out on paper to all its recipients; repeated, it changes nothing.

    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NotOnPaper: if it has no number yet, or is not secret
    """
    outgoing = locked_outgoing(outgoing_id, clerk)
    if outgoing.state == OutgoingState.ISSUED:
        return outgoing
    numbered = outgoing.state in (OutgoingState.NUMBERED, OutgoingState.SEALED)
    if not numbered or outgoing.document.secrecy == Secrecy.NONE:
        raise NotOnPaper(_("Only a numbered secret letter is issued on paper. Send all others."))
    _mark_issued(outgoing, at)
    finish_work(outgoing, at=at)
    details = {"paper": outgoing.recipients.count()}
    record("documents.document.issued_on_paper", target=outgoing, actor=clerk, at=at, details=details)
    return outgoing


@transaction.atomic
def confirm_posted(
    *, clerk: Appointment, outgoing_id: int, recipient_ids: Sequence[int], note: str = "", at: datetime
) -> int:
    """
    Confirm that paper or e-mail really went out to these recipients; who was confirmed before stays as it was.

    :param note: postal number, or who took it
    :returns: how many were confirmed now
    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NothingPosted: if none of them waits
    """
    outgoing = locked_outgoing(outgoing_id, clerk)
    if len(note.strip()) > NOTE_MAX:
        raise InvalidInput(_("Shorten the note to 200 characters."), field="note")
    waiting = outgoing.recipients.filter(pk__in=recipient_ids, sent_at__isnull=False, posted_at=None)
    waiting = waiting.exclude(channel=Channel.ELECTRONIC)
    names = list(waiting.values_list("name", flat=True)[:20])
    amount = waiting.update(posted_at=at, posted_by=clerk, posted_note=note.strip())
    if not amount:
        raise NothingPosted(_("None of these recipients is waiting to be confirmed. Reload the page."))
    details = {"amount": amount, "names": names, "note": note.strip()}
    record("documents.document.posted", target=outgoing, actor=clerk, at=at, details=details)
    return amount


def _check(letter: PaperLetter, scan: KeptScan | None, clerk: Appointment, at: datetime) -> None:
    today = timezone.localdate(at)
    faults = [
        *_faults(letter, clerk, today),
        *scan_faults(scan, secrecy=letter.secrecy),
        *recipient_faults(letter.recipients, sender=clerk),
        *form_faults(letter.form, unit=clerk.unit, type_code=letter.type_code, today=today),
    ]
    if faults:
        told = " ".join(dict.fromkeys(str(each.message) for each in faults))
        raise InvalidInput(told, faults=[FieldFault(each.field, str(each.message)) for each in faults])


def _faults(letter: PaperLetter, clerk: Appointment, today: date) -> Iterator[FieldFault]:
    if not 0 < len(one_line(letter.subject)) <= SUBJECT_MAX:
        yield FieldFault("subject", _t("Write what the document is about, in at most 500 characters."))
    if not today - _EARLIEST <= letter.dated <= today:
        yield FieldFault("dated", _t("Give a date between a month ago and today."))
    if letter.secrecy not in Secrecy.values:
        yield FieldFault("secrecy", _t("Choose the secrecy from the list."))
    signs = letter.signer.unit_id == clerk.unit_id and letter.signer.has_role(*SIGNERS)
    if not (signs and letter.signer.is_current(letter.dated)):
        yield FieldFault("signer", _t("Choose people of your own unit."))
    try:
        document_type(letter.type_code, bloc=clerk.unit.bloc, on=today)
    except UnknownForm:
        yield FieldFault("type_code", _t("Choose the type from the list."))


def _written_down(letter: PaperLetter, clerk: Appointment, key: UUID | None, at: datetime) -> Outgoing:
    unit, signer = clerk.unit, letter.signer
    document = Document(
        issuer=unit,
        issuer_name=unit.name,
        bloc=unit.bloc,
        place=unit.place,
        created_at=at,
        signer_name=signer.person.full_name,
        signer_position=signer.position.name,
    )
    plan = DraftPlan(
        type_code=letter.type_code,
        subject=letter.subject,
        leader=signer,
        urgency=letter.urgency,
        secrecy=letter.secrecy,
        authority=suggested_authority(signer),
        form=letter.form,
    )
    fill_document(document, plan, drafter=clerk, at=at)
    outgoing = Outgoing(
        unit=unit, drafter=clerk, division=clerk.division, request_key=key, created_at=at, updated_at=at
    )
    fill_form(document, outgoing, letter.form)
    document.save()
    outgoing.document = document
    outgoing.save()
    return outgoing


def _mark_issued(outgoing: Outgoing, at: datetime) -> None:
    Recipient.objects.filter(outgoing=outgoing, sent_at=None, channel=Channel.EMAIL).update(sent_at=at)
    Recipient.objects.filter(outgoing=outgoing, sent_at=None).update(sent_at=at, channel=Channel.PAPER)
    outgoing.state, outgoing.issued_at, outgoing.updated_at = OutgoingState.ISSUED, at, at
    outgoing.save(update_fields=["state", "issued_at", "updated_at"])
