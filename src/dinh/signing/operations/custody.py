"""Seals and devices with secret keys change hands by minutes (Decree 30/2020, Art. 32, 33)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment, Unit
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound, NotPermitted
from dinh.signing.models import Credential, Custody, ObjectKind
from dinh.signing.queries.custody import custodies_visible_to, device_certificates, holder_of
from dinh.signing.rules import keeps_custody


class HeldNoMore(DomainError):
    """Somebody wrote down meanwhile that it changed hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """
    A seal or device that changes hands.

    :param name: which of the unit's seals or devices; of a device with a certificate its subject where empty
    :param credential_id: the unit's certificate whose key is in the device, if one
    :param holder_id: appointment of the same unit that receives it
    :param minutes_number: of the minutes of the hand-over
    """

    kind: str
    holder_id: int
    from_date: date
    minutes_number: str
    name: str = ""
    credential_id: int | None = None


@transaction.atomic
def hand_over(*, wanted: HandOver, actor: Appointment, at: datetime) -> Custody:
    """
    Write down who holds a seal or device of the actor's unit from a day on; whoever held it before holds it no more.

    Writes an audit entry. The same again changes nothing.

    :raises NotPermitted: unless the actor is the head or an administrator of the unit
    :raises InvalidInput: naming every field at fault
    """
    _require_keeper(actor)
    # One after the other for a unit: two at once would both find nobody who holds it.
    Unit.objects.select_for_update(no_key=True).get(pk=actor.unit_id)
    credential = _credential(wanted, actor)
    name = _name(wanted, credential)
    rows = Custody.objects.filter(unit=actor.unit_id, kind=wanted.kind, name=name)
    written = _same(rows, wanted)
    if written is not None:
        return written
    last = rows.order_by(F("until_date").desc(nulls_first=True), "-pk").first()
    holder = _checked(wanted, name, last, actor, at)
    held = last if last is not None and last.until_date is None else None
    if held is not None:
        held.until_date, held.end_minutes_number = wanted.from_date, wanted.minutes_number.strip()
        held.save(update_fields=["until_date", "end_minutes_number"])
    made = Custody.objects.create(
        unit_id=actor.unit_id,
        kind=wanted.kind,
        name=name,
        credential=credential,
        holder=holder,
        from_date=wanted.from_date,
        minutes_number=wanted.minutes_number.strip(),
        recorded_at=at,
    )
    details = _told(made) | {"from": held.holder.person.full_name if held else ""}
    record("signing.custody.handed_over", target=made, actor=actor, at=at, details=details)
    return made


@transaction.atomic
def end_custody(
    *, custody_id: int, until_date: date, minutes_number: str, actor: Appointment, at: datetime
) -> Custody:
    """
    Write down that a seal or device was given back and is held by nobody of the unit. Writes an audit entry.

    :raises NotFound: if the actor does not see it
    :raises NotPermitted: as `hand_over`
    :raises HeldNoMore: if its holder has it no more
    :raises InvalidInput: naming the field
    """
    rows = custodies_visible_to(actor).select_for_update(of=("self",), no_key=True)
    held = rows.filter(pk=custody_id).first()
    if held is None:
        raise NotFound(_("There is no such entry."))
    _require_keeper(actor)
    if held.until_date is not None:
        raise HeldNoMore(_("This was handed over already. Reload the page."))
    faults = [*_faults_of_minutes(minutes_number), *_faults_of_day(until_date, held, at, "until_date")]
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
    held.until_date, held.end_minutes_number = until_date, minutes_number.strip()
    held.save(update_fields=["until_date", "end_minutes_number"])
    details = _told(held) | {"until": until_date.isoformat(), "minutes": held.end_minutes_number}
    record("signing.custody.ended", target=held, actor=actor, at=at, details=details)
    return held


def _told(row: Custody) -> dict[str, object]:
    return {
        "kind": row.kind,
        "name": row.name,
        "holder": row.holder.person.full_name,
        "since": row.from_date.isoformat(),
        "minutes": row.minutes_number,
    }


def _name(wanted: HandOver, credential: Credential | None) -> str:
    """
    The one given; of a device whose certificate somebody holds the one by which it is held.

    :raises InvalidInput: if the device of the certificate is held under another name
    """
    name = wanted.name.strip()
    if credential is None:
        return name
    held = holder_of(credential)
    if held is None:
        return name or credential.subject_name
    if name not in ("", held.name):
        told = _("The device of this certificate is recorded as %(name)s. Give that name, or none.")
        raise InvalidInput(told % {"name": held.name}, field="name")
    return held.name


def _same(rows: QuerySet[Custody], wanted: HandOver) -> Custody | None:
    """The same hand-over written down before, also if it changed hands since."""
    minutes = wanted.minutes_number.strip()
    return rows.filter(holder=wanted.holder_id, from_date=wanted.from_date, minutes_number=minutes).first()


def _checked(
    wanted: HandOver, name: str, last: Custody | None, actor: Appointment, at: datetime
) -> Appointment:
    people = Appointment.objects.filter(unit=actor.unit_id).select_related("person")
    holder = people.filter(pk=wanted.holder_id).first()
    faults = []
    if wanted.kind not in ObjectKind.values:
        faults.append(FieldFault("kind", _("Choose a seal or a device.")))
    if not 0 < len(name) <= 200:
        faults.append(FieldFault("name", _("Say which seal or device it is, in at most 200 characters.")))
    if holder is None or not holder.is_current(timezone.localdate(at)):
        faults.append(FieldFault("holder", _("Choose somebody who works in the unit.")))
    faults += _faults_of_minutes(wanted.minutes_number)
    faults += _faults_of_day(wanted.from_date, last, at, "from_date")
    if faults or holder is None:
        raise InvalidInput(faults[0].message, faults=faults)
    return holder


def _faults_of_minutes(number: str) -> list[FieldFault]:
    if 0 < len(number.strip()) <= 60:
        return []
    return [FieldFault("minutes_number", _("Give the number of the minutes, in at most 60 characters."))]


def _faults_of_day(day: date, last: Custody | None, at: datetime, field: str) -> list[FieldFault]:
    if day > timezone.localdate(at):
        return [FieldFault(field, _("Record it once it has been handed over, not before."))]
    if last is not None and day < (last.until_date or last.from_date):
        return [FieldFault(field, _("The holder before received it, or gave it back, later than that."))]
    return []


def _credential(wanted: HandOver, actor: Appointment) -> Credential | None:
    if wanted.credential_id is None:
        return None
    found = device_certificates(actor.unit_id).filter(pk=wanted.credential_id).first()
    if found is None or wanted.kind != ObjectKind.DEVICE:
        raise InvalidInput(_("Choose a certificate of the unit, for a device."), field="credential")
    return found


def _require_keeper(actor: Appointment) -> None:
    if not keeps_custody(actor):
        raise NotPermitted(_("Only the head and the administrators of the unit record this."))
