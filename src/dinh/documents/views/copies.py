"""Screens by which a clerk copies a document and sends the copy on."""

from typing import Unpack
from uuid import UUID, uuid4

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.copies import CopyForm
from dinh.documents.forms.drafting import Row, rows_given, wanted_of
from dinh.documents.models import Incoming, Outgoing, TrueCopy
from dinh.documents.operations.copies import (
    Source,
    WantedCopy,
    copy_form,
    earlier_copy,
    is_copyable,
    kinds_for,
    make_copy,
)
from dinh.documents.operations.copies_on_device import begin_copy, finish_copy
from dinh.documents.queries.copies import copies_of, who_decides
from dinh.documents.queries.devices import device_copies_of
from dinh.documents.queries.drafting import Group, groups_for
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.rules import may_keep_books
from dinh.documents.views.devices import answered
from dinh.documents.views.picking import is_picking, picker
from dinh.kernel.errors import InvalidInput
from dinh.kernel.refusals import refusals_beside
from dinh.signing.api import DeviceAnswer, open_sessions, signs_on_device
from dinh.storage.api import PDF

COPIES_SHOWN = 20


@require_http_methods(["GET", "POST"])
@signed_in
def copy_incoming(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Copy what arrived."""
    return _copy(request, _incoming(request, incoming_id))


@require_http_methods(["GET", "POST"])
@signed_in
def copy_outgoing(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Copy what the unit issued."""
    return _copy(request, _outgoing(request, outgoing_id))


@require_GET
@signed_in
def copies_of_incoming(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """The copies of what arrived: a part of its page."""
    return _panel(request, _incoming(request, incoming_id))


@require_GET
@signed_in
def copies_of_outgoing(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The copies of what was issued: a part of its page."""
    return _panel(request, _outgoing(request, outgoing_id))


@require_GET
@signed_in
def copy_foot(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The foot of a copy on paper, to be printed behind the copied pages."""
    outgoing = _outgoing(request, outgoing_id)
    if not TrueCopy.objects.filter(outgoing=outgoing).exists():
        raise Http404
    disposition = f'inline; filename="ban-sao-{outgoing.number}.pdf"'
    return HttpResponse(copy_form(outgoing), content_type=PDF, headers={"Content-Disposition": disposition})


def _copy(request: StaffRequest, source: Source) -> HttpResponse:
    if not may_keep_books(request.appointment, source.unit_id) or not is_copyable(source):
        raise Http404
    groups, today = groups_for(request.appointment.unit), timezone.localdate()
    leaders = who_decides(request.appointment.unit_id, today)
    is_sent = request.method == "POST" and not is_picking(request)
    form = CopyForm(
        request.POST if is_sent else None,
        kinds=kinds_for(source.document),
        leaders=leaders,
        initial=request.POST.dict() or {"request_key": uuid4().hex},
    )
    rows = _rows(request, form, groups)
    if is_sent and form.is_valid():
        given = form.cleaned_data
        wanted = WantedCopy(
            kind=given["kind"],
            decided_by=next(each for each in leaders if each.pk == given["decided_by"]),
            pages=given["pages"],
            recipients=wanted_of(rows, groups),
        )
        with refusals_beside(form):
            return _made(request, source, wanted, given["request_key"])
    return render(
        request,
        "documents/copies/new.html",
        {"form": form, "source": source} | picker(request, rows),
        status=422 if is_sent else 200,
    )


@csp_update({"connect-src": [settings.SIGNING_PLUGIN_URL]})
@require_GET
@signed_in
def copy_device(request: StaffRequest, session_id: UUID) -> HttpResponse:
    """The copy that waits for the seal's token; may be reloaded at any time."""
    begun = device_copies_of(request.appointment).filter(session=session_id).first()
    if begun is None:
        raise Http404
    if (made := earlier_copy(request.appointment, begun.request_key)) is not None:
        return _shown(request, made)
    info = open_sessions(session_ids=[session_id], appointment=request.appointment).get(session_id)
    # Sealed, but interrupted before the copy was kept: finishing needs no device.
    waiting = [begun] if info or begun.session.result_id else []
    return render(request, "documents/copies/device.html", {"begun": begun, "info": info, "waiting": waiting})


@require_POST
@signed_in
def copy_device_finish(request: StaffRequest, session_id: UUID) -> HttpResponse:
    """Take the device's answer; JSON as `devices.device_finish`."""

    def finish(**answer: Unpack[DeviceAnswer]) -> str:
        return _told(finish_copy(session_id=session_id, clerk=request.appointment, **answer))

    return answered(request, session_id, finish)


def _made(request: StaffRequest, source: Source, wanted: WantedCopy, request_key: str) -> HttpResponse:
    clerk = request.appointment
    if signs_on_device(clerk, "unit") and earlier_copy(clerk, request_key) is None:
        _begun, session = begin_copy(clerk=clerk, source=source, wanted=wanted, request_key=request_key)
        return redirect("documents:copy_device", session.id)
    copy = make_copy(
        clerk=clerk,
        source=source,
        wanted=wanted,
        request_key=request_key,
        at=timezone.now(),
    )
    return _shown(request, copy)


def _shown(request: StaffRequest, copy: Outgoing) -> HttpResponse:
    messages.success(request, _told(copy))
    return redirect("documents:outgoing", copy.pk)


def _told(copy: Outgoing) -> str:
    return _("The copy %(code)s is made.") % {"code": copy.document.code}


def _rows(request: StaffRequest, form: CopyForm, groups: list[Group]) -> list[Row]:
    """The recipients that were chosen; what cannot be read is told above the form, and nothing is copied."""
    try:
        return rows_given(request.POST, groups)
    except InvalidInput as wrong:
        if form.is_bound:
            form.add_error(None, str(wrong))
        else:
            messages.error(request, str(wrong))
        return []


def _panel(request: StaffRequest, source: Source) -> HttpResponse:
    context = {
        "source": source,
        "is_incoming": isinstance(source, Incoming),
        "copies": list(copies_of(source, request.appointment)[:COPIES_SHOWN]),
        "may_copy": may_keep_books(request.appointment, source.unit_id) and is_copyable(source),
        "own": TrueCopy.objects.filter(outgoing_id=source.pk).first()
        if isinstance(source, Outgoing)
        else None,
    }
    return render(request, "documents/copies/panel.html", context)


def _incoming(request: StaffRequest, incoming_id: int) -> Incoming:
    return get_incoming(incoming_id, request.appointment)


def _outgoing(request: StaffRequest, outgoing_id: int) -> Outgoing:
    visible = outgoing_visible_to(request.appointment).select_related("unit__parent")
    found = visible.filter(pk=outgoing_id).first()
    if found is None:
        raise Http404
    return found
