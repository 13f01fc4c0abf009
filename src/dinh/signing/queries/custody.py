"""Who holds a unit's seals and devices, and held them before."""

from django.db.models import F, QuerySet

from dinh.directory.models import Appointment
from dinh.signing.models import Credential, Custody
from dinh.signing.rules import sees_custody


def custodies_visible_to(appointment: Appointment) -> QuerySet[Custody]:
    """Those of the unit for whoever answers for them, else what one holds or held oneself; held ones first."""
    rows = Custody.objects.select_related("holder__person", "holder__position", "credential")
    rows = rows.order_by(F("until_date").desc(nulls_first=True), "kind", "name", "-pk")
    if sees_custody(appointment):
        return rows.filter(unit=appointment.unit_id)
    return rows.filter(holder=appointment)


def device_certificates(unit_id: int) -> QuerySet[Credential]:
    """The unit's own certificates, whose keys lie in devices that are handed over."""
    return Credential.objects.filter(unit=unit_id).order_by("-valid_to", "pk")


def holder_of(credential: Credential) -> Custody | None:
    """Who holds the device of a certificate now."""
    held = Custody.objects.filter(credential=credential, until_date=None)
    return held.select_related("holder__person", "holder__position").first()
