"""Who may sign, who may seal, and who keeps the registry of certificates."""

from datetime import datetime
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.rules import keeps_directory
from dinh.signing.models import Credential
from dinh.signing.models.credential import CredentialState
from dinh.signing.providers import providers

As = Literal["person", "unit"]


def can_sign(appointment: Appointment) -> bool:
    """Whether the person of the appointment has a certificate in use."""
    return usable_credential(appointment, "person") is not None


def can_seal(appointment: Appointment) -> bool:
    """Whether the appointment is that of a clerk whose unit has a seal in use."""
    return usable_credential(appointment, "unit") is not None


def signs_on_device(appointment: Appointment, as_: As) -> bool:
    """Whether the key is in the holder's own device: then `begin_signing`, not `sign_pdf`, is the way."""
    credential = usable_credential(appointment, as_)
    return credential is not None and providers[credential.provider].is_on_device


def usable_credential(appointment: Appointment, as_: As) -> Credential | None:
    """The newest certificate in use: the person's own, or a clerk's for the seal of the unit (Art. 32, 33)."""
    if as_ == "person":
        return _newest(appointment, Q(person_id=appointment.person_id))
    if not appointment.has_role(Role.CLERK):
        return None
    return _newest(appointment, Q(unit_id=appointment.unit_id))


def is_in_use(credential: Credential, at: datetime) -> bool:
    """Whether a signature by this certificate may be made now."""
    is_valid = credential.valid_from <= at <= credential.valid_to
    return credential.state == CredentialState.ACTIVE and is_valid


def keeps_all_certificates(appointment: Appointment) -> bool:
    """Administrators of the unit that keeps the province's directory keep the certificates of every unit too."""
    return keeps_directory(appointment)


def keeps_certificates(appointment: Appointment) -> bool:
    """Administrators of a unit keep the certificates of the unit and its people."""
    return appointment.has_role(Role.ADMINISTRATOR)


def keeps_holder(appointment: Appointment, *, person_id: int | None, unit_id: int | None) -> bool:
    """Whether the appointment keeps the certificates of this person or unit."""
    if not keeps_certificates(appointment):
        return False
    if keeps_all_certificates(appointment) or unit_id == appointment.unit_id:
        return True
    if person_id is None:
        return False
    return Appointment.objects.filter(unit_id=appointment.unit_id, person_id=person_id).exists()


def keeps_this_certificate(appointment: Appointment, credential: Credential) -> bool:
    return keeps_holder(appointment, person_id=credential.person_id, unit_id=credential.unit_id)


def may_suspend(appointment: Appointment, credential: Credential) -> bool:
    """Its holder, at once, e.g. while the token is missing; or whoever keeps it."""
    return credential.person_id == appointment.person_id or keeps_this_certificate(appointment, credential)


def keeps_custody(appointment: Appointment) -> bool:
    """The head of the unit, or its administrators, write down who holds its seals and devices (Art. 32)."""
    return appointment.has_role(Role.UNIT_HEAD, Role.ADMINISTRATOR)


def sees_custody(appointment: Appointment) -> bool:
    """Besides those the deputies, and the clerks, who hold them."""
    return keeps_custody(appointment) or appointment.has_role(Role.UNIT_DEPUTY, Role.CLERK)


def _newest(appointment: Appointment, holder: Q) -> Credential | None:
    if not appointment.is_current(timezone.localdate()):
        return None
    now, known = timezone.now(), [name for name, _provider in providers.items()]
    valid = Q(state=CredentialState.ACTIVE, provider__in=known, valid_from__lte=now, valid_to__gte=now)
    return Credential.objects.filter(holder & valid).order_by("-valid_from", "-pk").first()
