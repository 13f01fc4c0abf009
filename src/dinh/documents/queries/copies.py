"""Copies of documents, and who may decide on them."""

from datetime import date

from django.db.models import QuerySet

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.people import staff_of

DECIDES_ON_COPIES = (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD, Role.DIVISION_DEPUTY)
_ORDER: dict[str, int] = {Role.UNIT_HEAD: 0, Role.UNIT_DEPUTY: 1}


def copies_of(source: Incoming | Outgoing, appointment: Appointment) -> "QuerySet[Outgoing]":
    """The visible copies that were made of a document, the newest first."""
    end = "incoming" if isinstance(source, Incoming) else "outgoing"
    made = outgoing_visible_to(appointment).filter(**{f"true_copy__from_{end}": source.pk})
    return made.order_by("-created_at", "-pk")


def who_decides(unit_id: int, today: date) -> list[Appointment]:
    """Leaders of the unit who may decide on copies, its head first (Decree 30/2020, Art. 27)."""
    leaders = staff_of([unit_id], today).filter(roles__overlap=list(DECIDES_ON_COPIES))
    return sorted(leaders, key=lambda each: min(_ORDER.get(role, 2) for role in each.roles))
