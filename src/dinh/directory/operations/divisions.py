"""Divisions of a unit and the titles that can be held; divisions change from a day on, as units do."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Appointment, Division, DivisionVersion, Position, Unit
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.timeline import close, cut, lock_structure
from dinh.directory.rules import administers, keeps_directory
from dinh.kernel.errors import DomainError, NotFound
from dinh.kernel.text import fold


class AbbreviationTaken(DomainError):
    """Another division of the unit has this abbreviation; notations would be mixed up."""


class PositionExists(DomainError):
    """There is a position of this name."""


class PeopleInDivision(DomainError):
    """People hold positions in the division on or after the day on which it shall end."""


@transaction.atomic
def found_division(
    *,
    unit_id: int,
    name: str,
    abbreviation: str,
    valid_from: date,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> Division:
    """
    A new division of a unit from a day on.

    :raises NotFound: unless the actor administers the unit
    :raises AbbreviationTaken: if a division of the unit has it
    """
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not administers(actor, unit_id=unit_id):
        raise _missing()
    lock_structure()
    _check_abbreviation_is_free(unit_id, abbreviation, division_id=None)
    last = unit.divisions.aggregate(last=Max("sort_order"))["last"] or 0
    division = Division.objects.create(unit=unit, name=name, abbreviation=abbreviation, sort_order=last + 1)
    DivisionVersion.objects.create(
        division=division,
        name=name,
        abbreviation=abbreviation,
        legal_basis=legal_basis,
        valid_from=valid_from,
    )
    bring_up_to_date(today=timezone.localdate(at), unit_ids=[unit_id])
    details = {"name": name, "abbreviation": abbreviation, "valid_from": valid_from.isoformat()}
    audit.record("directory.division.founded", target=division, actor=actor, at=at, details=details)
    return division


@transaction.atomic
def change_division(
    *,
    division_id: int,
    name: str,
    abbreviation: str,
    valid_from: date,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> None:
    """
    Rename a division from a day on, until the next change that is recorded for later.

    :raises NotFound: unless the actor administers its unit
    :raises NotInForce: if the division does not exist on that day
    :raises AbbreviationTaken: if another division of the unit has it
    """
    division = _division(division_id, actor)
    _check_abbreviation_is_free(division.unit_id, abbreviation, division_id=division_id)
    version = cut(division.versions.all(), day=valid_from)
    details = {"name": [version.name, name], "abbreviation": [version.abbreviation, abbreviation]}
    version.name, version.abbreviation, version.legal_basis = name, abbreviation, legal_basis
    version.save()
    bring_up_to_date(today=timezone.localdate(at), unit_ids=[division.unit_id])
    dated = {**details, "valid_from": valid_from.isoformat()}
    audit.record("directory.division.changed", target=division, actor=actor, at=at, details=dated)


@transaction.atomic
def close_division(*, division_id: int, valid_from: date, actor: Appointment, at: datetime) -> None:
    """
    Let a division exist no longer from a day on.

    :raises NotFound: unless the actor administers its unit
    :raises NotInForce: if it does not exist on that day, or a change is recorded for later
    :raises PeopleInDivision: while somebody holds a position in it on that day or later
    """
    division = _division(division_id, actor)
    if division.appointments.exclude(end_date__lt=valid_from).exists():
        raise PeopleInDivision(
            _("People hold positions in this division at that time. End or move their appointments first."),
            field="valid_from",
        )
    close(division.versions.all(), day=valid_from)
    bring_up_to_date(today=timezone.localdate(at), unit_ids=[division.unit_id])
    details = {"valid_from": valid_from.isoformat()}
    audit.record("directory.division.closed", target=division, actor=actor, at=at, details=details)


@transaction.atomic
def add_position(*, name: str, rank: int, actor: Appointment, at: datetime) -> Position:
    """
    A new title for the whole province.

    :param rank: smaller stands higher
    :raises NotFound: unless the actor keeps the directory
    :raises PositionExists: if there is one of this name, with or without diacritics
    """
    if not keeps_directory(actor):
        raise NotFound(_("There is nothing here for you."))
    lock_structure()
    code = fold(name).replace(" ", "-")[:40]
    if Position.objects.filter(code=code).exists():
        raise PositionExists(_("There is a position of this name."), field="name")
    position = Position.objects.create(code=code, name=name, rank=rank)
    details = {"name": name, "rank": rank}
    audit.record("directory.position.added", target=position, actor=actor, at=at, details=details)
    return position


@transaction.atomic
def retire_position(*, position_id: int, actor: Appointment, at: datetime) -> None:
    """
    Give a title to nobody any more; whoever holds it keeps it. Retiring it again changes nothing.

    :raises NotFound: unless the actor keeps the directory and there is such a position
    """
    position = Position.objects.select_for_update(no_key=True).filter(pk=position_id).first()
    if position is None or not keeps_directory(actor):
        raise NotFound(_("There is nothing here for you."))
    if not position.is_active:
        return
    position.is_active = False
    position.save(update_fields=["is_active"])
    audit.record("directory.position.retired", target=position, actor=actor, at=at)


def _division(division_id: int, actor: Appointment) -> Division:
    lock_structure()
    division = Division.objects.select_for_update(no_key=True).filter(pk=division_id).first()
    if division is None or not administers(actor, unit_id=division.unit_id):
        raise _missing()
    return division


def _check_abbreviation_is_free(unit_id: int, abbreviation: str, *, division_id: int | None) -> None:
    taken = Division.objects.filter(unit=unit_id, abbreviation=abbreviation).exclude(pk=division_id or 0)
    if taken.exists():
        raise AbbreviationTaken(
            _("Another division of this unit has this abbreviation. Choose a different one."),
            field="abbreviation",
        )


def _missing() -> NotFound:
    return NotFound(_("There is no such division that you may change."))
