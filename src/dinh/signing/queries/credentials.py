from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.kernel.text import fold
from dinh.signing.models import Credential, CredentialState
from dinh.signing.rules import keeps_all_certificates, keeps_certificates

WARNED_BEFORE: Final = timedelta(days=30)
EXPIRING = "expiring"


def credentials_visible_to(appointment: Appointment) -> QuerySet[Credential]:
    """One's own; a keeper sees those of the unit and its people, the directory's keeper all."""
    rows = Credential.objects.select_related("person", "unit")
    if keeps_all_certificates(appointment):
        return rows
    visible = Q(person_id=appointment.person_id)
    if keeps_certificates(appointment):
        people = Appointment.objects.filter(unit_id=appointment.unit_id).values("person_id")
        visible |= Q(unit_id=appointment.unit_id) | Q(person_id__in=people)
    return rows.filter(visible)


def credential_seen(appointment: Appointment, credential_id: int) -> Credential:
    """:raises NotFound: if the appointment does not see it"""
    credential = credentials_visible_to(appointment).filter(pk=credential_id).first()
    if credential is None:
        raise NotFound(_("There is no such certificate."))
    return credential


def image_seen(appointment: Appointment, credential_id: int) -> str:
    """SHA-256 of the image of the signature or the seal. :raises NotFound: if there is none that it sees"""
    image = credential_seen(appointment, credential_id).appearance_id
    if image is None:
        raise NotFound(_("This certificate has no image."))
    return str(image)


def own_credentials(appointment: Appointment) -> QuerySet[Credential]:
    """The person's own, in every unit; the newest first."""
    own = Credential.objects.select_related("person", "unit").filter(person_id=appointment.person_id)
    return own.order_by("-valid_to", "pk")


def credentials_matching(
    rows: QuerySet[Credential], *, text: str, state: str, at: datetime
) -> QuerySet[Credential]:
    """
    Those whose holder, subject or serial number has all the words, with or without diacritics; soonest to expire first.

    :param state: of CredentialState, or "expiring": in use and within 30 days of its end; empty for all
    """
    for word in fold(text).split():
        rows = rows.filter(search_name__contains=word)
    if state == EXPIRING:
        rows = expiring(rows, at)
    elif state:
        rows = rows.filter(state=state)
    return rows.order_by("valid_to", "pk")


def expiring(rows: QuerySet[Credential], at: datetime) -> QuerySet[Credential]:
    """In use, and at an end within 30 days."""
    return rows.filter(state=CredentialState.ACTIVE, valid_to__gte=at, valid_to__lte=at + WARNED_BEFORE)
