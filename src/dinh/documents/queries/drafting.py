"""What the page of a draft offers to choose from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from dinh.directory.models import Unit, UnitGroup
from dinh.documents.models import Recipient
from dinh.documents.queries.units import units_in_being
from dinh.kernel.text import fold

FOUND_MAX = 12


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of units as recipients: its members today, without the sender."""

    pk: int
    name: str
    unit_ids: frozenset[int]


def units_matching(words: str, *, sender: Unit) -> "QuerySet[Unit]":
    """The first units whose name has all these words, with or without diacritics; never the sender."""
    units = units_in_being(timezone.localdate()).exclude(pk=sender.pk)
    for word in fold(words).split():
        units = units.filter(search_name__contains=word)
    return units[:FOUND_MAX]


def groups_for(sender: Unit) -> list[Group]:
    """The province's groups and the unit's own, with their members, in three queries."""
    groups = UnitGroup.objects.filter(Q(owner=None) | Q(owner=sender)).prefetch_related("members")
    units = list(units_in_being(timezone.localdate()).values_list("pk", "level", "bloc"))
    found = (Group(each.pk, each.name, _members(each, units) - {sender.pk}) for each in groups)
    return [each for each in found if each.unit_ids]


def folded_recipients(
    recipients: Iterable[Recipient], groups: Iterable[Group]
) -> list[tuple[Recipient, Group | None]]:
    """
    Recipients as the page shows them: a group stands once for all its members of the same purpose.

    A group counts only where each of its members is there.
    """
    rows = list(recipients)
    purposes = {row.unit_id: row.purpose for row in rows if row.unit_id}
    taken: dict[int, Group] = {}
    for group in sorted(groups, key=lambda each: -len(each.unit_ids)):
        same = Counter(purposes.get(pk) for pk in group.unit_ids)
        if (
            len(group.unit_ids) > 1
            and len(same) == 1
            and None not in same
            and not group.unit_ids & taken.keys()
        ):
            taken.update(dict.fromkeys(group.unit_ids, group))
    shown: list[tuple[Recipient, Group | None]] = []
    seen: set[int] = set()
    for row in rows:
        whole = taken.get(row.unit_id) if row.unit_id else None
        if whole is None or whole.pk not in seen:
            shown.append((row, whole))
        if whole is not None:
            seen.add(whole.pk)
    return shown


def _members(group: UnitGroup, units: list[tuple[int, str, str]]) -> frozenset[int]:
    if not (group.level or group.bloc):
        present = {pk for pk, _level, _bloc in units}
        return frozenset(each.pk for each in group.members.all()) & present
    return frozenset(
        pk
        for pk, level, bloc in units
        if (not group.level or level == group.level) and (not group.bloc or bloc == group.bloc)
    )
