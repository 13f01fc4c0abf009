"""What a draft says, version by version, and what it would look like, for programs."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema

from dinh.documents.enums import Channel, Source, StepKind
from dinh.documents.letters import PlacesMissing
from dinh.documents.models import Outgoing, Recipient, Version
from dinh.documents.operations.letter_content import fields_of
from dinh.documents.operations.letter_form import form_of
from dinh.documents.operations.previewing import preview_letter
from dinh.documents.queries.blank_forms import blank_form
from dinh.documents.queries.parties import party_of
from dinh.documents.queries.versions import Line, compare_versions, paragraphs_of, versions_of
from dinh.documents.rest_drafting import AnnexIn, DraftIn, FormIn, PartyIn, RecipientIn, plan_from
from dinh.documents.rest_outgoing import actor_of, visible
from dinh.kernel.errors import NotFound
from dinh.storage.api import DOCX, blob_response

PDF = "application/pdf"
router = Router(tags=["drafts"])


class PlanOut(Schema):
    """What a draft holds, as `PUT /drafts/{id}` takes it; `text` is empty where the letter came from a file."""

    type_code: str
    subject: str
    text: str
    leader: int | None
    secretary: int | None
    party: PartyIn | None
    initials: list[int]
    recipients: list[RecipientIn]
    urgency: int
    secrecy: int
    reply_due_date: str | None
    authority: str
    form: FormIn


class PlacedOut(Schema):
    """A place on a page, in points from its lower left corner."""

    name: str
    page: int
    x: float
    y: float
    width: float
    height: float


class VersionDetail(Schema):
    """
    One version: its paragraphs, its files, and the places of number, date and signatures; `missing_places`: those
    that must be marked (`POST /drafts/{id}/places`) before it can be submitted.
    """

    number: int
    source: Source
    author: str
    created_at: datetime
    paragraphs: list[str]
    pdf_sha256: str | None
    word_sha256: str | None
    places: list[PlacedOut]
    missing_places: list[str]


class LineOut(Schema):
    """A paragraph of a comparison."""

    kind: Literal["same", "gone", "new"]
    text: str


@router.get("/drafts/{int:outgoing_id}/plan", response=PlanOut)
def read_plan(request: HttpRequest, outgoing_id: int) -> PlanOut:
    """All that the draft holds, so that a program changes one thing and sends the rest back as it was."""
    return _plan_of(visible(request, outgoing_id))


@router.get("/drafts/{int:outgoing_id}/versions/{int:number}", response=VersionDetail)
def read_version(request: HttpRequest, outgoing_id: int, number: int) -> VersionDetail:
    """One version of a draft with its text."""
    return _detail(_version(visible(request, outgoing_id), number))


@router.get("/drafts/{int:outgoing_id}/versions/{int:number}/letter.{ending}", url_name="version_letter")
def version_letter(
    request: HttpRequest, outgoing_id: int, number: int, ending: Literal["pdf", "docx"]
) -> HttpResponseBase:
    """Its letter as laid out, or the Word file that it came from."""
    version = _version(visible(request, outgoing_id), number)
    content = version.pdf_id if ending == "pdf" else version.word_id
    if content is None:
        raise NotFound(_("There is no such file."))
    return blob_response(request, content, filename=f"{outgoing_id}-{number}.{ending}")


@router.get("/drafts/{int:outgoing_id}/compare/{int:older}/{int:newer}", response=list[LineOut])
def compare(request: HttpRequest, outgoing_id: int, older: int, newer: int) -> list[Line]:
    """What changed from one version to another, paragraph by paragraph."""
    outgoing = visible(request, outgoing_id)
    return compare_versions(_version(outgoing, older), _version(outgoing, newer))


@router.post("/drafts/preview", url_name="draft_preview")
def preview(request: HttpRequest, body: DraftIn) -> HttpResponse:
    """The letter (PDF) as a draft would be laid out; nothing is kept."""
    drafter = actor_of(request)
    pdf = preview_letter(drafter=drafter, plan=plan_from(body, drafter), at=timezone.now())
    return HttpResponse(pdf, content_type=PDF)


@router.get("/document-types/{type_code}/word", url_name="blank_form", tags=["reference"])
def blank(request: HttpRequest, type_code: str) -> HttpResponse:
    """The blank Word form of a type, in the form of the caller's bloc."""
    content = blank_form(actor_of(request), type_code, on=timezone.localdate())
    if content is None:
        raise NotFound(_("There is no such document type. Choose from the list."))
    return HttpResponse(content, content_type=DOCX)


def _party(outgoing: Outgoing) -> PartyIn | None:
    party = party_of(outgoing)
    if party is None:
        return None
    if party.unit_id:
        signer = outgoing.steps.filter(kind=StepKind.PARTY).first()
        return PartyIn(
            unit_id=party.unit_id,
            signer_id=signer.appointment_id if signer else None,
            authority=party.authority or None,
        )
    return PartyIn(name=party.name, representative=party.representative, position=party.position)


def _plan_of(outgoing: Outgoing) -> PlanOut:
    document, last, steps = outgoing.document, outgoing.versions.last(), list(outgoing.steps.all())
    by_kind = {kind: [each.appointment_id for each in steps if each.kind == kind] for kind in StepKind}
    due = document.reply_due_date
    return PlanOut(
        type_code=document.type_code,
        subject=document.subject,
        text="\n".join(last.body.get("paragraphs", [])) if last else "",
        leader=next(iter(by_kind[StepKind.SIGN]), None),
        secretary=next(iter(by_kind[StepKind.COSIGN]), None),
        party=_party(outgoing),
        initials=by_kind[StepKind.INITIAL],
        recipients=_recipients(outgoing),
        urgency=document.urgency,
        secrecy=document.secrecy,
        reply_due_date=due.isoformat() if due else None,
        authority=document.signer_authority,
        form=_form(outgoing),
    )


def _recipients(outgoing: Outgoing) -> list[RecipientIn]:
    """As they are given: a unit by its id alone, who is outside by name and way."""
    return [RecipientIn.model_validate(_recipient(each)) for each in outgoing.recipients.all()]


def _recipient(each: Recipient) -> dict[str, object]:
    if each.unit_id:
        return {"unit_id": each.unit_id, "purpose": each.purpose}
    way = Channel.EMAIL if each.channel == Channel.EMAIL else Channel.PAPER
    return {"name": each.name, "address": each.address, "purpose": each.purpose, "channel": way.value}


def _form(outgoing: Outgoing) -> FormIn:
    bodies = outgoing.versions.order_by("-number").values_list("body", flat=True)
    form = form_of(next((each for each in bodies if "form" in each), {}))
    known = {name: getattr(form, name) for name in FormIn.model_fields if name != "annexes"}
    annexes = [
        AnnexIn(title=each.title, text="\n".join(each.paragraphs), landscape=each.landscape)
        for each in form.annexes
    ]
    return FormIn.model_validate({**known, "annexes": annexes})


def _detail(version: Version) -> VersionDetail:
    return VersionDetail(
        number=version.number,
        source=Source(version.source),
        author=version.author.person.full_name,
        created_at=version.created_at,
        paragraphs=paragraphs_of(version),
        pdf_sha256=version.pdf_id,
        word_sha256=version.word_id,
        places=[
            PlacedOut(**{name: each[name] for name in PlacedOut.model_fields}) for each in version.places
        ],
        missing_places=_missing(version),
    )


def _missing(version: Version) -> list[str]:
    try:
        fields_of(version, version.places)
    except PlacesMissing as refusal:
        return [fault.field for fault in refusal.faults]
    return []


def _version(outgoing: Outgoing, number: int) -> Version:
    version = versions_of(outgoing).filter(number=number).first() if number < 2**15 else None
    if version is None:
        raise NotFound(_("There is no such document."))
    return version
