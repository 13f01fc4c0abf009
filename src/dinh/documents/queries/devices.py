"""Signatures that wait for their holder's own token."""

from uuid import UUID

from django.db.models import QuerySet

from dinh.directory.models import Appointment
from dinh.documents.models import DeviceCopy, DeviceSignature


def device_signatures_of(appointment: Appointment, batch: UUID) -> QuerySet[DeviceSignature]:
    """What this appointment began together, in the order of its beginning; never another's."""
    own = DeviceSignature.objects.filter(actor=appointment, batch=batch)
    return own.select_related("outgoing__document", "session", "annex").order_by("pk")


def device_copies_of(appointment: Appointment) -> QuerySet[DeviceCopy]:
    """Copies that this appointment began and its seal's token seals; never another's."""
    own = DeviceCopy.objects.filter(clerk=appointment)
    return own.select_related(
        "session",
        "from_incoming__document",
        "from_outgoing__document",
        "decided_by__person",
        "decided_by__position",
    )
