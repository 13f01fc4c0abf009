"""Certificates at their end are told of in time, so that nobody stands before a letter that cannot be signed."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.notify.api import notify
from dinh.signing.models import Credential, CredentialState
from dinh.signing.queries.credentials import WARNED_BEFORE, expiring


def warn_of_expiring_certificates(*, at: datetime) -> int:
    """
    Tell of each certificate that ends within 30 days, once: the person, or the unit's clerks and administrators.

    Certificates that have a successor in use are passed over. Safe to repeat.

    :returns: how many certificates are at their end
    """
    ending = list(_without_successor(expiring(Credential.objects.select_related("person", "unit"), at), at))
    for credential in ending:
        _tell(credential, at)
    return len(ending)


def _without_successor(rows: QuerySet[Credential], at: datetime) -> QuerySet[Credential]:
    later = Credential.objects.filter(
        state=CredentialState.ACTIVE, valid_from__lte=at, valid_to__gt=at + WARNED_BEFORE
    )
    renewed = Q(person__in=later.filter(unit=None).values("person"))
    return rows.exclude(renewed | Q(unit__in=later.filter(person=None).values("unit")))


def _tell(credential: Credential, at: datetime) -> None:
    today = timezone.localdate(at)
    text = _("The certificate of %(holder)s ends on %(day)s. Ask for a new one now.") % {
        "holder": credential.person or credential.unit,
        "day": timezone.localdate(credential.valid_to).strftime("%d/%m/%Y"),
    }
    notify(
        appointment_ids=[a.pk for a in _concerned(credential) if a.is_current(today)],
        kind="signing.expiring",
        text=text,
        url=reverse("signing:credential", args=[credential.pk]),
        at=at,
        dedupe_key=f"signing.expiring:{credential.pk}",
    )


def _concerned(credential: Credential) -> QuerySet[Appointment]:
    if credential.unit_id is None:
        return Appointment.objects.filter(person=credential.person)
    roles = [Role.CLERK, Role.ADMINISTRATOR]
    return Appointment.objects.filter(unit=credential.unit_id, roles__overlap=roles)
