"""Loading the model province, set-wise."""

from datetime import date
from itertools import islice

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from dinh.directory.enums import AppointmentKind, IdentifierForm, Role
from dinh.directory.models import (
    Account,
    Appointment,
    Division,
    DivisionVersion,
    Person,
    Position,
    Unit,
    UnitGroup,
    UnitIdentifier,
    UnitVersion,
)
from dinh.directory.names import search_name_of
from dinh.directory.operations.groups import make_ruled_groups
from dinh.directory.province.composition import UnitSpec, all_units
from dinh.directory.province.people import POSITIONS, TOTAL, headcounts, names, party_offices, places_in
from dinh.kernel.text import fold, person_sort_key, sort_key

SINCE = date(2016, 6, 1)


@transaction.atomic
def load_province() -> bool:
    """
    Load the 501 units and 7,000 people of the model province, unless there are units already.

    :returns: whether anything was loaded
    """
    if Unit.objects.exists():
        return False
    specs = all_units()
    units = _load_units(specs)
    divisions = _load_divisions(specs, units)
    _load_people(specs, units, divisions)
    _load_groups(specs, units)
    return True


def _load_units(specs: tuple[UnitSpec, ...]) -> dict[str, Unit]:
    rows = [
        Unit(
            code=spec.code,
            name=spec.name,
            short_name=spec.short_name,
            abbreviation=spec.abbreviation,
            bloc=spec.bloc,
            level=spec.level,
            place=spec.place,
            name_key=sort_key(spec.name),
            search_name=search_name_of(spec),
            sort_order=order,
            founded_date=SINCE,
        )
        for order, spec in enumerate(specs)
    ]
    units = {unit.code: unit for unit in Unit.objects.bulk_create(rows)}
    for spec in specs:
        units[spec.code].parent = units.get(spec.parent)
    Unit.objects.bulk_update(units.values(), ["parent"])
    UnitVersion.objects.bulk_create(
        UnitVersion(
            unit=unit,
            name=unit.name,
            short_name=unit.short_name,
            abbreviation=unit.abbreviation,
            parent=unit.parent,
            search_name=unit.search_name,
            valid_from=SINCE,
        )
        for unit in units.values()
    )
    UnitIdentifier.objects.bulk_create(
        UnitIdentifier(unit=units[spec.code], form=form, value=value, valid_from=SINCE)
        for spec in specs
        for form, value in _identifiers(spec)
    )
    return units


def _identifiers(spec: UnitSpec) -> list[tuple[str, str]]:
    """Old form QCVN 102:2016, new form Decision 20/2020/QĐ-TTg, and the code of the statistics office."""
    province = settings.PROVINCE_CODE
    found: list[tuple[str, str]] = []
    if spec.code == "UBND":
        found = [(IdentifierForm.OLD, f"000.00.00.{province}"), (IdentifierForm.NEW, province)]
    elif spec.number:
        second, _, third = spec.number.partition(".")
        old = f"000.{third or '00'}.{second}.{province}"
        found = [(IdentifierForm.OLD, old), (IdentifierForm.NEW, f"{province}.{spec.number}")]
    if spec.gso_code:
        found.append((IdentifierForm.GSO, spec.gso_code))
    return found


def _load_divisions(specs: tuple[UnitSpec, ...], units: dict[str, Unit]) -> dict[str, list[Division]]:
    divisions = {
        spec.code: [
            Division(unit=units[spec.code], name=d.name, abbreviation=d.abbreviation, sort_order=order)
            for order, d in enumerate(spec.divisions)
        ]
        for spec in specs
    }
    rows = Division.objects.bulk_create(division for found in divisions.values() for division in found)
    DivisionVersion.objects.bulk_create(
        DivisionVersion(division=row, name=row.name, abbreviation=row.abbreviation, valid_from=SINCE)
        for row in rows
    )
    return divisions


def _load_people(
    specs: tuple[UnitSpec, ...], units: dict[str, Unit], divisions: dict[str, list[Division]]
) -> None:
    positions = {
        position.code: position
        for position in Position.objects.bulk_create(
            Position(code=p.code, name=p.name, rank=p.rank) for p in POSITIONS
        )
    }
    people = Person.objects.bulk_create(
        (
            Person(
                code=f"BK{number:06}",
                full_name=name,
                name_key=person_sort_key(name),
                search_name=fold(f"{name} BK{number:06}"),
                is_female=is_female,
                email=f"{_mailbox(name)}.{number}@backan.example",
            )
            for number, (name, is_female) in enumerate(islice(names(), TOTAL), start=1)
        ),
        batch_size=2_000,
    )
    waiting = iter(people)
    appointments = [
        Appointment(
            person=next(waiting),
            unit=units[spec.code],
            division=None if place.division is None else divisions[spec.code][place.division],
            position=positions[place.position],
            kind=place.kind,
            roles=list(place.roles),
            start_date=SINCE,
        )
        for spec, count in zip(specs, headcounts(specs), strict=True)
        for place in places_in(spec, count)
    ]
    Appointment.objects.bulk_create(appointments, batch_size=2_000)
    _load_party_offices(specs, units, appointments, positions["pho-bi-thu"])
    Account.objects.bulk_create(
        (
            Account(
                username=f"{_mailbox(a.person.full_name)}.{a.person.code[2:].lstrip('0')}",
                password=make_password(None),
                person=a.person,
                current_appointment=a,
            )
            for a in appointments
        ),
        batch_size=2_000,
    )


def _load_party_offices(
    specs: tuple[UnitSpec, ...], units: dict[str, Unit], appointments: list[Appointment], position: Position
) -> None:
    """Chairmen are deputy secretaries of their Party committee as well (kiêm nhiệm)."""
    heads = {row.unit_id: row for row in appointments if Role.UNIT_HEAD in row.roles}
    Appointment.objects.bulk_create(
        Appointment(
            person=heads[units[unit].pk].person,
            unit=units[committee],
            position=position,
            kind=AppointmentKind.CONCURRENT,
            roles=[Role.UNIT_DEPUTY],
            start_date=SINCE,
        )
        for unit, committee in party_offices(specs)
    )


def _mailbox(full_name: str) -> str:
    """Given name and initials, as official mailboxes go: `hoa.nt` for Nông Thị Hoa."""
    *others, given = fold(full_name).split()
    return f"{given}{''.join(name[0] for name in others)}"


def _load_groups(specs: tuple[UnitSpec, ...], units: dict[str, Unit]) -> None:
    make_ruled_groups()
    named = (
        ("Ủy ban nhân dân các huyện, thành phố", {"district"}),
        ("Các sở, ban, ngành", {"department"}),
    )
    for order, (name, kinds) in enumerate(named):
        group = UnitGroup.objects.create(name=name, sort_order=order)
        group.members.set([units[spec.code] for spec in specs if spec.kind in kinds])
