"""Draft an outgoing document (soạn thảo văn bản đi; Decree 30/2020, Art. 10)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.docx import convert_docx_to_pdf
from dinh.documents.enums import OutgoingState, Source
from dinh.documents.letters import PlacesMissing, render_letter
from dinh.documents.models import Document, Incoming, Outgoing, Version
from dinh.documents.operations.draft_plan import (
    DraftPlan,
    check_plan,
    fill_document,
    set_path,
    set_recipients,
)
from dinh.documents.operations.letter_content import fields_of, letter_of, suggested_places
from dinh.documents.operations.letter_form import fill_form, kept_form
from dinh.documents.operations.replacing import require_same_rank
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import found_among, outgoing_open_to
from dinh.documents.rules import may_edit_draft
from dinh.kernel.errors import NotFound, NotPermitted
from dinh.storage.api import PDF, read_blob, store_bytes
from dinh.storage.models import Blob


@transaction.atomic
def create_draft(
    *,
    drafter: Appointment,
    plan: DraftPlan,
    at: datetime,
    reply_to: Incoming | None = None,
    replaces: Outgoing | None = None,
    request_key: UUID | None = None,
    has_text: bool = True,
) -> Outgoing:
    """
    Begin a document with its first text, its recipients and its path; `render_version` lays it out after.

    :param replaces: an issued document (`replacing.replaceable`) that this one replaces once it is issued
    :param request_key: a repeated request of the drafter with the same key gives the draft made before
    :param has_text: False where a file follows as the first version
    :raises InvalidInput: naming every field at fault
    :raises NotFound: if the drafter does not see the document replied to
    """
    check_plan(plan, drafter=drafter, at=at, needs_text=has_text)
    if request_key is not None and (made := made_before(drafter, request_key)):
        return made
    outgoing = _new_outgoing(drafter, plan, request_key, at)
    if replaces is not None:
        require_same_rank(replaces, plan.type_code)
        outgoing.replaces = replaces
        outgoing.save(update_fields=["replaces"])
    if reply_to is not None:
        _require_seen(reply_to, drafter)
        outgoing.replies_to.add(reply_to)
    set_recipients(outgoing, plan.addressed)
    set_path(outgoing, plan)
    if has_text:
        _add_page_version(outgoing, drafter, plan, at)
    record("documents.document.drafted", target=outgoing, actor=drafter, at=at)
    return outgoing


@transaction.atomic
def revise_draft(*, outgoing_id: int, drafter: Appointment, plan: DraftPlan, at: datetime) -> Outgoing:
    """
    Change a draft. A text written in the page gives its next version; earlier ones stay.

    Where the last version is a file and the plan has no text, the file stays the text.

    :raises InvalidInput: naming every field at fault
    :raises NotFound: if the appointment does not see the document
    :raises NotPermitted: if it is not the drafter's turn
    """
    outgoing = own_draft(outgoing_id, drafter)
    if outgoing.replaces is not None:
        require_same_rank(outgoing.replaces, plan.type_code)
    last = outgoing.versions.last()
    keeps_file = not plan.paragraphs and last is not None and last.source != Source.PAGE
    check_plan(plan, drafter=drafter, at=at, needs_text=not keeps_file)
    fill_document(outgoing.document, plan, drafter=drafter, at=at)
    fill_form(outgoing.document, outgoing, plan.form)
    outgoing.document.save()
    set_recipients(outgoing, plan.addressed)
    set_path(outgoing, plan)
    if not keeps_file:
        _add_page_version(outgoing, drafter, plan, at)
    outgoing.updated_at = at
    outgoing.save(update_fields=["updated_at", "council_name", "council_title", "copies_amount"])
    details = {"version": outgoing.versions.count()}
    record("documents.document.revised", target=outgoing, actor=drafter, at=at, details=details)
    return outgoing


@transaction.atomic
def delete_draft(*, outgoing_id: int, drafter: Appointment, at: datetime) -> None:
    """
    Throw a draft away that was never submitted; the log keeps that it was.

    :raises NotPermitted: if it was submitted once, or somebody else drafted it
    """
    outgoing = own_draft(outgoing_id, drafter)
    if outgoing.state != OutgoingState.DRAFTING:
        raise NotPermitted(_("What was submitted once stays on record. Revise it instead."))
    details = {"subject": outgoing.document.subject}
    record("documents.document.deleted", target=outgoing, actor=drafter, at=at, details=details)
    outgoing.delete()
    outgoing.document.delete()


def own_draft(outgoing_id: int, drafter: Appointment) -> Outgoing:
    """The drafter's document, locked, while it is a draft. :raises NotFound: :raises NotPermitted:"""
    outgoing = locked_outgoing(outgoing_id, drafter)
    if not may_edit_draft(drafter, outgoing):
        raise NotPermitted(_("Only the drafter changes the text, and only while it is a draft."))
    return outgoing


def render_version(version: Version) -> Blob:
    """
    Lay a version out, or convert its Word file, and keep the PDF with its places.

    Called outside transactions: it takes its time.

    :raises ConversionFailed: if LibreOffice cannot read the file
    :raises ConverterMissing: if there is no LibreOffice
    """
    if version.source == Source.PAGE:
        rendered = render_letter(letter_of(version), made_at=version.created_at)
        pdf, places = rendered.pdf, [asdict(place) for place in rendered.places]
    else:
        pdf = _pdf_of_file(version)
        places = suggested_places(version.outgoing, pdf, on=timezone.localdate(version.created_at))
    info = store_bytes(pdf, accept=frozenset({PDF}))
    Version.objects.filter(pk=version.pk).update(pdf_id=info.sha256, places=places)
    version.refresh_from_db()
    return Blob.objects.get(pk=info.sha256)


def lay_out_version(version: Version) -> None:
    """
    Lay a version out that is not yet; on a file that is, propose places for who came to its path since.

    Called outside transactions. What is marked already stays.

    :raises ConversionFailed, ConverterMissing: as `render_version`
    """
    if version.pdf_id is None:
        render_version(version)
    elif version.source != Source.PAGE and _lacks_places(version):
        _propose_further_places(version)


def _lacks_places(version: Version) -> bool:
    try:
        fields_of(version, version.places)
    except PlacesMissing:
        return True
    return False


def _propose_further_places(version: Version) -> None:
    before, known = version.places, {place["name"] for place in version.places}
    day = timezone.localdate(version.created_at)
    found = suggested_places(version.outgoing, read_blob(str(version.pdf_id)), on=day)
    if further := [place for place in found if place["name"] not in known]:
        # Whoever marked a place meanwhile was faster, and the marks count.
        Version.objects.filter(pk=version.pk, places=before).update(places=[*before, *further])
        version.refresh_from_db()


def _pdf_of_file(version: Version) -> bytes:
    if version.source == Source.WORD:
        return convert_docx_to_pdf(read_blob(str(version.word_id)))
    return read_blob(str(version.pdf_id))


def next_version(outgoing: Outgoing, author: Appointment, *, at: datetime, **content: Any) -> Version:
    """Add the version that counts from now on; the caller holds the document's lock."""
    number = outgoing.versions.count() + 1
    return Version.objects.create(outgoing=outgoing, number=number, author=author, created_at=at, **content)


def locked_outgoing(outgoing_id: int, actor: Appointment) -> Outgoing:
    """The document for a change. :raises NotFound: missing or not visible"""
    seen = outgoing_open_to(actor).select_for_update(of=("self",))
    return found_among(seen, outgoing_id)


def _require_seen(incoming: Incoming, drafter: Appointment) -> None:
    if not incoming_visible_to(drafter).filter(pk=incoming.pk).exists():
        raise NotFound(_("There is no such document."))


def made_before(drafter: Appointment, request_key: UUID) -> Outgoing | None:
    """What an earlier request of the drafter with this key made; later ones wait for it."""
    # Two requests at once: the second waits here for the first, then finds what it made.
    Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=drafter.pk)
    return Outgoing.objects.filter(drafter=drafter, request_key=request_key).first()


def _new_outgoing(drafter: Appointment, plan: DraftPlan, request_key: UUID | None, at: datetime) -> Outgoing:
    unit = drafter.unit
    document = Document(issuer=unit, issuer_name=unit.name, bloc=unit.bloc, place=unit.place, created_at=at)
    outgoing = Outgoing(
        unit=unit,
        division=drafter.division,
        drafter=drafter,
        request_key=request_key,
        created_at=at,
        updated_at=at,
    )
    fill_document(document, plan, drafter=drafter, at=at)
    fill_form(document, outgoing, plan.form)
    document.save()
    outgoing.document = document
    outgoing.save()
    return outgoing


def _add_page_version(outgoing: Outgoing, author: Appointment, plan: DraftPlan, at: datetime) -> Version:
    body = {
        "subject": plan.subject.strip(),
        "paragraphs": [each for each in plan.paragraphs if each.strip()],
        "form": kept_form(plan.form),
    }
    return next_version(outgoing, author, at=at, source=Source.PAGE, body=body)
