"""Documents that arrived, as far as somebody may see them."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.models import Assignment, Document, Incoming, Outgoing
from dinh.documents.rules_incoming import oversees_unit
from dinh.documents.standing_in import handled_by
from dinh.kernel.errors import NotFound


class IncomingNotFound(NotFound):
    pass


def incoming_visible_to(appointment: Appointment) -> "QuerySet[Incoming]":
    """
    All of the unit's for clerks and leaders; for others what is assigned to them or their division, or to whom they
    stand in for.
    """
    of_unit = Incoming.objects.filter(unit_id=appointment.unit_id)
    if oversees_unit(appointment):
        return of_unit
    mine = handled_by(appointment)
    if appointment.division_id is not None:
        mine |= Q(division_id=appointment.division_id)
    assigned = Assignment.objects.filter(mine, incoming=OuterRef("pk"), withdrawn_at=None)
    return of_unit.filter(Exists(assigned))


def get_incoming(incoming_id: int, appointment: Appointment) -> Incoming:
    """
    One visible document, with its letter; a recalled one comes with an empty letter and cannot be saved.

    :raises IncomingNotFound: missing or not visible
    """
    visible = incoming_visible_to(appointment).select_related("document", "dispatch__sender", "book")
    found = arrived_among(visible, incoming_id)
    return _without_content(found) if found.state == IncomingState.RECALLED else found


def arrived_among(rows: "QuerySet[Incoming]", incoming_id: int) -> Incoming:
    """The one of these rows that is asked for. :raises IncomingNotFound: not among them"""
    try:
        # Not `first()`: for its order Django compares all columns of the joined tables, a third of a page's time.
        return rows.get(pk=incoming_id)
    except Incoming.DoesNotExist:
        raise IncomingNotFound(_("There is no such document here. Go back to the list.")) from None


def replacement_of(incoming: Incoming) -> Document | None:
    """The issued letter that replaces what arrived, None while nothing does (Decree 30/2020, Art. 18)."""
    replacing = Outgoing.objects.filter(replaces__document=incoming.document_id, issued_at__isnull=False)
    newest = replacing.select_related("document").order_by("-issued_at").first()
    return newest.document if newest else None


def _without_content(recalled: Incoming) -> Incoming:
    recalled.document = Document(subject=_t("Recalled by its sender"))
    recalled.dispatch = None
    recalled.direction_text = recalled.result_text = recalled.note = ""
    recalled.verdict, recalled.verdict_details = "", None
    return recalled
