"""Drafts of documents that go out, for programs: written, revised, with files and comments."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, BinaryIO, Literal, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from dinh.directory.models import Appointment
from dinh.documents.enums import Source
from dinh.documents.models import Comment, Incoming, Outgoing, Version
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.draft_files import (
    GivenFile,
    add_letter_file,
    attach_files,
    detach_file,
)
from dinh.documents.operations.draft_plan import DraftPlan, WantedParty, WantedRecipient, refuse_strangers
from dinh.documents.operations.drafting import create_draft, delete_draft, lay_out_version, revise_draft
from dinh.documents.operations.letter_content import word_of
from dinh.documents.operations.letter_form import DraftAnnex, LetterForm
from dinh.documents.operations.placing import mark_place
from dinh.documents.operations.replacing import replaceable
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.documents.queries.people import staff_of
from dinh.documents.queries.versions import versions_of
from dinh.storage.api import DOCX

router = Router(tags=["drafts"])


class RecipientIn(Schema):
    """A unit by its id, or an outsider by name on `paper` or by `email` (with the address)."""

    unit_id: int | None = None
    name: str = ""
    address: str = ""
    purpose: Literal["act", "coordinate", "inform"] = "act"
    channel: Literal["paper", "email"] = "paper"


class AnnexIn(Schema):
    """An annex written as text; `landscape` where its tables need the width."""

    title: Annotated[str, Field(max_length=300)] = ""
    text: str
    landscape: bool = False


class FormIn(Schema):
    """
    The lesser parts of the form. `addressees` and `recipient_lines` stand in place of the recipients' names;
    `council_name` is one of the councils for which the unit keeps a book; `circulation`: `return` or `internal`.
    """

    circulation: str = ""
    is_normative: bool = False
    council_name: str = ""
    council_title: str = ""
    addressees: list[str] = Field(default_factory=list)
    recipient_lines: list[str] = Field(default_factory=list)
    typist: str = ""
    copies: int = 0
    archive_copies: int = 0
    shows_address: bool = False
    annexes: list[AnnexIn] = Field(default_factory=list)


class PartyIn(Schema):
    """
    The other party of an agreement: a unit of the province by its id, or an outsider by name, with who signs for it and
    as what.

    For a unit its head is asked to sign here, or `signer_id`, another appointment of it; `authority`: in whose name, as
    of the own letter, null for as usual.
    """

    unit_id: int | None = None
    signer_id: int | None = None
    authority: str | None = None
    name: str = ""
    representative: str = ""
    position: str = ""


class DraftIn(Schema):
    """
    `initials`, `leader` and `secretary` (of minutes, who signs before the chair) are appointments of the caller's unit;
    `authority` empty: as usual.
    """

    type_code: str
    subject: str
    text: str = ""
    leader: int
    initials: list[int] = Field(default_factory=list)
    secretary: int | None = None
    party: PartyIn | None = None
    recipients: list[RecipientIn] = Field(default_factory=list, max_length=1000)
    urgency: int = 0
    secrecy: int = 0
    reply_due_date: date | None = None
    authority: str | None = None
    form: FormIn = Field(default_factory=FormIn)


class NewDraftIn(DraftIn):
    """
    A repeated `request_key` answers with the draft that the first request made. `replaces`: an issued document
    of the same type, which stands as replaced once this one is issued.
    """

    request_key: UUID | None = None
    reply_to: int | None = None
    replaces: int | None = None


class VersionOut(Schema):
    number: int
    source: Source
    author: str
    created_at: datetime
    is_laid_out: bool
    faults: list[dict[str, str]]


class DraftOut(Schema):
    id: int
    state: str
    type_code: str
    notation: str
    subject: str
    authority: str
    recipients: int
    versions: list[VersionOut]


class PlaceIn(Schema):
    """
    `name`: number, day, month, year, initials.1 to 6, signature.secretary, signature.leader, seal.leader, of an
    agreement signature.second and seal.second; its middle in points.
    """

    name: str
    page: Annotated[int, Field(ge=1, le=10_000)]
    x: Annotated[float, Field(ge=0, le=15_000, allow_inf_nan=False)]
    y: Annotated[float, Field(ge=0, le=15_000, allow_inf_nan=False)]


class CommentIn(Schema):
    text: str


class CommentOut(Schema):
    id: int
    author: str
    version: int
    text: str
    created_at: datetime


class AttachedOut(Schema):
    id: int
    name: str
    is_annex: bool


@router.post("/drafts", response={201: DraftOut})
def create(request: HttpRequest, body: NewDraftIn) -> Status[DraftOut]:
    """Begin a document and lay its letter out; without `text` a file is expected as its first version."""
    drafter = _actor(request)
    draft = create_draft(
        drafter=drafter,
        plan=plan_from(body, drafter),
        at=timezone.now(),
        reply_to=_replied(body.reply_to, drafter),
        replaces=None if body.replaces is None else replaceable(body.replaces, drafter),
        request_key=body.request_key,
        has_text=bool(body.text.strip()),
    )
    return Status(201, _laid_out(draft))


@router.get("/drafts/{int:outgoing_id}", response=DraftOut)
def read(request: HttpRequest, outgoing_id: int) -> DraftOut:
    """A draft with its versions, the last first."""
    return _shown(_visible(request, outgoing_id))


@router.put("/drafts/{int:outgoing_id}", response=DraftOut)
def revise(request: HttpRequest, outgoing_id: int, body: DraftIn) -> DraftOut:
    """Give a draft its next version."""
    drafter = _actor(request)
    plan = plan_from(body, drafter)
    return _laid_out(revise_draft(outgoing_id=outgoing_id, drafter=drafter, plan=plan, at=timezone.now()))


@router.delete("/drafts/{int:outgoing_id}", response={204: None})
def delete(request: HttpRequest, outgoing_id: int) -> Status[None]:
    """Throw a draft away that was never submitted."""
    delete_draft(outgoing_id=outgoing_id, drafter=_actor(request), at=timezone.now())
    return Status(204, None)


@router.post("/drafts/{int:outgoing_id}/letter", response=DraftOut)
def upload(request: HttpRequest, outgoing_id: int, file: File[UploadedFile]) -> DraftOut:
    """Make a Word file or PDF the next version; Word is checked and converted."""
    version = add_letter_file(
        outgoing_id=outgoing_id, drafter=_actor(request), file=_given(file), at=timezone.now()
    )
    return _laid_out(version.outgoing)


@router.post("/drafts/{int:outgoing_id}/files", response=list[AttachedOut])
def attach(
    request: HttpRequest, outgoing_id: int, files: File[list[UploadedFile]], is_annex: Form[bool] = False
) -> list[AttachedOut]:
    """Add annexes or attachments; all or none."""
    made = attach_files(
        outgoing_id=outgoing_id,
        drafter=_actor(request),
        files=[_given(each) for each in files],
        is_annex=is_annex,
        at=timezone.now(),
    )
    return [AttachedOut(id=each.pk, name=each.name, is_annex=each.is_annex) for each in made]


@router.delete("/drafts/{int:outgoing_id}/files/{int:attachment_id}", response={204: None})
def detach(request: HttpRequest, outgoing_id: int, attachment_id: int) -> Status[None]:
    """Take a file off a draft."""
    detach_file(
        outgoing_id=outgoing_id, drafter=_actor(request), attachment_id=attachment_id, at=timezone.now()
    )
    return Status(204, None)


@router.get("/drafts/{int:outgoing_id}/word", url_name="draft_word")
def word(request: HttpRequest, outgoing_id: int) -> HttpResponse:
    """The draft as a Word file in its form, to be gone on with in Word."""
    return HttpResponse(word_of(_visible(request, outgoing_id)), content_type=DOCX)


@router.post("/drafts/{int:outgoing_id}/places", response=DraftOut)
def place(request: HttpRequest, outgoing_id: int, body: PlaceIn) -> DraftOut:
    """
    Mark on an uploaded letter where number, date, a signature or the seal goes: the drafter on a draft, the
    unit's clerk until the first signature.
    """
    actor = _actor(request)
    version = mark_place(outgoing_id=outgoing_id, actor=actor, at=timezone.now(), **body.dict())
    return _shown(version.outgoing)


@router.get("/drafts/{int:outgoing_id}/comments", response=list[CommentOut])
def list_comments(request: HttpRequest, outgoing_id: int) -> list[CommentOut]:
    """The remarks on a draft, in order."""
    comments = _visible(request, outgoing_id).comments.select_related("author__person")
    return [_remark(each) for each in comments]


@router.post("/drafts/{int:outgoing_id}/comments", response={201: CommentOut})
def comment(request: HttpRequest, outgoing_id: int, body: CommentIn) -> Status[CommentOut]:
    """Add a remark on the last version."""
    made = comment_on_draft(
        outgoing_id=outgoing_id, author=_actor(request), text=body.text, at=timezone.now()
    )
    return Status(201, _remark(made))


def plan_from(body: DraftIn, drafter: Appointment) -> DraftPlan:
    """The draft as operations take it. :raises InvalidInput: with all people at once that are not of the unit"""
    people = staff_of([drafter.unit_id], timezone.localdate()).select_related("unit")
    known = people.in_bulk([body.leader, *body.initials, body.secretary or 0])
    plan = _plan_of(body, known, leader=known.get(body.leader, drafter))
    secretary = [] if body.secretary is None else [body.secretary]
    named = {"leader": [body.leader], "initials": body.initials, "secretary": secretary}
    strangers = [name for name, ids in named.items() if not known.keys() >= set(ids)]
    if strangers:
        refuse_strangers(
            plan, strangers, drafter=drafter, at=timezone.now(), needs_text=bool(body.text.strip())
        )
    return plan


def _plan_of(body: DraftIn, known: Mapping[int, Appointment], *, leader: Appointment) -> DraftPlan:
    return DraftPlan(
        type_code=body.type_code,
        subject=body.subject,
        paragraphs=_paragraphs(body.text),
        recipients=wanted_from(body.recipients),
        leader=leader,
        initials=[known[each] for each in body.initials if each in known],
        secretary=known.get(body.secretary or 0),
        party=WantedParty(**body.party.dict()) if body.party else None,
        urgency=body.urgency,
        secrecy=body.secrecy,
        reply_due_date=body.reply_due_date,
        authority=body.authority or None,
        form=form_from(body.form),
    )


def wanted_from(recipients: list[RecipientIn]) -> list[WantedRecipient]:
    """The recipients as operations take them."""
    return [WantedRecipient(**each.dict()) for each in recipients]


def form_from(body: FormIn) -> LetterForm:
    """The form as operations take it."""
    plain = body.dict() | {
        "annexes": [
            DraftAnnex(title=each.title, paragraphs=_paragraphs(each.text), landscape=each.landscape)
            for each in body.annexes
        ]
    }
    return LetterForm(**plain)


def _paragraphs(text: str) -> list[str]:
    return [each for each in text.splitlines() if each.strip()]


def _laid_out(draft: Outgoing) -> DraftOut:
    last = draft.versions.last()
    if last is not None:
        lay_out_version(last)
    return _shown(draft)


def _shown(draft: Outgoing) -> DraftOut:
    document = draft.document
    return DraftOut(
        id=draft.pk,
        state=draft.state,
        type_code=document.type_code,
        notation=document.notation,
        subject=document.subject,
        authority=document.signer_authority,
        recipients=draft.recipients.count(),
        versions=[_version(each) for each in versions_of(draft)],
    )


def _version(version: Version) -> VersionOut:
    return VersionOut(
        number=version.number,
        source=Source(version.source),
        author=version.author.person.full_name,
        created_at=version.created_at,
        is_laid_out=version.pdf_id is not None,
        faults=version.faults,
    )


def _remark(made: Comment) -> CommentOut:
    return CommentOut(
        id=made.pk,
        author=made.author.person.full_name,
        version=made.version_number,
        text=made.text,
        created_at=made.created_at,
    )


def _replied(incoming_id: int | None, drafter: Appointment) -> Incoming | None:
    return None if incoming_id is None else get_incoming(incoming_id, drafter)


def _given(file: UploadedFile) -> GivenFile:
    return GivenFile(file.name or "", cast("BinaryIO", file))


def _visible(request: HttpRequest, outgoing_id: int) -> Outgoing:
    return found_among(outgoing_visible_to(_actor(request)), outgoing_id)


def _actor(request: HttpRequest) -> Appointment:
    return cast("Appointment", request.appointment)  # type: ignore[attr-defined]
