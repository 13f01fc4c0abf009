"""Named groups of units (nhóm cơ quan), for choosing recipients: a unit's own, and those of the whole province."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import Bloc, Level
from dinh.directory.models import Appointment, Unit, UnitGroup
from dinh.directory.queries.groups import groups_visible_to
from dinh.directory.rules import may_keep_group
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.kernel.text import fold

RULED: Final = (
    ("Ủy ban nhân dân các xã, phường, thị trấn", Level.COMMUNE, Bloc.GOVERNMENT),
    ("Đảng ủy các xã, phường, thị trấn", Level.COMMUNE, Bloc.PARTY),
    ("Ủy ban Mặt trận Tổ quốc các xã, phường, thị trấn", Level.COMMUNE, Bloc.MASS),
)
"""Groups that every installation begins with: their members follow the tree by themselves."""
_LONGEST: Final = 120
_AFTER_NAMED: Final = 10
_OWN_LAST: Final = 100


class GroupRefused(InvalidInput):
    pass


class GroupNotFound(NotFound):
    pass


@dataclass(frozen=True, kw_only=True)
class GroupContent:
    """
    A name and either a rule or members.

    :param level: with a rule, all units of this level; empty: of any
    :param bloc: with a rule, all units of this bloc; empty: of any
    :param unit_ids: primary keys of the members, where there is no rule
    """

    name: str
    level: str = ""
    bloc: str = ""
    unit_ids: Collection[int] = ()


@transaction.atomic
def save_group(
    *, content: GroupContent, actor: Appointment, at: datetime, is_provincial: bool = False
) -> UnitGroup:
    """
    Make a group of the actor's unit, or of the whole province. Writes an audit entry.

    :raises NotPermitted: a provincial one, by who does not keep the directory
    :raises GroupRefused: no name or one in use, no members, both rule and members, or no such unit
    """
    owner = None if is_provincial else actor.unit
    if not may_keep_group(actor, owner_id=owner.pk if owner else None):
        raise NotPermitted(_("Only the keeper of the directory makes groups for the whole province."))
    group = UnitGroup(owner=owner, sort_order=_OWN_LAST)
    _write(group, content, actor)
    audit.record("directory.group.made", target=group, actor=actor, at=at, details=_told(group, content))
    return group


@transaction.atomic
def change_group(*, group_id: int, content: GroupContent, actor: Appointment, at: datetime) -> UnitGroup:
    """
    Give a group another name, rule or other members; letters already written keep theirs. Writes an audit entry.

    :raises GroupNotFound: missing, or another unit's
    :raises NotPermitted: a provincial one, by who does not keep the directory
    :raises GroupRefused: as `save_group`
    """
    group = _locked(group_id, actor)
    _write(group, content, actor)
    audit.record("directory.group.changed", target=group, actor=actor, at=at, details=_told(group, content))
    return group


@transaction.atomic
def delete_group(*, group_id: int, actor: Appointment, at: datetime) -> None:
    """
    Take a group away; letters already written keep their recipients. Writes an audit entry.

    :raises GroupNotFound: missing, or another unit's
    :raises NotPermitted: a provincial one, by who does not keep the directory
    """
    group = _locked(group_id, actor)
    members = list(group.members.values_list("name", flat=True))
    details = {"name": group.name, "level": group.level, "bloc": group.bloc, "units": members}
    audit.record("directory.group.deleted", target=group, actor=actor, at=at, details=details)
    group.delete()


def make_ruled_groups() -> None:
    """The groups that every installation begins with."""
    UnitGroup.objects.bulk_create(
        UnitGroup(name=name, level=level, bloc=bloc, sort_order=_AFTER_NAMED + order)
        for order, (name, level, bloc) in enumerate(RULED)
    )


def _locked(group_id: int, actor: Appointment) -> UnitGroup:
    group = groups_visible_to(actor).select_for_update(of=("self",)).filter(pk=group_id).first()
    if group is None:
        raise GroupNotFound(_("There is no such group."))
    if not may_keep_group(actor, owner_id=group.owner_id):
        raise NotPermitted(_("Groups of the whole province are kept by the keeper of the directory."))
    return group


def _write(group: UnitGroup, content: GroupContent, actor: Appointment) -> None:
    _refuse_unfit(content)
    # All that name a group in a unit wait for one another: the constraint would tell the second in no words.
    Unit.objects.select_for_update(no_key=True).get(pk=actor.unit_id)
    group.name = " ".join(content.name.split())
    _refuse_same_name(group)
    group.level, group.bloc = content.level, content.bloc
    group.save()
    group.members.set(_units(content))


def _refuse_unfit(content: GroupContent) -> None:
    if not content.name.strip():
        raise GroupRefused(_("Give the group a name."), field="name")
    if len(content.name) > _LONGEST:
        raise GroupRefused(_("Give the group a shorter name."), field="name")
    if content.level not in ("", *Level.values) or content.bloc not in ("", *Bloc.values):
        raise GroupRefused(_("Choose from the lists."), field="level")
    has_rule = bool(content.level or content.bloc)
    if has_rule and content.unit_ids:
        raise GroupRefused(_("Choose either units, or a level and bloc."), field="units")
    if not has_rule and not content.unit_ids:
        raise GroupRefused(_("Choose the units of the group, or a level and bloc."), field="units")


def _refuse_same_name(group: UnitGroup) -> None:
    """Names are compared as they are looked for: without diacritics and capitals."""
    others = UnitGroup.objects.filter(owner=group.owner).exclude(pk=group.pk)
    if fold(group.name) in {fold(name) for name in others.values_list("name", flat=True)}:
        raise GroupRefused(_("There is a group of this name already. Give another name."), field="name")


def _units(content: GroupContent) -> list[Unit]:
    units = list(Unit.objects.filter(pk__in=set(content.unit_ids)))
    if len(units) != len(set(content.unit_ids)):
        raise GroupRefused(_("Choose the units from the list."), field="units")
    return units


def _told(group: UnitGroup, content: GroupContent) -> dict[str, object]:
    members = list(group.members.values_list("name", flat=True))
    return {"name": group.name, "level": content.level, "bloc": content.bloc, "units": members}
