"""All that is known of a document by Annex VI, and who looked at it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dinh.audit.api import accesses_of
from dinh.directory.access import signed_in
from dinh.directory.enums import Role
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import Direction
from dinh.documents.filing import readable_arrivals
from dinh.documents.forms.metadata import AdditionForm
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.describing import describe_incoming, describe_outgoing
from dinh.documents.queries.metadata import FIELDS, Metadata, incoming_metadata, outgoing_metadata
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.rules_incoming import oversees_unit
from dinh.kernel.refusals import refusals_beside

LOOKS: Mapping[str, Any] = {
    "page": _("The page"),
    "file": _("The letter"),
    "attachment": _("Attachment"),
}


@require_http_methods(["GET", "POST"])
@signed_in
def incoming_metadata_page(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Fields, additions and looks of a document that arrived."""
    visible = readable_arrivals(request.appointment)
    incoming = visible.filter(pk=incoming_id).select_related("document").first()
    if incoming is None:
        raise Http404
    is_own = incoming.document.transcribed_by_id == request.appointment.unit_id
    form = _form(request, incoming, is_own=is_own)
    if request.method == "POST" and _added(request, form, incoming):
        return redirect("documents:incoming_metadata", incoming_id)
    known = incoming_metadata([incoming_id], request.appointment, visible)[incoming_id]
    return _page(request, incoming, known, form)


@require_http_methods(["GET", "POST"])
@signed_in
def outgoing_metadata_page(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Fields, additions and looks of a document of the unit's own."""
    visible = outgoing_visible_to(request.appointment)
    outgoing = visible.filter(pk=outgoing_id).first()
    if outgoing is None:
        raise Http404
    form = _form(request, outgoing, is_own=True)
    if request.method == "POST" and _added(request, form, outgoing):
        return redirect("documents:outgoing_metadata", outgoing_id)
    known = outgoing_metadata([outgoing_id], request.appointment, visible)[outgoing_id]
    return _page(request, outgoing, known, form)


def _form(request: StaffRequest, target: Incoming | Outgoing, *, is_own: bool) -> AdditionForm | None:
    if not request.appointment.has_role(Role.CLERK):
        return None
    letter = target.document
    initial: dict[str, object] = {
        "note": target.note,
        "language": letter.language,
        "page_count": letter.page_count,
    }
    return AdditionForm(request.POST or None, initial=initial, is_own=is_own)


def _added(request: StaffRequest, form: AdditionForm | None, target: Incoming | Outgoing) -> bool:
    if form is None:
        raise Http404
    if not form.is_valid():
        return False
    given: dict[str, Any] = {
        "actor": request.appointment, "addition": form.addition(), "at": timezone.now()
    }  # fmt: skip
    with refusals_beside(form):
        if isinstance(target, Incoming):
            describe_incoming(incoming_id=target.pk, **given)
        else:
            describe_outgoing(outgoing_id=target.pk, **given)
        messages.success(request, _t("The metadata are completed."))
        return True
    return False


def _page(request: StaffRequest, target: Model, known: Metadata, form: AdditionForm | None) -> HttpResponse:
    is_incoming = known.direction == Direction.INCOMING
    reader = request.appointment
    looks = accesses_of(target, unit_id=reader.unit_id) if oversees_unit(reader) else None
    context = {
        "target": target,
        "subject": known.text("Subject"),
        "url_name": "documents:incoming" if is_incoming else "documents:outgoing",
        "fields": [(each, known.text(each.name)) for each in FIELDS[known.direction]],
        "form": form,
        "looks": None if looks is None else [(each, LOOKS.get(each.what, each.what)) for each in looks],
        "total": sum(each.times for each in looks or ()),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "documents/metadata/page.html", context, status=status)
