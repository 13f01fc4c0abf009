"""How a unit and a person are reached, and what the person is called."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Appointment, Person, Unit
from dinh.directory.queries.people import units_of
from dinh.directory.rules import administers, may_manage_person
from dinh.kernel.errors import NotFound
from dinh.kernel.text import fold, person_sort_key


@dataclass(frozen=True, kw_only=True)
class UnitContact:
    """
    :param place: before the date in letters, e.g. "Bắc Kạn"
    :param is_connected: otherwise documents go to the unit on paper
    """

    place: str
    address: str
    phone: str
    email: str
    is_connected: bool


@dataclass(frozen=True, kw_only=True)
class PersonDetails:
    full_name: str
    is_female: bool
    birth_date: date | None
    email: str
    phone: str


@transaction.atomic
def change_unit_contact(*, unit_id: int, contact: UnitContact, actor: Appointment, at: datetime) -> None:
    """
    Say anew how a unit is reached, at once. The same again changes nothing. Writes an audit entry.

    :raises NotFound: unless the actor administers the unit
    """
    unit = Unit.objects.select_for_update(no_key=True).filter(pk=unit_id).first()
    if unit is None or not administers(actor, unit_id=unit_id):
        raise NotFound(_("There is no such unit that you may change."))
    changes = _set(unit, asdict(contact))
    if changes:
        audit.record("directory.unit.contact_changed", target=unit, actor=actor, at=at, details=changes)


@transaction.atomic
def change_person(*, person_id: int, details: PersonDetails, actor: Appointment, at: datetime) -> None:
    """
    Correct a person's name and contact, at once. The same again changes nothing. Writes an audit entry.

    Signed documents and the log keep the name of their day.

    :raises NotFound: unless the actor may manage the person
    """
    person = Person.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    units = units_of(person_id, today=timezone.localdate(at))
    if person is None or not may_manage_person(actor, unit_ids=units):
        raise NotFound(_("There is no such person or appointment that you may change."))
    changes = _set(
        person,
        asdict(details),
        name_key=person_sort_key(details.full_name),
        search_name=fold(f"{details.full_name} {person.code}"),
    )
    if changes:
        audit.record("directory.person.changed", target=person, actor=actor, at=at, details=changes)


def _set(row: models.Model, given: Mapping[str, Any], **derived: str) -> dict[str, list[Any]]:
    """Save what differs; returns each such field with the old and the new value, for the log."""
    changed = {name: [getattr(row, name), new] for name, new in given.items() if getattr(row, name) != new}
    for name, value in {**given, **derived}.items():
        setattr(row, name, value)
    row.save(update_fields=[*given, *derived])
    return {name: [_plain(value) for value in pair] for name, pair in changed.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
