"""Founding, changing and dissolving units; each change is in force from a day, past, present or to come."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import Bloc, ChangeKind, Level
from dinh.directory.models import Appointment, StructureChange, Unit, UnitSuccession, UnitVersion
from dinh.directory.names import search_name_of
from dinh.directory.operations.ending import end_appointments_of_unit
from dinh.directory.operations.journal import journaled
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.timeline import close, cut, lock_structure
from dinh.directory.periods import holds_on, overlaps
from dinh.directory.rules import keeps_directory
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.kernel.text import sort_key


class NameTaken(DomainError):
    """Another unit under the same parent has this name on that day."""


class CircleInTree(InvalidInput):
    """A unit would stand under itself."""


class ParentNotInForce(InvalidInput):
    """The unit above does not exist throughout the period."""


class UnitsBelow(DomainError):
    """Units would be left without the one above them."""


class UnfitSuccessor(InvalidInput):
    """A successor does not exist on that day, or is the unit itself."""


@dataclass(frozen=True, kw_only=True)
class UnitNames:
    """What a unit is called, and under whom it stands."""

    name: str
    short_name: str
    abbreviation: str
    parent_id: int | None


@transaction.atomic
def found_unit(
    *,
    names: UnitNames,
    bloc: Bloc,
    level: Level,
    place: str,
    valid_from: date,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> Unit:
    """
    A new unit, existing from a day on.

    :raises NotFound: unless the actor keeps the directory
    :raises NameTaken: if a sibling has this name, also when the same form comes twice
    :raises ParentNotInForce: if the unit above does not exist from that day on
    """
    _authorise(actor)
    lock_structure()
    _check_parent_exists(names.parent_id, first=valid_from, last=None)
    _check_name_is_free(names, day=valid_from, unit_id=None)
    last = Unit.objects.aggregate(last=Max("sort_order"))["last"] or 0
    change = _change_of(ChangeKind.FOUNDED, names.name, valid_from, legal_basis, actor, at)
    with journaled(change, unit_ids=()) as journal:
        unit = Unit.objects.create(
            **asdict(names),
            code=f"u-{secrets.token_hex(6)}",
            bloc=bloc,
            level=level,
            place=place,
            sort_order=last + 1,
            name_key=sort_key(names.name),
            search_name=search_name_of(names),
            founded_date=valid_from,
        )
        UnitVersion.objects.create(
            unit=unit,
            **asdict(names),
            search_name=search_name_of(names),
            valid_from=valid_from,
            legal_basis=legal_basis,
        )
        journal.made_unit_ids.add(unit.pk)
    details = {**asdict(names), "valid_from": valid_from.isoformat(), "legal_basis": legal_basis}
    audit.record("directory.unit.founded", target=unit, actor=actor, at=at, details=details)
    return unit


@transaction.atomic
def change_unit(
    *,
    unit_id: int,
    names: UnitNames,
    valid_from: date,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> UnitVersion:
    """
    Rename or move a unit from a day on, until the next change that is recorded for later. On the very day
    of an earlier change it corrects that one. The same change again changes nothing.

    :raises NotFound: unless the actor keeps the directory and there is such a unit
    :raises NotInForce: if the unit does not exist on that day
    :raises CircleInTree: if it would stand under itself on any day of the period
    :raises ParentNotInForce: if the unit above does not exist throughout the period
    :raises NameTaken: if a sibling has this name
    """
    _authorise(actor)
    lock_structure()
    unit = _unit(unit_id)
    change = _change_of(ChangeKind.CHANGED, names.name, valid_from, legal_basis, actor, at)
    with journaled(change, unit_ids=[unit_id]):
        return _change(unit, names, valid_from, legal_basis=legal_basis, actor=actor, at=at)


def _change(
    unit: Unit, names: UnitNames, valid_from: date, *, legal_basis: str, actor: Appointment, at: datetime
) -> UnitVersion:
    version = cut(unit.versions.all(), day=valid_from)
    before = _names(version)
    _check_parent_exists(names.parent_id, first=valid_from, last=version.valid_to)
    _check_no_circle(unit.pk, names.parent_id, first=valid_from, last=version.valid_to)
    _check_name_is_free(names, day=valid_from, unit_id=unit.pk)
    for field, value in asdict(names).items():
        setattr(version, field, value)
    version.legal_basis, version.search_name = legal_basis, search_name_of(names)
    version.save()
    bring_up_to_date(today=timezone.localdate(at), unit_ids=[unit.pk])
    if before != asdict(names):
        changes = {field: [before[field], value] for field, value in asdict(names).items()}
        changed = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
        details = {**changed, "valid_from": valid_from.isoformat(), "legal_basis": legal_basis}
        audit.record("directory.unit.changed", target=unit, actor=actor, at=at, details=details)
    return version


@transaction.atomic
def dissolve_unit(
    *,
    unit_id: int,
    valid_from: date,
    successor_ids: Collection[int],
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> None:
    """
    Let a unit exist no longer from a day on, and name those that carry on its work.

    In this order: units below move to the successor if there is exactly one; the unit's version, codes and
    divisions end the day before, and so do the appointments in it, whose holders are signed out of them.

    :raises NotFound: unless the actor keeps the directory and there is such a unit
    :raises NotInForce: if it does not exist on that day, or a change is recorded for later
    :raises UnitsBelow: if units stand below and there is not exactly one successor
    :raises UnfitSuccessor: if a successor does not exist from that day on, or is the unit itself
    """
    _authorise(actor)
    lock_structure()
    unit = _unit(unit_id)
    successors = _successors(unit, successor_ids, valid_from)
    change = _change_of(ChangeKind.DISSOLVED, unit.name, valid_from, legal_basis, actor, at)
    with journaled(change, unit_ids={unit.pk, *_below(unit, valid_from).values_list("unit_id", flat=True)}):
        _hand_over_units_below(unit, successors, valid_from, legal_basis=legal_basis, actor=actor, at=at)
        _end(unit, successors, valid_from, legal_basis=legal_basis, actor=actor, at=at)
    bring_up_to_date(today=timezone.localdate(at), unit_ids=[unit_id])
    details = {
        "valid_from": valid_from.isoformat(),
        "successors": [successor.pk for successor in successors],
        "legal_basis": legal_basis,
    }
    audit.record("directory.unit.dissolved", target=unit, actor=actor, at=at, details=details)


def _end(
    unit: Unit,
    successors: Collection[Unit],
    valid_from: date,
    *,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> None:
    close(unit.versions.all(), day=valid_from)
    last_day = valid_from - timedelta(days=1)
    unit.identifiers.filter(holds_on(valid_from), valid_from__lte=last_day).update(valid_to=last_day)
    for division in unit.divisions.all():
        division.versions.filter(holds_on(valid_from), valid_from__lte=last_day).update(valid_to=last_day)
    end_appointments_of_unit(unit_id=unit.pk, last_day=last_day, actor=actor, at=at)
    UnitSuccession.objects.bulk_create(
        UnitSuccession(
            predecessor=unit, successor=successor, effective_date=valid_from, legal_basis=legal_basis
        )
        for successor in successors
    )


def _change_of(
    kind: ChangeKind, title: str, day: date, legal_basis: str, actor: Appointment, at: datetime
) -> StructureChange:
    return StructureChange(
        kind=kind,
        title=title,
        legal_basis=legal_basis,
        effective_date=day,
        entered_by=actor,
        entered_at=at,
    )


def _below(unit: Unit, day: date) -> QuerySet[UnitVersion]:
    return UnitVersion.objects.filter(overlaps(day, None), parent=unit).order_by("unit_id", "valid_from")


def _authorise(actor: Appointment) -> None:
    if not keeps_directory(actor):
        raise NotFound(_("There is no such unit that you may change."))


def _unit(unit_id: int) -> Unit:
    unit = Unit.objects.select_for_update(no_key=True).filter(pk=unit_id).first()
    if unit is None:
        raise NotFound(_("There is no such unit that you may change."))
    return unit


def _names(version: UnitVersion) -> Mapping[str, object]:
    return {field: getattr(version, field) for field in UnitNames.__dataclass_fields__}


def _check_parent_exists(parent_id: int | None, *, first: date, last: date | None) -> None:
    if parent_id is None:
        return
    versions = UnitVersion.objects.filter(overlaps(first, last), unit_id=parent_id)
    held = sorted((version.valid_from, version.valid_to or date.max) for version in versions)
    reached = first
    for begin, end in held:
        if begin <= reached <= end:
            reached = min(end, date.max - timedelta(days=1)) + timedelta(days=1)
    if reached <= (last or date.max - timedelta(days=1)):
        raise ParentNotInForce(
            _("The unit above does not exist throughout this time. Choose another one or another day."),
            field="parent_id",
        )


def _check_no_circle(unit_id: int, parent_id: int | None, *, first: date, last: date | None) -> None:
    """On every day of the period on which anything in the tree changes, walk up from the new parent."""
    versions = list(UnitVersion.objects.filter(overlaps(first, last)))
    days = {first} | {version.valid_from for version in versions if version.valid_from > first}
    for day in days:
        above = {
            version.unit_id: version.parent_id
            for version in versions
            if version.valid_from <= day <= (version.valid_to or date.max)
        }
        above[unit_id] = None
        step = parent_id
        while step is not None and step != unit_id:
            step = above.get(step)
        if step == unit_id:
            raise CircleInTree(
                _("A unit cannot stand under itself or under a unit below it. Choose another unit above."),
                field="parent_id",
            )


def _check_name_is_free(names: UnitNames, *, day: date, unit_id: int | None) -> None:
    siblings = UnitVersion.objects.filter(holds_on(day), parent=names.parent_id, name=names.name)
    if siblings.exclude(unit_id=unit_id or 0).exists():
        raise NameTaken(_("Another unit at the same place has this name on that day."), field="name")


def _successors(unit: Unit, successor_ids: Collection[int], day: date) -> list[Unit]:
    successors = list(Unit.objects.filter(pk__in=successor_ids).order_by("pk"))
    in_force = set(
        UnitVersion.objects.filter(holds_on(day), unit_id__in=successor_ids).values_list("unit", flat=True)
    )
    if unit.pk in successor_ids or in_force != set(successor_ids):
        raise UnfitSuccessor(
            _("Each successor must be another unit that exists on that day."), field="successor_ids"
        )
    return successors


def _hand_over_units_below(
    unit: Unit,
    successors: list[Unit],
    day: date,
    *,
    legal_basis: str,
    actor: Appointment,
    at: datetime,
) -> None:
    rows = list(_below(unit, day).select_related("unit"))
    if rows and len(successors) != 1:
        raise UnitsBelow(
            _(
                "Units stand below this one. Move them first, or name exactly one successor to take them over."
            ),
            field="successor_ids",
        )
    for row in rows:
        names = UnitNames(**{**_names(row), "parent_id": successors[0].pk})  # type: ignore[arg-type]
        first = max(day, row.valid_from)
        _change(row.unit, names, first, legal_basis=legal_basis, actor=actor, at=at)
