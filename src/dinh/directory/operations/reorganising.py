"""Carrying out a list of merged communes in one go (sắp xếp đơn vị hành chính), from one day on."""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.enums import ChangeKind, IdentifierForm, Level, Role
from dinh.directory.models import (
    Appointment,
    DivisionVersion,
    StructureChange,
    Unit,
    UnitIdentifier,
    UnitSuccession,
    UnitVersion,
)
from dinh.directory.names import search_name_of
from dinh.directory.operations.ending import sign_out_of
from dinh.directory.operations.journal import journaled
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.timeline import lock_structure
from dinh.directory.periods import holds_on
from dinh.directory.reorganisation.lines import read_lines
from dinh.directory.reorganisation.plan import Finding, Moved, NewUnit, Plan, make_plan
from dinh.directory.rules import keeps_directory
from dinh.kernel.errors import FieldFault, InvalidInput, NotFound
from dinh.kernel.text import sort_key

_LEADERS = (Role.UNIT_HEAD, Role.UNIT_DEPUTY)


class UnfitReorganisation(InvalidInput):
    """Lines of the list do not fit the tree of that day; each fault names its line."""


@dataclass(frozen=True, kw_only=True)
class Reorganisation:
    """
    What is to be carried out.

    :param content: the list as CSV, see `reorganisation.lines`
    :param effective_date: first day of the new units
    :param with_districts: end the units of the districts that the list names
    :param carry_people: let all but leaders go on in the new commune, where there is exactly one
    """

    title: str
    legal_basis: str
    effective_date: date
    content: str
    with_districts: bool = True
    carry_people: bool = True


@dataclass(frozen=True)
class Outlook:
    """
    What carrying it out would do.

    :param people: whose appointments end with their units
    :param carried: how many of these go on in the new commune
    """

    findings: list[Finding]
    is_fit: bool
    founded: int
    moved: int
    ended: int
    people: int
    carried: int


def check_reorganisation(*, wanted: Reorganisation, actor: Appointment) -> Outlook:
    """
    A dry run: what each line would do, and whether all of it can be carried out. Changes nothing.

    :raises NotFound: unless the actor keeps the directory
    :raises UnreadableList: if the file is not such a list
    """
    _authorise(actor)
    plan = _plan(wanted)
    ending = list(_appointments_that_end(plan, wanted.effective_date))
    return Outlook(
        findings=plan.findings,
        is_fit=plan.is_fit,
        founded=len(plan.founded),
        moved=len(plan.moved),
        ended=len(plan.ended),
        people=len({appointment.person_id for appointment in ending}),
        carried=sum(1 for one in ending if _goes_on(one, plan)) if wanted.carry_people else 0,
    )


@transaction.atomic
def reorganise(*, wanted: Reorganisation, actor: Appointment, at: datetime) -> StructureChange:
    """
    Carry out the whole list from its day on, or nothing of it. The same list again changes nothing.

    In this order: units, codes, divisions and appointments end the day before; new units are founded; units that
    go on are moved; successions are noted; people go on in the new units. Until its day it can be withdrawn by
    `journal.withdraw_change`. Writes one audit entry that names all units.

    :raises NotFound: unless the actor keeps the directory
    :raises UnreadableList: if the file is not such a list
    :raises UnfitReorganisation: if a line does not fit
    """
    _authorise(actor)
    lock_structure()
    digest = _digest(wanted)
    same = StructureChange.objects.filter(digest=digest, withdrawn_at=None).first()
    if same is not None:
        return same
    plan = _plan(wanted)
    _refuse_unfit(plan)
    change = StructureChange(
        kind=ChangeKind.REORGANISED,
        title=wanted.title,
        legal_basis=wanted.legal_basis,
        effective_date=wanted.effective_date,
        digest=digest,
        entered_by=actor,
        entered_at=at,
    )
    touched = {*plan.ended, *(row.version.unit_id for row in plan.moved)}
    with journaled(change, unit_ids=touched) as journal:
        ended = _appointments_that_end(plan, wanted.effective_date)
        terms = {one.pk: one.end_date for one in ended}
        _end(plan, wanted, ended)
        made = _found(plan, wanted)
        journal.made_unit_ids.update(unit.pk for unit in made)
        _move(plan, wanted)
        _note_successions(plan, made, wanted)
        if wanted.carry_people:
            _carry_people(plan, made, wanted, terms=terms, ended=ended)
    bring_up_to_date(today=timezone.localdate(at), unit_ids=change.journal["units"])
    sign_out_of(ended, actor=actor, at=at)
    audit.record(
        "directory.structure.reorganised",
        target=change,
        actor=actor,
        at=at,
        details=_details(plan, made, change),
    )
    return change


def _authorise(actor: Appointment) -> None:
    if not keeps_directory(actor):
        raise NotFound(_("There is nothing here for you."))


def _plan(wanted: Reorganisation) -> Plan:
    lines = read_lines(wanted.content)
    return make_plan(lines, day=wanted.effective_date, with_districts=wanted.with_districts)


def _refuse_unfit(plan: Plan) -> None:
    if plan.is_fit:
        return
    faulty = [finding for finding in plan.findings if finding.verdict == "error"]
    faults = [FieldFault(f"content.{found.line or ''}".rstrip("."), found.text) for found in faulty]
    raise UnfitReorganisation(_("Lines of the list do not fit. Nothing was changed."), faults=faults)


def _digest(wanted: Reorganisation) -> str:
    parts = (wanted.effective_date, wanted.with_districts, wanted.carry_people, wanted.content)
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


def _appointments_that_end(plan: Plan, day: date) -> "list[Appointment]":
    lasts = Q(end_date=None) | Q(end_date__gte=day)
    return list(Appointment.objects.filter(lasts, unit_id__in=plan.ended).select_related("person", "unit"))


def _end(plan: Plan, wanted: Reorganisation, ended: list[Appointment]) -> None:
    day, last_day = wanted.effective_date, wanted.effective_date - timedelta(days=1)
    units = list(plan.ended)
    UnitVersion.objects.filter(holds_on(day), unit_id__in=units).update(valid_to=last_day)
    codes = UnitIdentifier.objects.filter(holds_on(day), valid_from__lte=last_day)
    codes.filter(unit_id__in=units).update(valid_to=last_day)
    recoded = [row.version.unit_id for row in plan.moved if row.gso_code]
    codes.filter(unit_id__in=recoded, form=IdentifierForm.GSO).update(valid_to=last_day)
    divisions = DivisionVersion.objects.filter(holds_on(day), valid_from__lte=last_day)
    divisions.filter(division__unit_id__in=units).update(valid_to=last_day)
    for one in ended:
        one.end_date = max(last_day, one.start_date)
    rows = Appointment.objects.filter(pk__in=[one.pk for one in ended])
    rows.update(end_date=Greatest(F("start_date"), Value(last_day)))


def _found(plan: Plan, wanted: Reorganisation) -> list[Unit]:
    last = Unit.objects.aggregate(last=Max("sort_order"))["last"] or 0
    made = Unit.objects.bulk_create(
        _unit(row, wanted, order) for order, row in enumerate(plan.founded, start=last + 1)
    )
    UnitVersion.objects.bulk_create(
        UnitVersion(
            unit=unit,
            name=unit.name,
            short_name=unit.short_name,
            abbreviation=unit.abbreviation,
            parent_id=unit.parent_id,
            search_name=unit.search_name,
            legal_basis=wanted.legal_basis,
            valid_from=wanted.effective_date,
        )
        for unit in made
    )
    coded = [(unit, row.gso_code) for unit, row in zip(made, plan.founded, strict=True) if row.gso_code]
    coded += [(row.version.unit, row.gso_code) for row in plan.moved if row.gso_code]
    UnitIdentifier.objects.bulk_create(
        UnitIdentifier(unit=unit, form=IdentifierForm.GSO, value=code, valid_from=wanted.effective_date)
        for unit, code in coded
    )
    return made


def _unit(row: NewUnit, wanted: Reorganisation, order: int) -> Unit:
    unit = Unit(
        code=f"u-{secrets.token_hex(6)}",
        name=row.name,
        short_name=row.short_name,
        abbreviation=row.model.abbreviation,
        bloc=row.model.unit.bloc,
        level=row.model.unit.level,
        parent_id=row.parent_id,
        place=row.place,
        sort_order=order,
        name_key=sort_key(row.name),
        founded_date=wanted.effective_date,
    )
    unit.search_name = search_name_of(unit)
    return unit


def _move(plan: Plan, wanted: Reorganisation) -> None:
    last_day = wanted.effective_date - timedelta(days=1)
    cut = UnitVersion.objects.filter(pk__in=[row.version.pk for row in plan.moved])
    cut.update(valid_to=last_day)
    UnitVersion.objects.bulk_create(_moved_version(row, wanted) for row in plan.moved)


def _moved_version(row: Moved, wanted: Reorganisation) -> UnitVersion:
    version = UnitVersion(
        unit_id=row.version.unit_id,
        name=row.name,
        short_name=row.short_name,
        abbreviation=row.version.abbreviation,
        parent_id=row.parent_id,
        legal_basis=wanted.legal_basis,
        valid_from=wanted.effective_date,
    )
    version.search_name = search_name_of(version)
    return version


def _note_successions(plan: Plan, made: list[Unit], wanted: Reorganisation) -> None:
    successors = _successors(plan, made)
    UnitSuccession.objects.bulk_create(
        UnitSuccession(
            predecessor_id=predecessor,
            successor_id=successor,
            effective_date=wanted.effective_date,
            legal_basis=wanted.legal_basis,
        )
        for predecessor, heirs in successors.items()
        for successor in heirs
    )


def _successors(plan: Plan, made: Iterable[Unit]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for predecessor, heirs in plan.ended.items():
        found[predecessor] += heirs
    for unit, row in zip(made, plan.founded, strict=True):
        for predecessor in row.predecessor_ids:
            found[predecessor].append(unit.pk)
    return found


def _goes_on(appointment: Appointment, plan: Plan) -> bool:
    """Not leaders: who heads the new unit is for a decision to say. Not people of districts, nor of split communes."""
    is_commune = appointment.unit.level == Level.COMMUNE
    has_one_heir = plan.heirs[appointment.unit_id] == 1
    return is_commune and has_one_heir and not appointment.has_role(*_LEADERS)


def _carry_people(
    plan: Plan,
    made: list[Unit],
    wanted: Reorganisation,
    *,
    ended: list[Appointment],
    terms: Mapping[int, date | None],
) -> None:
    """:param terms: until when each appointment was given before it ended"""
    heirs = _successors(plan, made)
    going = [one for one in ended if _goes_on(one, plan)]
    Appointment.objects.bulk_create(
        (
            Appointment(
                person_id=one.person_id,
                unit_id=heirs[one.unit_id][0],
                position_id=one.position_id,
                kind=one.kind,
                roles=one.roles,
                start_date=max(wanted.effective_date, one.start_date),
                end_date=terms[one.pk],
                legal_basis=wanted.legal_basis[:120],
            )
            for one in going
        ),
        batch_size=2_000,
    )


def _details(plan: Plan, made: list[Unit], change: StructureChange) -> dict[str, object]:
    return {
        "title": change.title,
        "legal_basis": change.legal_basis,
        "effective_date": change.effective_date.isoformat(),
        "list_sha256": change.digest,
        "founded": {str(unit.pk): unit.name for unit in made},
        "moved": sorted(row.version.unit_id for row in plan.moved),
        "ended": sorted(plan.ended),
    }
