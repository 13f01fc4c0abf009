"""What a version's letter says, put together from its words, path, recipients and unit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment, Unit
from dinh.documents.docx import build_docx, suggest_places
from dinh.documents.enums import Purpose, Source, StepKind
from dinh.documents.letters import (
    LetterContent,
    ModelWords,
    SignatureBlock,
    agreement_signers,
    document_type,
    letter_fields,
    minutes_signers,
    model_words,
    parse_body,
    starter_text,
    urgency_code,
    variant_of,
)
from dinh.documents.models import Outgoing, Step, Version
from dinh.documents.operations.authority import deciding_authority, signature_lines, suggested_authority
from dinh.documents.operations.letter_form import LetterForm, form_of, laid_out_annexes, typist_mark
from dinh.documents.queries.outgoing import addressed_as
from dinh.documents.queries.parties import party_of
from dinh.kernel.errors import NotFound
from dinh.pki.api import FieldSpec

_LEVELS_UP = 4


def letter_of(version: Version) -> LetterContent:
    """What the version's letter says."""
    outgoing = version.outgoing
    document, unit, form = outgoing.document, outgoing.unit, form_of(version.body)
    on = timezone.localdate(version.created_at)
    kind = document_type(document.type_code, bloc=document.bloc, on=on)
    addressees, recipients = _boxes_of_recipients(outgoing, kind.addressed, form)
    council = outgoing.council_name
    return LetterContent(
        bloc=document.bloc,
        variant=variant_of(bloc=document.bloc, issuer=unit.name),
        type_code=document.type_code,
        law_date=on,
        parent_agency=unit.name if council else _parent(unit),
        issuing_agency=council or document.issuer_name,
        notation=document.notation,
        place_name=document.place,
        subject=document.subject.removeprefix("Về việc ") if kind.layout == "letter" else document.subject,
        deciding_authority=_deciding(version),
        addressees=addressees,
        address_label=f"{council or unit.name} điện" if kind.addressed == "wired" else "",
        body=parse_body(_text(version, on)),
        signatures=_signatures(outgoing, version),
        recipients=recipients,
        archive_unit=outgoing.division.abbreviation if outgoing.division else "",
        archive_copies=form.archive_copies,
        initials=initials_placed(outgoing.pk),
        urgency=urgency_code(document.urgency),
        circulation=document.circulation,
        typist_mark=typist_mark(form),
        address_lines=_address(unit) if form.shows_address else (),
        annexes=laid_out_annexes(form),
    )


def initials_placed(outgoing_id: int) -> int:
    """How many initials the letter has room for: of those on its path, of one at the least."""
    return max(1, Step.objects.filter(outgoing=outgoing_id, kind=StepKind.INITIAL).count())


def fields_of(version: Version, places: Sequence[Mapping[str, Any]]) -> list[FieldSpec]:
    """
    The fields of the version's letter at these places: for its number and date, and one for each who signs.

    :raises PlacesMissing: naming each place that is needed and not there
    """
    steps, party = version.outgoing.steps, party_of(version.outgoing)
    secretary = ("secretary",) if steps.filter(kind=StepKind.COSIGN).exists() else ()
    return letter_fields(
        places,
        initials=steps.filter(kind=StepKind.INITIAL).count(),
        dated=_words(version).is_dated,
        signers=(*secretary, "leader", *(("second",) if party else ())),
        other_seals=("second",) if party and party.unit_id else (),
    )


def suggested_places(outgoing: Outgoing, pdf: bytes, *, on: date) -> list[dict[str, Any]]:
    """
    The places that an uploaded letter seems to have, as a version keeps them.

    :raises PdfUnreadable: if the file cannot be read
    """
    signers = _words_on(outgoing, on).signers
    found = suggest_places(pdf, initials=initials_placed(outgoing.pk), signers=signers)
    return [asdict(place) for place in found]


def word_of(outgoing: Outgoing) -> bytes:
    """
    The draft as a Word file in the form of its bloc, to be gone on with in Word: its last text, else the words of
    its type's form, with subject, notation, recipients and signer.

    :raises NotFound: if the draft has no version yet
    """
    written = outgoing.versions.filter(source=Source.PAGE).last() or outgoing.versions.last()
    if written is None:
        raise NotFound(_("There is no such document."))
    return build_docx(letter_of(written))


def _words(version: Version) -> ModelWords:
    return _words_on(version.outgoing, _day(version))


def _words_on(outgoing: Outgoing, on: date) -> ModelWords:
    document = outgoing.document
    return model_words(document_type(document.type_code, bloc=document.bloc, on=on).layout, on=on)


def _text(version: Version, on: date) -> str:
    document = version.outgoing.document
    if paragraphs := version.body.get("paragraphs"):
        return "\n".join(paragraphs)
    return starter_text(
        type_code=document.type_code, bloc=document.bloc, on=on, issuing_agency=document.issuer_name
    )


def _boxes_of_recipients(
    outgoing: Outgoing, addressed: str, form: LetterForm
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Boxes 9a and 9b: who is to act stands under "Kính gửi", who is to know only under "Nơi nhận"."""
    acting = addressed_as(outgoing, purposes=(Purpose.ACT,))
    if not _has_addressees(outgoing, addressed):
        return (), tuple(form.recipient_lines) or addressed_as(outgoing)
    knowing = addressed_as(outgoing, purposes=(Purpose.COORDINATE, Purpose.INFORM))
    # A letter for information alone is still addressed to somebody.
    named = tuple(form.addressees) or acting or knowing
    others = knowing if acting or form.addressees else ()
    own = tuple(form.recipient_lines)
    return named, own or (("Như trên", *others) if named else ())


def _has_addressees(outgoing: Outgoing, addressed: str) -> bool:
    if addressed != "upward":
        return bool(addressed)
    above = _ancestors(outgoing.unit)
    return outgoing.recipients.filter(unit__in=above, purpose=Purpose.ACT).exists()


def _ancestors(unit: Unit) -> list[Unit]:
    found: list[Unit] = []
    while unit.parent is not None and len(found) < _LEVELS_UP:
        unit = unit.parent
        found.append(unit)
    return found


def _deciding(version: Version) -> str:
    if not _words(version).has_authority:
        return ""
    return deciding_authority(
        _leader(version.outgoing), authority=_authority(version.outgoing), on=_day(version)
    )


def _signatures(outgoing: Outgoing, version: Version) -> tuple[SignatureBlock, ...]:
    secretary = _person_of(outgoing, StepKind.COSIGN)
    if secretary is None:
        return _with_party(outgoing, version)
    leader = _leader(outgoing)
    return minutes_signers(
        secretary=secretary.person.full_name,
        chair=leader.person.full_name,
        chair_position=leader.position.name,
    )


def _with_party(outgoing: Outgoing, version: Version) -> tuple[SignatureBlock, ...]:
    own, party = _signature(outgoing, version), party_of(outgoing)
    if party is None:
        return (own,)
    signer = _person_of(outgoing, StepKind.PARTY)
    if signer is None:
        return agreement_signers(own, lines=_capitals(party.position), name=party.representative)
    authority = party.authority or suggested_authority(signer)
    lines = signature_lines(signer, authority=authority, on=_day(version))
    return agreement_signers(own, lines=lines, name=signer.person.full_name)


def _capitals(position: str) -> tuple[str, ...]:
    return (position.upper(),) if position else ()


def _signature(outgoing: Outgoing, version: Version) -> SignatureBlock:
    leader = _leader(outgoing)
    if outgoing.council_name:
        lines = tuple(each.strip().upper() for each in outgoing.council_title.split("/") if each.strip())
        return SignatureBlock(lines=lines, other_position=leader.position.name, name=leader.person.full_name)
    lines = signature_lines(leader, authority=_authority(outgoing), on=_day(version))
    return SignatureBlock(lines=lines, name=leader.person.full_name)


def _leader(outgoing: Outgoing) -> Appointment:
    leader = _person_of(outgoing, StepKind.SIGN)
    assert leader is not None  # noqa: S101 every path ends with the signer
    return leader


def _person_of(outgoing: Outgoing, kind: StepKind) -> Appointment | None:
    people = outgoing.steps.select_related(
        "appointment__person", "appointment__position", "appointment__unit"
    )
    step = people.filter(kind=kind).first()
    return step.appointment if step else None


def _authority(outgoing: Outgoing) -> str:
    return outgoing.document.signer_authority or suggested_authority(_leader(outgoing))


def _day(version: Version) -> date:
    return timezone.localdate(version.created_at)


def _parent(unit: Unit) -> str:
    return unit.parent.name if unit.parent else ""


def _address(unit: Unit) -> tuple[str, ...]:
    """Box 13, as far as the directory knows it."""
    contacts = [f"Điện thoại: {unit.phone}"] if unit.phone else []
    contacts += [f"Thư điện tử: {unit.email}"] if unit.email else []
    lines = (f"Địa chỉ: {unit.address}" if unit.address else "", "; ".join(contacts))
    return tuple(filter(None, lines))
