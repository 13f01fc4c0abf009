"""A draft at its author's desk: its letter, files, places, versions and comments."""

import io
from collections.abc import Callable
from typing import BinaryIO, cast

import pypdfium2
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from PIL import Image, ImageDraw

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import OutgoingState, Source, StepKind
from dinh.documents.letters import PLACES
from dinh.documents.models import Attachment, Outgoing, Version
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.draft_files import (
    GivenFile,
    add_letter_file,
    attach_files,
    detach_file,
)
from dinh.documents.operations.draft_plan import INITIALS_MAX
from dinh.documents.operations.drafting import delete_draft
from dinh.documents.operations.letter_content import initials_placed, word_of
from dinh.documents.operations.placing import kept_page_sizes, mark_place
from dinh.documents.queries.outgoing import found_among, outgoing_open_to, outgoing_visible_to
from dinh.documents.queries.parties import party_of
from dinh.documents.queries.versions import compare_versions, versions_of
from dinh.documents.rules import may_comment, may_edit_draft, may_mark_places
from dinh.documents.views.drafting import DOCX_TYPE, lay_out
from dinh.kernel.errors import InvalidInput
from dinh.kernel.pdf import PdfUnreadable
from dinh.kernel.refusals import refusals_kept, shown_again
from dinh.storage.api import blob_response, read_blob


@require_GET
@signed_in
def draft_desk(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The draft with all that belongs to it, for whoever may see it."""
    return _desk(request, outgoing_id)


def _desk(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    outgoing = _visible(request, outgoing_id)
    versions = list(versions_of(outgoing))
    edits = may_edit_draft(request.appointment, outgoing)
    last = versions[0] if versions else None
    context = {
        "outgoing": outgoing,
        "document": outgoing.document,
        "versions": versions,
        "version": last,
        "edits": edits,
        "may_delete": edits and outgoing.state == OutgoingState.DRAFTING,
        "may_comment": may_comment(request.appointment, outgoing),
        "comments": outgoing.comments.select_related("author__person", "author__position"),
        "attachments": outgoing.document.attachments.select_related("blob"),
        "marks": _takes_marks(last) and may_mark_places(request.appointment, outgoing),
    }
    return render(request, "documents/drafting/desk.html", context)


@require_GET
@signed_in
def draft_word(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The draft as a Word file in its form, to be gone on with in Word."""
    outgoing = _visible(request, outgoing_id)
    content = word_of(outgoing)
    response = HttpResponse(content, content_type=DOCX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="du-thao-{outgoing.pk}.docx"'
    return response


@require_GET
@signed_in
def draft_compare(request: StaffRequest, outgoing_id: int, older: int, newer: int) -> HttpResponse:
    """What changed from one version to another."""
    outgoing = _visible(request, outgoing_id)
    found = {each.number: each for each in versions_of(outgoing).filter(number__in=(older, newer))}
    if older not in found or newer not in found:
        raise Http404
    try:
        lines = compare_versions(found[older], found[newer])
    except PdfUnreadable as refusal:
        messages.error(request, str(refusal))
        return redirect("documents:outgoing_draft", outgoing.pk)
    context = {"outgoing": outgoing, "lines": lines, "older": found[older], "newer": found[newer]}
    return render(request, "documents/drafting/compare.html", context)


@require_GET
@signed_in
def draft_places(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """A page of an uploaded letter to be clicked on, for each place that is to be marked."""
    return _places(request, outgoing_id, request.GET)


def _places(request: StaffRequest, outgoing_id: int, given: QueryDict) -> HttpResponse:
    outgoing = _visible(request, outgoing_id)
    version = _uploaded(request, outgoing)
    amount = len(kept_page_sizes(str(version.pdf_id)))
    wanted = given.get("page", "1")
    page = int(wanted) if wanted.isdecimal() and len(wanted) < 5 and 1 <= int(wanted) <= amount else 1
    context = {
        "outgoing": outgoing,
        "page": page,
        "pages": range(1, amount + 1),
        "places": _places_of(outgoing),
        "chosen": given.get("name", "number"),
        "set": {each["name"]: each["page"] for each in version.places},
    }
    return render(request, "documents/drafting/places.html", context)


@require_GET
@signed_in
def draft_page(request: StaffRequest, outgoing_id: int, page: int) -> HttpResponse:
    """The picture of a page, one pixel a point, with the places outlined."""
    version = _uploaded(request, _visible(request, outgoing_id))
    document = pypdfium2.PdfDocument(read_blob(str(version.pdf_id)))
    try:
        if not 1 <= page <= len(document):
            raise Http404
        picture = document[page - 1].render(scale=1).to_pil().convert("RGB")
    finally:
        document.close()
    _outline(picture, [each for each in version.places if each["page"] == page])
    written = io.BytesIO()
    picture.save(written, "PNG")
    return HttpResponse(written.getvalue(), content_type="image/png", headers={"Cache-Control": "no-store"})


@require_GET
@signed_in
def attachment(request: StaffRequest, outgoing_id: int, attachment_id: int) -> HttpResponseBase:
    """A file that goes with a draft, to be downloaded."""
    outgoing = found_among(outgoing_open_to(request.appointment), outgoing_id)
    found = Attachment.objects.filter(pk=attachment_id, document=outgoing.document_id).first()
    if found is None:
        raise Http404
    return blob_response(request, found.blob_id, filename=found.name)


@require_POST
@signed_in
def draft_act(request: StaffRequest, outgoing_id: int, act: str) -> HttpResponse:
    """One of `ACTS`; a refusal stands beside its field on the draft's page."""
    if act not in ACTS:
        raise Http404
    with refusals_kept(request, act):
        ACTS[act](request, outgoing_id)
        return _done(request, outgoing_id, act)
    if act == "place":
        return shown_again(_places(request, outgoing_id, request.POST))
    return shown_again(_desk(request, outgoing_id))


def _done(request: StaffRequest, outgoing_id: int, act: str) -> HttpResponse:
    if act == "delete" and not Outgoing.objects.filter(pk=outgoing_id).exists():
        return redirect("documents:outgoing_list")
    if act == "place":
        back = redirect("documents:draft_places", outgoing_id)
        back["Location"] += f"?page={request.POST.get('page', '')}&name={request.POST.get('name', '')}"
        return back
    return redirect("documents:outgoing_draft", outgoing_id)


def _comment(request: StaffRequest, outgoing_id: int) -> None:
    text = request.POST.get("text", "")
    comment_on_draft(outgoing_id=outgoing_id, author=request.appointment, text=text, at=timezone.now())


def _delete(request: StaffRequest, outgoing_id: int) -> None:
    delete_draft(outgoing_id=outgoing_id, drafter=request.appointment, at=timezone.now())
    messages.success(request, _("The draft is deleted."))


def _upload(request: StaffRequest, outgoing_id: int) -> None:
    given = _files(request, "file")[0]
    version = add_letter_file(
        outgoing_id=outgoing_id, drafter=request.appointment, file=given, at=timezone.now()
    )
    lay_out(request, version.outgoing)


def _attach(request: StaffRequest, outgoing_id: int) -> None:
    attach_files(
        outgoing_id=outgoing_id,
        drafter=request.appointment,
        files=_files(request, "files"),
        is_annex=request.POST.get("is_annex") == "on",
        at=timezone.now(),
    )


def _detach(request: StaffRequest, outgoing_id: int) -> None:
    wanted = _whole(request, "attachment")
    drafter = request.appointment
    detach_file(outgoing_id=outgoing_id, drafter=drafter, attachment_id=wanted, at=timezone.now())


def _place(request: StaffRequest, outgoing_id: int) -> None:
    """The point that was clicked becomes the middle of the place."""
    version = _uploaded(request, _visible(request, outgoing_id))
    page, sizes = _whole(request, "page"), kept_page_sizes(str(version.pdf_id))
    height = sizes[page - 1][1] if 1 <= page <= len(sizes) else 0
    mark_place(
        outgoing_id=outgoing_id,
        actor=request.appointment,
        name=request.POST.get("name", ""),
        page=page,
        x=_whole(request, "at.x"),
        y=height - _whole(request, "at.y"),
        at=timezone.now(),
    )


ACTS: dict[str, Callable[[StaffRequest, int], None]] = {
    "comment": _comment,
    "delete": _delete,
    "upload": _upload,
    "attach": _attach,
    "detach": _detach,
    "place": _place,
}


def _files(request: StaffRequest, name: str) -> list[GivenFile]:
    files = [GivenFile(each.name or "", cast("BinaryIO", each)) for each in request.FILES.getlist(name)]
    if not files:
        raise InvalidInput(_("Choose a file."), field=name)
    return files


def _whole(request: StaffRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise InvalidInput(_("Choose from the lists."), field=name)
    return int(text)


def _visible(request: StaffRequest, outgoing_id: int) -> Outgoing:
    return found_among(outgoing_visible_to(request.appointment), outgoing_id)


def _takes_marks(version: Version | None) -> bool:
    """Our own layout knows its places."""
    return version is not None and version.source != Source.PAGE and version.pdf_id is not None


def _uploaded(request: StaffRequest, outgoing: Outgoing) -> Version:
    """The last version, if this appointment may mark places on it."""
    last = outgoing.versions.last()
    if last is None or not _takes_marks(last) or not may_mark_places(request.appointment, outgoing):
        raise Http404
    return last


def _places_of(outgoing: Outgoing) -> list[tuple[str, object]]:
    """The places that this letter needs: initials for as many as initial it, one at the least."""
    gone = {f"initials.{n}" for n in range(initials_placed(outgoing.pk) + 1, INITIALS_MAX + 1)}
    if not outgoing.steps.filter(kind=StepKind.COSIGN).exists():
        gone.add("signature.secretary")
    party = party_of(outgoing)
    gone |= set() if party else {"signature.second"}
    gone |= set() if party and party.unit_id else {"seal.second"}
    return [(name, label) for name, label in PLACES.items() if name not in gone]


def _outline(picture: Image.Image, places: list[dict[str, float]]) -> None:
    drawing = ImageDraw.Draw(picture)
    for each in places:
        top = picture.height - each["y"] - each["height"]
        box = (each["x"], top, each["x"] + each["width"], top + each["height"])
        drawing.rectangle(box, outline=(6, 111, 209), width=2)
