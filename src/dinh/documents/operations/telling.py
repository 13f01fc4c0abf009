"""Tell people what happened to documents that arrived. Called by receivers; safe to repeat."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.models import Assignment, Dispatch, Document, Incoming, Outgoing
from dinh.documents.queries.people import clerks_of, heads_of
from dinh.notify.api import notify


def tell_clerks_reminded(*, outgoing_id: int, reminded_at: datetime) -> None:
    """Tell the clerks of the units where the document still waits, once for each reminder."""
    outgoing = Outgoing.objects.select_related("document", "unit").get(pk=outgoing_id)
    waiting = Incoming.objects.filter(dispatch__outgoing=outgoing, state=IncomingState.ARRIVED)
    clerks = clerks_of(waiting.values_list("unit_id", flat=True), timezone.localdate())
    with override(settings.LANGUAGE_CODE):
        words = _("%(unit)s reminds you to receive %(document)s.")
        text = words % {"unit": outgoing.unit.name, "document": _named(outgoing.document)}
    _tell(clerks.values_list("pk", flat=True), "reminded", text, outgoing.document_id, reminded_at)


def tell_recalled(*, dispatch_id: int) -> None:
    """Tell clerks and handlers of the units that lost the document by a recall, with its reason."""
    dispatch = Dispatch.objects.select_related("document", "sender").get(pk=dispatch_id)
    if dispatch.recalled_at is None:
        return
    lost = Incoming.objects.filter(dispatch=dispatch, state=IncomingState.RECALLED)
    clerks = clerks_of(lost.values_list("unit_id", flat=True), timezone.localdate())
    handlers = Assignment.objects.filter(incoming__in=lost, withdrawn_at=None, appointment__isnull=False)
    with override(settings.LANGUAGE_CODE):
        words = _("%(unit)s recalled %(document)s: %(reason)s")
        text = words % {
            "unit": dispatch.sender.name,
            "document": _named(dispatch.document),
            "reason": dispatch.recall_reason,
        }
    people = {*clerks.values_list("pk", flat=True), *handlers.values_list("appointment_id", flat=True)}
    told = [pk for pk in people if pk is not None]
    _tell(told, "recalled", text, dispatch.document_id, dispatch.recalled_at)


def tell_refused(*, incoming_id: int, refused_at: datetime) -> None:
    """Tell the sender's clerks and the drafter who refused their letter, and why."""
    refused = Incoming.objects.select_related("document", "unit", "dispatch__outgoing").get(pk=incoming_id)
    sending = refused.dispatch
    if refused.state != IncomingState.REFUSED or sending is None or sending.outgoing is None:
        return
    clerks = clerks_of([sending.sender_id], timezone.localdate()).values_list("pk", flat=True)
    with override(settings.LANGUAGE_CODE):
        words = _("%(unit)s refused %(document)s: %(reason)s")
        text = words % {
            "unit": refused.unit.name,
            "document": _named(refused.document),
            "reason": refused.refusal_reason,
        }
    notify(
        appointment_ids={*clerks, sending.outgoing.drafter_id},
        kind="documents.refused",
        text=text,
        url=reverse("documents:outgoing", args=[sending.outgoing_id]),
        at=refused_at,
        dedupe_key=f"refused:{incoming_id}",
    )


def tell_informed(*, incoming_id: int, assigned_at: datetime) -> None:
    """Tell those who are only to know of a document; of a division its heads."""
    incoming = Incoming.objects.select_related("document").get(pk=incoming_id)
    parts = list(incoming.assignments.filter(role=AssignmentRole.INFORM, withdrawn_at=None))
    divisions = [part.division_id for part in parts if part.appointment_id is None and part.division_id]
    heads = heads_of(divisions, incoming.unit_id, timezone.localdate())
    people = {part.appointment_id for part in parts if part.appointment_id is not None}
    with override(settings.LANGUAGE_CODE):
        text = _("For your information: %(document)s") % {"document": _named(incoming.document)}
    told = people | set(heads.values_list("pk", flat=True))
    _tell(told, "informed", text, incoming.document_id, assigned_at)


def _named(document: Document) -> str:
    return _("%(code)s “%(subject)s”") % {"code": document.code, "subject": document.subject}


def _tell(people: Iterable[int], kind: str, text: str, document_id: int, at: datetime) -> None:
    notify(
        appointment_ids=people,
        kind=f"documents.{kind}",
        text=text,
        url=reverse("documents:incoming_of", args=[document_id]),
        at=at,
        dedupe_key=f"{kind}:{document_id}:{at:%Y%m%d%H%M%S}",
    )
