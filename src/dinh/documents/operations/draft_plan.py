"""What a drafter wants a document to be, checked as a whole before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Never

from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import Channel, Purpose, Secrecy, StepKind, Urgency
from dinh.documents.letters import (
    ModelWords,
    UnknownForm,
    document_type,
    model_words,
    notation_for,
    variant_of,
)
from dinh.documents.models import Document, Outgoing, Party, Recipient, Step
from dinh.documents.operations.authority import authority_faults, suggested_authority
from dinh.documents.operations.letter_form import (
    PLAIN_FORM,
    LetterForm,
    form_faults,
    issuer_abbreviation,
)
from dinh.documents.queries.parties import signer_of_unit
from dinh.documents.queries.units import units_in_being
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.kernel.text import one_line

SUBJECT_MAX = 500
TEXT_MAX = 300_000
RECIPIENTS_MAX = 1000
INITIALS_MAX = 6
_PEOPLE = ("leader", "initials", "secretary")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRecipient:
    """A unit of the province (`unit_id`), or an outsider by name, on paper or by e-mail (`address`)."""

    unit_id: int | None = None
    name: str = ""
    address: str = ""
    purpose: str = Purpose.ACT
    channel: str = Channel.PAPER


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedParty:
    """
    The other party of an agreement: a unit of the province (`unit_id`), or an outsider by name with who signs for it
    and as what.

    For a unit its head is asked to sign, or somebody else of it (`signer_id`, an appointment) under the authority that
    the own letters know, too (`authority`, a key of `authority.AUTHORITIES`, None for the ordinary one).
    """

    unit_id: int | None = None
    signer_id: int | None = None
    authority: str | None = None
    name: str = ""
    representative: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlan:
    """
    Type, words, recipients and path of a draft.

    `paragraphs` may be empty where the text is a file. `initials`: who initials, in order, before `leader`
    signs. `secretary`: who wrote minutes and signs them before the chair, their `leader`; nobody of other
    types. `party`: the other party of an agreement, who signs after `leader`; nobody of other types.
    `authority` is a key of `authority.AUTHORITIES`, None for the ordinary one.
    """

    type_code: str
    subject: str
    leader: Appointment
    paragraphs: Sequence[str] = ()
    recipients: Sequence[WantedRecipient] = ()
    initials: Sequence[Appointment] = ()
    secretary: Appointment | None = None
    party: WantedParty | None = None
    urgency: int = Urgency.NORMAL
    secrecy: int = Secrecy.NONE
    reply_due_date: date | None = None
    authority: str | None = None
    form: LetterForm = PLAIN_FORM

    @property
    def signs_as(self) -> str:
        return self.authority or suggested_authority(self.leader)

    @property
    def addressed(self) -> tuple[WantedRecipient, ...]:
        """The recipients; the other party gets its copy of the agreement, too, an outsider on paper."""
        if self.party is None:
            return tuple(self.recipients)
        name = "" if self.party.unit_id else one_line(self.party.name)
        if name and any(one_line(each.name) == name for each in self.recipients):
            return tuple(self.recipients)
        return (*self.recipients, WantedRecipient(unit_id=self.party.unit_id, name=name))

    @property
    def path(self) -> tuple[tuple[StepKind, Appointment], ...]:
        """What is asked of whom, in order."""
        secretary = [(StepKind.COSIGN, self.secretary)] if self.secretary else []
        initials = [(StepKind.INITIAL, each) for each in self.initials]
        return (*initials, *secretary, (StepKind.SIGN, self.leader))


def check_plan(plan: DraftPlan, *, drafter: Appointment, at: datetime, needs_text: bool = True) -> None:
    """:raises InvalidInput: naming every field at fault"""
    if faults := _faults_of(plan, drafter, timezone.localdate(at), needs_text=needs_text):
        raise _refusal(faults)


def refuse_strangers(
    plan: DraftPlan, fields: Sequence[str], *, drafter: Appointment, at: datetime, needs_text: bool
) -> Never:
    """
    Refuse a plan whose people cannot all be found, naming these fields and whatever else is at fault.

    :param plan: with somebody in the place of whoever is not there
    :param fields: where somebody was named who is not of the drafter's unit
    :raises InvalidInput: always
    """
    others = _faults_of(plan, drafter, timezone.localdate(at), needs_text=needs_text)
    strangers = [FieldFault(name, _("Choose people of your own unit.")) for name in fields]
    raise _refusal([*strangers, *(each for each in others if each.field not in _PEOPLE)])


def _faults_of(plan: DraftPlan, drafter: Appointment, today: date, *, needs_text: bool) -> list[FieldFault]:
    return [
        *_faults_of_words(plan, drafter, today, needs_text=needs_text),
        *_faults_of_path(plan, drafter, today),
        *recipient_faults(plan.recipients, sender=drafter),
        *form_faults(plan.form, unit=drafter.unit, type_code=plan.type_code, today=today),
    ]


def _refusal(faults: Sequence[FieldFault]) -> InvalidInput:
    told = " ".join(dict.fromkeys(str(each.message) for each in faults))
    return InvalidInput(told, faults=[FieldFault(each.field, str(each.message)) for each in faults])


def fill_document(document: Document, plan: DraftPlan, *, drafter: Appointment, at: datetime) -> Document:
    """Put the plan's words into the document, with the notation that type and unit make; not saved yet."""
    unit, day = drafter.unit, timezone.localdate(at)
    division = drafter.division.abbreviation if drafter.division else ""
    document.type_code = plan.type_code
    document.notation = notation_for(
        bloc=unit.bloc,
        variant=variant_of(bloc=unit.bloc, issuer=unit.name),
        type_code=plan.type_code,
        issuer=issuer_abbreviation(unit, plan.form),
        drafter=division,
        on=day,
        normative=plan.form.is_normative,
    )
    # The form of the letter writes "V/v" itself (Annex I, box 5b).
    document.subject = one_line(plan.subject).removeprefix("V/v ").strip()
    document.urgency = plan.urgency
    document.secrecy = plan.secrecy
    document.reply_due_date = plan.reply_due_date
    document.signer_authority = plan.signs_as
    return document


def set_recipients(outgoing: Outgoing, wanted: Sequence[WantedRecipient]) -> None:
    """Replace the recipients; a unit named twice stays once, with its first purpose."""
    units = Unit.objects.in_bulk([each.unit_id for each in wanted if each.unit_id])
    unique = {each.unit_id or (each.name, each.address): each for each in reversed(wanted)}
    outgoing.recipients.all().delete()
    rows = [
        unique.pop(key) for each in wanted if (key := each.unit_id or (each.name, each.address)) in unique
    ]
    Recipient.objects.bulk_create(_recipient(outgoing, each, units, order) for order, each in enumerate(rows))


def recipient_faults(recipients: Sequence[WantedRecipient], *, sender: Appointment) -> Iterator[FieldFault]:
    """What is wrong with those to whom somebody wants to send."""
    wanted = {each.unit_id for each in recipients if each.unit_id is not None}
    known = units_in_being(timezone.localdate()).filter(pk__in=wanted).count()
    if known != len(wanted) or sender.unit_id in wanted:
        yield FieldFault("recipients", _("Choose the recipients from the list."))
    if len(recipients) > RECIPIENTS_MAX:
        yield FieldFault("recipients", _("A document goes to at most 1,000 recipients."))
    if any(each.purpose not in Purpose.values for each in recipients):
        yield FieldFault("recipients", _("Choose the purpose from the list."))
    if any(not _is_addressed(each) for each in recipients if each.unit_id is None):
        yield FieldFault("recipients", _("Name each outsider, with an e-mail address if it goes by e-mail."))


def set_path(outgoing: Outgoing, plan: DraftPlan) -> None:
    """
    Replace the path: those who initial, in order, the secretary of minutes, the signer, and who signs for the other
    party's unit.
    """
    outgoing.steps.all().delete()
    Step.objects.bulk_create(
        Step(outgoing=outgoing, position=position, kind=kind, appointment=person)
        for position, (kind, person) in enumerate(plan.path, start=1)
    )
    Party.objects.filter(outgoing=outgoing).delete()
    if plan.party is not None:
        _set_party(outgoing, plan.party, position=len(plan.path) + 1)


def _set_party(outgoing: Outgoing, wanted: WantedParty, *, position: int) -> None:
    if wanted.unit_id is None:
        Party.objects.create(
            outgoing=outgoing,
            name=one_line(wanted.name),
            representative=one_line(wanted.representative),
            position=one_line(wanted.position),
        )
        return
    signer = signer_of_unit(wanted.unit_id, wanted.signer_id, timezone.localdate())
    assert signer is not None  # noqa: S101 the plan was checked
    name, authority = signer.unit.name, wanted.authority or ""
    Party.objects.create(outgoing=outgoing, unit=signer.unit, name=name, authority=authority)
    Step.objects.create(outgoing=outgoing, position=position, kind=StepKind.PARTY, appointment=signer)


def _recipient(outgoing: Outgoing, wanted: WantedRecipient, units: dict[int, Unit], order: int) -> Recipient:
    common = {"outgoing": outgoing, "purpose": wanted.purpose, "sort_order": order}
    if wanted.unit_id is None:
        return Recipient(
            name=one_line(wanted.name), address=one_line(wanted.address), channel=wanted.channel, **common
        )
    unit = units[wanted.unit_id]
    channel = Channel.ELECTRONIC if unit.is_connected else Channel.PAPER
    return Recipient(unit=unit, name=unit.name, channel=channel, **common)


def _faults_of_words(
    plan: DraftPlan, drafter: Appointment, today: date, *, needs_text: bool
) -> Iterator[FieldFault]:
    if not one_line(plan.subject):
        yield FieldFault("subject", _("Write what the document is about."))
    if len(plan.subject.strip()) > SUBJECT_MAX:
        yield FieldFault("subject", _("Shorten the subject to 500 characters."))
    if needs_text and not any(each.strip() for each in plan.paragraphs):
        yield FieldFault("text", _("Write the body of the document."))
    if sum(map(len, plan.paragraphs)) > TEXT_MAX:
        yield FieldFault("text", _("The text is too long for the page. Attach it as a Word file."))
    try:
        document_type(plan.type_code, bloc=drafter.unit.bloc, on=today)
    except UnknownForm:
        yield FieldFault("type_code", _("Choose the type from the list."))
    if plan.urgency not in Urgency.values:
        yield FieldFault("urgency", _("Choose the urgency from the list."))
    # State secrets are not written on networked computers at all (Law on State secrets 2018, Art. 5).
    if plan.secrecy != Secrecy.NONE:
        yield FieldFault(
            "secrecy", _("Secret documents are written on paper; the clerk registers them there.")
        )
    if plan.reply_due_date is not None and plan.reply_due_date < today:
        yield FieldFault("reply_due_date", _("The day to reply by has passed. Choose a later one."))


def _faults_of_path(plan: DraftPlan, drafter: Appointment, today: date) -> Iterator[FieldFault]:
    if not _works_here(plan.leader, drafter, today):
        yield FieldFault("leader", _("Choose people of your own unit."))
    if not all(_works_here(each, drafter, today) for each in plan.initials):
        yield FieldFault("initials", _("Choose people of your own unit."))
    yield from authority_faults(plan.leader, plan.authority, fields=("leader", "authority"))
    yield from _faults_of_secretary(plan, drafter, today)
    yield from _faults_of_party(plan, drafter, today)
    people = [each.pk for _kind, each in plan.path]
    if len(set(people)) < len(people):
        yield FieldFault("initials", _("Each person can be named only once."))
    if len(plan.initials) > INITIALS_MAX:
        yield FieldFault("initials", _("At most six people initial."))


def _faults_of_secretary(plan: DraftPlan, drafter: Appointment, today: date) -> Iterator[FieldFault]:
    if plan.secretary is not None and not _works_here(plan.secretary, drafter, today):
        yield FieldFault("secretary", _("Choose people of your own unit."))
    words = _words(plan, drafter, today)
    if words is None:
        return
    wanted = words.has_secretary
    if wanted and plan.secretary is None:
        yield FieldFault("secretary", _("Choose the secretary, who signs the minutes beside the chair."))
    if plan.secretary is not None and not wanted:
        yield FieldFault("secretary", _("Only minutes have a secretary. Choose nobody here."))


def _faults_of_party(plan: DraftPlan, drafter: Appointment, today: date) -> Iterator[FieldFault]:
    words, party = _words(plan, drafter, today), plan.party
    if words is None:
        return
    if words.has_party and party is None:
        yield FieldFault("party", _("Name the other party, who signs the agreement beside your unit."))
    if party is None:
        return
    if not words.has_party:
        yield FieldFault("party", _("Only agreements have another party. Leave it empty here."))
    elif party.unit_id is None:
        yield from _faults_of_outsider(party)
    elif party.unit_id == drafter.unit_id or not units_in_being(today).filter(pk=party.unit_id).exists():
        yield FieldFault("party", _("Choose another unit of the province as the other party."))
    else:
        yield from _faults_of_unit(party, party.unit_id, today)


def _faults_of_unit(party: WantedParty, unit_id: int, today: date) -> Iterator[FieldFault]:
    signer = signer_of_unit(unit_id, party.signer_id, today)
    if signer is not None:
        yield from authority_faults(signer, party.authority, fields=("party_signer", "party_authority"))
    elif party.signer_id is None:
        yield FieldFault("party", _("This unit has no head who could sign."))
    else:
        yield FieldFault("party_signer", _("Choose who signs for the other party's unit from the list."))


def _faults_of_outsider(party: WantedParty) -> Iterator[FieldFault]:
    if not 0 < len(one_line(party.name)) <= 200:
        yield FieldFault("party", _("Name the other party, in at most 200 characters."))
    if not 0 < len(one_line(party.representative)) <= 80:
        yield FieldFault(
            "party_representative", _("Name who signs for the other party, in at most 80 characters.")
        )
    if len(party.position) > 120:
        yield FieldFault("party_position", _("Shorten the position to 120 characters."))


def _words(plan: DraftPlan, drafter: Appointment, today: date) -> ModelWords | None:
    """The words of the type's form, None where the type is not known."""
    try:
        kind = document_type(plan.type_code, bloc=drafter.unit.bloc, on=today)
    except UnknownForm:
        return None
    return model_words(kind.layout, on=today)


def _is_addressed(outsider: WantedRecipient) -> bool:
    if not 0 < len(one_line(outsider.name)) <= 200 or len(outsider.address) > 200:
        return False
    return outsider.channel == Channel.PAPER or (
        outsider.channel == Channel.EMAIL and "@" in outsider.address.strip("@ ")
    )


def _works_here(person: Appointment, drafter: Appointment, today: date) -> bool:
    return person.unit_id == drafter.unit_id and person.is_current(today)
