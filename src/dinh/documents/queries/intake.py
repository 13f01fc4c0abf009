"""What the clerk who takes in a letter on paper has to know: who issued it, and whether it is here already."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import IncomingState
from dinh.documents.models import Incoming, Intake
from dinh.documents.queries.incoming import incoming_visible_to

ALIKE_SHOWN = 5
_GONE = (IncomingState.REFUSED, IncomingState.RECALLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What makes two arrivals the same letter: issuer (a unit, or its name), number and notation, date."""

    issuer_id: int | None
    issuer_name: str
    code: str
    issued_date: date | None


def issuer_named(name: str, appointment: Appointment) -> Unit | None:
    """The one unit of exactly this name; none if several share it."""
    same = Unit.objects.filter(name__iexact=name.strip()).exclude(pk=appointment.unit_id)[:2]
    return same[0] if len(same) == 1 else None


def shown_content(incoming: Incoming) -> str | None:
    """The file to be read: the stamped copy of a scan, or the letter itself."""
    stamped = Intake.objects.filter(incoming=incoming).values_list("stamped", flat=True).first()
    return stamped or incoming.document.content_id


def arrivals_alike(likeness: Likeness, appointment: Appointment) -> "QuerySet[Incoming]":
    """Arrivals of the same letter at the unit, registered or waiting, by whatever way; newest first."""
    if not likeness.code or likeness.issued_date is None:
        return Incoming.objects.none()
    issuer = Q(document__issuer_name__iexact=likeness.issuer_name)
    if likeness.issuer_id is not None:
        issuer |= Q(document__issuer_id=likeness.issuer_id)
    same = incoming_visible_to(appointment).filter(
        issuer, document__code__iexact=likeness.code, document__issued_date=likeness.issued_date
    )
    rows = same.exclude(state__in=_GONE).select_related("document")
    return rows.order_by("-arrived_at")[:ALIKE_SHOWN]
