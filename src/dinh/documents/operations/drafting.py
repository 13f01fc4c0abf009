"""Draft an outgoing document (soạn thảo văn bản đi; Decree 30/2020, Art. 10)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import Channel, Source, StepKind, Urgency
from dinh.documents.letters import (
    LetterContent,
    SignatureBlock,
    authority_lines,
    document_type,
    notation_for,
    parse_body,
    render_letter,
    urgency_code,
)
from dinh.documents.models import Document, Incoming, Outgoing, Recipient, Step, Version
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import addressed_as, outgoing_visible_to
from dinh.documents.rules import may_edit_draft
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.storage.api import PDF, store_bytes
from dinh.storage.models import Blob

_SIGNERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY)
_ADDRESSED = frozenset({"CV", "TTr"})


@transaction.atomic
def create_draft(
    *,
    drafter: Appointment,
    type_code: str,
    subject: str,
    paragraphs: Sequence[str],
    recipients: Sequence[int],
    urgency: int,
    leader: Appointment,
    reviewer: Appointment | None,
    at: datetime,
    reply_to: Incoming | None = None,
) -> Outgoing:
    """
    Begin a document with its first text, its recipients and its path; `render_version` lays it out after.

    :param recipients: primary keys of units, in the order in which they are listed
    :raises InvalidInput: without subject or text, or if type, urgency, recipient or path cannot be
    :raises NotFound: if the drafter does not see the document replied to
    """
    _check_text(subject, paragraphs)
    _check_path(drafter, leader, reviewer)
    document = _document(drafter, type_code, subject.strip(), urgency, at)
    outgoing = Outgoing.objects.create(
        document=document,
        unit=drafter.unit,
        division=drafter.division,
        drafter=drafter,
        created_at=at,
        updated_at=at,
    )
    if reply_to is not None:
        _require_seen(reply_to, drafter)
        outgoing.replies_to.add(reply_to)
    _add_recipients(outgoing, recipients)
    _add_steps(outgoing, leader, reviewer)
    _add_version(outgoing, drafter, paragraphs, 1, at)
    record("documents.document.drafted", target=outgoing, actor=drafter, at=at)
    return outgoing


@transaction.atomic
def revise_draft(
    *, outgoing_id: int, drafter: Appointment, subject: str, paragraphs: Sequence[str], at: datetime
) -> Version:
    """
    Give a draft its next version; earlier ones stay.

    :raises NotFound: if the appointment does not see the document
    :raises NotPermitted: if it is not the drafter's turn
    """
    outgoing = locked_outgoing(outgoing_id, drafter)
    if not may_edit_draft(drafter, outgoing):
        raise NotPermitted(_("Only the drafter changes the text, and only while it is a draft."))
    _check_text(subject, paragraphs)
    Document.objects.filter(pk=outgoing.document_id).update(subject=subject.strip())
    version = _add_version(outgoing, drafter, paragraphs, outgoing.versions.count() + 1, at)
    outgoing.updated_at = at
    outgoing.save(update_fields=["updated_at"])
    details = {"version": version.number}
    record("documents.document.revised", target=outgoing, actor=drafter, at=at, details=details)
    return version


def render_version(version: Version) -> Blob:
    """Lay a version out and keep its PDF. Called outside transactions: laying out takes its time."""
    rendered = render_letter(letter_of(version), made_at=version.created_at)
    info = store_bytes(rendered.pdf, accept=frozenset({PDF}))
    places = [asdict(place) for place in rendered.places]
    Version.objects.filter(pk=version.pk).update(pdf_id=info.sha256, places=places)
    version.refresh_from_db()
    return Blob.objects.get(pk=info.sha256)


def letter_of(version: Version) -> LetterContent:
    """What the version's letter says."""
    outgoing = version.outgoing
    document, unit = outgoing.document, outgoing.unit
    names = addressed_as(outgoing)
    addressed = document.type_code in _ADDRESSED
    return LetterContent(
        bloc=document.bloc,
        type_code=document.type_code,
        law_date=timezone.localdate(version.created_at),
        parent_agency=unit.parent.name if unit.parent else "",
        issuing_agency=document.issuer_name,
        notation=document.notation,
        place_name=document.place,
        subject=document.subject.removeprefix("Về việc ") if addressed else document.subject,
        addressees=names if addressed else (),
        body=parse_body("\n".join(version.body["paragraphs"])),
        signatures=(_signature(outgoing, version),),
        recipients=("Như trên",) if addressed and names else names,
        archive_unit=outgoing.division.abbreviation if outgoing.division else "",
        initials=max(1, outgoing.steps.filter(kind=StepKind.INITIAL).count()),
        urgency=urgency_code(document.urgency),
    )


def locked_outgoing(outgoing_id: int, actor: Appointment) -> Outgoing:
    """The document for a change. :raises NotFound: missing or not visible"""
    seen = outgoing_visible_to(actor).select_for_update(of=("self",))
    outgoing = seen.filter(pk=outgoing_id).first()
    if outgoing is None:
        raise NotFound(_("There is no such document."))
    return outgoing


def _signature(outgoing: Outgoing, version: Version) -> SignatureBlock:
    people = outgoing.steps.select_related("appointment__person", "appointment__position")
    leader = people.get(kind=StepKind.SIGN).appointment
    is_head = leader.has_role(Role.UNIT_HEAD)
    lines = authority_lines(
        bloc=outgoing.document.bloc,
        authority="" if is_head else "for_head",
        on_behalf_of="" if is_head else _head_position(outgoing.unit_id),
        position=leader.position.name,
        on=timezone.localdate(version.created_at),
    )
    return SignatureBlock(lines=lines, name=leader.person.full_name)


def _head_position(unit_id: int) -> str:
    today = timezone.localdate()
    heads = Appointment.objects.filter(unit=unit_id, roles__contains=[Role.UNIT_HEAD], start_date__lte=today)
    current = heads.filter(Q(end_date=None) | Q(end_date__gte=today)).select_related("position").first()
    return current.position.name if current else ""


def _check_text(subject: str, paragraphs: Sequence[str]) -> None:
    if not subject.strip():
        raise InvalidInput(_("Write what the document is about."), field="subject")
    if not any(each.strip() for each in paragraphs):
        raise InvalidInput(_("Write the body of the document."), field="text")


def _check_path(drafter: Appointment, leader: Appointment, reviewer: Appointment | None) -> None:
    today = timezone.localdate()
    people = [leader] if reviewer is None else [leader, reviewer]
    if any(each.unit_id != drafter.unit_id or not each.is_current(today) for each in people):
        raise InvalidInput(_("Choose people of your own unit."), field="leader")
    if not leader.has_role(*_SIGNERS):
        raise InvalidInput(_("Only the head of the unit or a deputy signs."), field="leader")
    if reviewer is not None and reviewer.pk == leader.pk:
        raise InvalidInput(_("Each person can be named only once."), field="reviewer")


def _require_seen(incoming: Incoming, drafter: Appointment) -> None:
    if not incoming_visible_to(drafter).filter(pk=incoming.pk).exists():
        raise NotFound(_("There is no such document."))


def _document(drafter: Appointment, type_code: str, subject: str, urgency: int, at: datetime) -> Document:
    unit, day = drafter.unit, timezone.localdate(at)
    document_type(type_code, bloc=unit.bloc, on=day)
    if urgency not in Urgency.values:
        raise InvalidInput(_("Choose the urgency from the list."), field="urgency")
    division = drafter.division.abbreviation if drafter.division else ""
    notation = notation_for(
        bloc=unit.bloc, type_code=type_code, issuer=unit.abbreviation, drafter=division, on=day
    )
    return Document.objects.create(
        issuer=unit,
        issuer_name=unit.name,
        bloc=unit.bloc,
        type_code=type_code,
        notation=notation,
        place=unit.place,
        subject=subject,
        urgency=urgency,
        created_at=at,
    )


def _add_recipients(outgoing: Outgoing, unit_ids: Sequence[int]) -> None:
    wanted = list(dict.fromkeys(unit_ids))
    units = Unit.objects.in_bulk(wanted)
    if len(units) != len(wanted) or outgoing.unit_id in units:
        raise InvalidInput(_("Choose the recipients from the list."), field="recipients")
    Recipient.objects.bulk_create(
        Recipient(
            outgoing=outgoing,
            unit=units[pk],
            name=units[pk].name,
            channel=Channel.ELECTRONIC if units[pk].is_connected else Channel.PAPER,
            sort_order=order,
        )
        for order, pk in enumerate(wanted)
    )


def _add_steps(outgoing: Outgoing, leader: Appointment, reviewer: Appointment | None) -> None:
    path = [(StepKind.SIGN, leader)]
    if reviewer is not None:
        path.insert(0, (StepKind.INITIAL, reviewer))
    Step.objects.bulk_create(
        Step(outgoing=outgoing, position=position, kind=kind, appointment=person)
        for position, (kind, person) in enumerate(path, start=1)
    )


def _add_version(
    outgoing: Outgoing, author: Appointment, paragraphs: Sequence[str], number: int, at: datetime
) -> Version:
    body: dict[str, Any] = {"paragraphs": [each for each in paragraphs if each.strip()]}
    return Version.objects.create(
        outgoing=outgoing, number=number, source=Source.PAGE, body=body, author=author, created_at=at
    )
