"""The tree of units as of any day."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from dinh.directory.models import Appointment, DivisionVersion, Unit, UnitIdentifier, UnitVersion
from dinh.directory.periods import holds_on
from dinh.kernel.text import fold


def tree_visible_to(appointment: Appointment, *, day: date) -> QuerySet[UnitVersion]:
    """
    All units by the names and parents of a day, in official order, each with `has_children`.

    Whoever holds a position may see whom one can write to.
    """
    if not appointment.pk:
        return UnitVersion.objects.none()
    below = UnitVersion.objects.filter(holds_on(day), parent=OuterRef("unit"))
    versions = UnitVersion.objects.filter(holds_on(day)).select_related("unit", "parent")
    return versions.annotate(has_children=Exists(below)).order_by("unit__sort_order", "unit_id")


def tree_matching(tree: QuerySet[UnitVersion], text: str, *, day: date) -> QuerySet[UnitVersion]:
    """Units that have all the words in a name of that day, or a code of that day; diacritics do not matter."""
    for word in fold(text).split():
        codes = UnitIdentifier.objects.filter(holds_on(day), unit=OuterRef("unit"), value__istartswith=word)
        tree = tree.filter(Q(search_name__contains=word) | Exists(codes))
    return tree


def chain_above(version: UnitVersion, *, day: date) -> list[UnitVersion]:
    """The units above one on a day, the highest first."""
    held = {row.unit_id: row for row in UnitVersion.objects.filter(holds_on(day)).select_related("unit")}
    chain: list[UnitVersion] = []
    above = version.parent_id
    while above in held and held[above] not in chain:
        chain.append(held[above])
        above = held[above].parent_id
    return chain[::-1]


def divisions_as_of(unit: Unit, day: date) -> QuerySet[DivisionVersion]:
    """The divisions of a unit by their names of a day, in official order."""
    versions = DivisionVersion.objects.filter(holds_on(day), division__unit=unit)
    return versions.select_related("division").order_by("division__sort_order", "division_id")
