"""Rows of units and divisions state what holds today; here they follow their versions."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, Max, OuterRef, Q

from dinh.directory.models import Division, DivisionVersion, Unit, UnitVersion
from dinh.directory.names import search_name_of
from dinh.directory.periods import holds_on
from dinh.kernel.text import sort_key

_UNIT = ("name", "short_name", "abbreviation", "parent_id", "dissolved_date")


def bring_up_to_date(*, today: date, unit_ids: Iterable[int] | None = None) -> int:
    """
    Let what was recorded for a day take effect on that day.

    :param unit_ids: only these units; None for all
    :returns: how many units and divisions changed
    """
    chosen = Q() if unit_ids is None else Q(unit_id__in=list(unit_ids))
    return _units(chosen, today) + _divisions(chosen, today)


def _units(chosen: Q, today: date) -> int:
    held = {version.unit_id: version for version in UnitVersion.objects.filter(chosen, holds_on(today))}
    lasts = dict(
        UnitVersion.objects.filter(chosen)
        .exclude(Exists(UnitVersion.objects.filter(unit=OuterRef("unit")).exclude(valid_to__lt=today)))
        .values_list("unit_id")
        .annotate(Max("valid_to"))
    )
    changed = [
        unit
        for unit in Unit.objects.filter(pk__in=[*held, *lasts])
        if _follow(unit, held.get(unit.pk), lasts.get(unit.pk))
    ]
    Unit.objects.bulk_update(
        changed,
        ["name", "short_name", "abbreviation", "parent", "dissolved_date", "name_key", "search_name"],
    )
    return len(changed)


def _follow(unit: Unit, version: UnitVersion | None, last_day: date | None) -> bool:
    before = [getattr(unit, field) for field in _UNIT]
    unit.dissolved_date = last_day
    if version is not None:
        unit.name, unit.short_name = version.name, version.short_name
        unit.abbreviation, unit.parent_id = version.abbreviation, version.parent_id
    unit.name_key, unit.search_name = sort_key(unit.name), search_name_of(unit)
    return before != [getattr(unit, field) for field in _UNIT]


def _divisions(chosen: Q, today: date) -> int:
    of_units = Division.objects.filter(
        chosen, Exists(DivisionVersion.objects.filter(division=OuterRef("pk")))
    )
    versions = DivisionVersion.objects.filter(holds_on(today), division__in=of_units)
    held = {version.division_id: version for version in versions}
    changed = [division for division in of_units if _follow_division(division, held.get(division.pk))]
    Division.objects.bulk_update(changed, ["name", "abbreviation", "is_active"])
    return len(changed)


def _follow_division(division: Division, version: DivisionVersion | None) -> bool:
    before = (division.name, division.abbreviation, division.is_active)
    division.is_active = version is not None
    if version is not None:
        division.name, division.abbreviation = version.name, version.abbreviation
    return before != (division.name, division.abbreviation, division.is_active)
