"""The tree of units and its history."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from dinh.audit.models import Entry
from dinh.directory.enums import Bloc, IdentifierForm, Level, Role
from dinh.directory.models import Account, ApiToken, Unit, UnitIdentifier, UnitSuccession
from dinh.directory.operations.divisions import (
    AbbreviationTaken,
    PeopleInDivision,
    PositionExists,
    add_position,
    change_division,
    close_division,
    found_division,
    retire_position,
)
from dinh.directory.operations.identifiers import CodeTaken, UnfitCode, end_identifier, give_identifier
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.structure import (
    CircleInTree,
    NameTaken,
    ParentNotInForce,
    UnfitSuccessor,
    UnitNames,
    UnitsBelow,
    change_unit,
    dissolve_unit,
    found_unit,
)
from dinh.directory.operations.timeline import NotInForce
from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    UnitFactory,
    UnitVersionFactory,
)
from dinh.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
TODAY = date(2026, 3, 16)
MERGER = date(2025, 7, 1)


@pytest.fixture
def keeper():
    unit = UnitFactory(name="Văn phòng UBND tỉnh", keeps_directory=True)
    return AppointmentFactory(unit=unit, roles=[Role.ADMINISTRATOR])


@pytest.fixture
def administrator():
    return AppointmentFactory(roles=[Role.ADMINISTRATOR])


def names(unit, **changes):
    given = {field: getattr(unit, field) for field in ("name", "short_name", "abbreviation", "parent_id")}
    return UnitNames(**given | changes)


def change(unit, actor, valid_from=TODAY, **changes):
    return change_unit(
        unit_id=unit.pk,
        names=names(unit, **changes),
        valid_from=valid_from,
        legal_basis="01/QĐ-UBND",
        actor=actor,
        at=NOON,
    )


def dissolve(unit, actor, valid_from=TODAY, successors=()):
    dissolve_unit(
        unit_id=unit.pk,
        valid_from=valid_from,
        successor_ids=[successor.pk for successor in successors],
        legal_basis="01/QĐ-UBND",
        actor=actor,
        at=NOON,
    )


def found(actor, *, name="Ủy ban nhân dân xã Mới", parent=None, valid_from=TODAY):
    called = UnitNames(
        name=name, short_name="UBND xã Mới", abbreviation="UBND", parent_id=parent.pk if parent else None
    )
    return found_unit(
        names=called,
        bloc=Bloc.GOVERNMENT,
        level=Level.COMMUNE,
        place="Mới",
        valid_from=valid_from,
        legal_basis="",
        actor=actor,
        at=NOON,
    )


def history(unit):
    return list(unit.versions.order_by("valid_from").values_list("name", "valid_from", "valid_to"))


def actions():
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_rename_cuts_the_history_on_its_day(keeper):
    unit = UnitFactory(name="Sở cũ")

    change(unit, keeper, valid_from=MERGER, name="Sở mới")

    assert history(unit) == [
        ("Sở cũ", date(2016, 6, 1), date(2025, 6, 30)),
        ("Sở mới", MERGER, None),
    ]
    unit.refresh_from_db()
    assert unit.name == "Sở mới"
    assert unit.search_name.startswith("so moi ")
    entry = Entry.objects.get(action="directory.unit.changed")
    assert entry.details == {
        "name": ["Sở cũ", "Sở mới"],
        "valid_from": "2025-07-01",
        "legal_basis": "01/QĐ-UBND",
    }


def test_rename_on_the_day_of_an_earlier_one_corrects_it(keeper):
    unit = UnitFactory(name="Sở cũ")
    change(unit, keeper, valid_from=MERGER, name="Sở mơi")

    change(unit, keeper, valid_from=MERGER, name="Sở mới")

    assert history(unit) == [("Sở cũ", date(2016, 6, 1), date(2025, 6, 30)), ("Sở mới", MERGER, None)]


def test_rename_in_the_past_lasts_until_the_next_one_recorded(keeper):
    unit = UnitFactory(name="Sở cũ")
    change(unit, keeper, valid_from=MERGER, name="Sở mới")

    change(unit, keeper, valid_from=date(2020, 1, 1), name="Sở giữa")

    assert history(unit) == [
        ("Sở cũ", date(2016, 6, 1), date(2019, 12, 31)),
        ("Sở giữa", date(2020, 1, 1), date(2025, 6, 30)),
        ("Sở mới", MERGER, None),
    ]
    unit.refresh_from_db()
    assert unit.name == "Sở mới"


def test_rename_to_come_takes_effect_on_its_day(keeper):
    unit = UnitFactory(name="Sở cũ")
    tomorrow = TODAY + timedelta(days=1)
    change(unit, keeper, valid_from=tomorrow, name="Sở mới")

    assert Unit.objects.get(pk=unit.pk).name == "Sở cũ"
    assert bring_up_to_date(today=tomorrow) == 1
    assert Unit.objects.get(pk=unit.pk).name == "Sở mới"
    assert bring_up_to_date(today=tomorrow) == 0


def test_same_change_again_changes_nothing(keeper):
    unit = UnitFactory(name="Sở cũ")
    change(unit, keeper, name="Sở mới")
    before = (history(unit), actions())

    change(unit, keeper, name="Sở mới")

    assert (history(unit), actions()) == before


@pytest.mark.parametrize("day", [date(2016, 5, 31), date(2000, 1, 1)])
def test_change_refuses_a_day_before_the_unit_existed(keeper, day):
    with pytest.raises(NotInForce):
        change(UnitFactory(), keeper, valid_from=day, name="Sở mới")


def test_database_refuses_versions_that_overlap():
    unit = UnitFactory()

    with pytest.raises(IntegrityError, match="unit_versions_do_not_overlap"), transaction.atomic():
        UnitVersionFactory(unit=unit, valid_from=date(2018, 1, 1), valid_to=date(2018, 12, 31))


def test_move_refuses_a_circle(keeper):
    top = UnitFactory()
    middle = UnitFactory(parent=top)
    bottom = UnitFactory(parent=middle)

    for under in (top, middle, bottom):
        with pytest.raises(CircleInTree):
            change(top, keeper, parent_id=under.pk)
    assert history(top) == [(top.name, date(2016, 6, 1), None)]


def test_move_refuses_a_circle_that_would_close_later(keeper):
    one, other = UnitFactory(), UnitFactory()
    change(other, keeper, valid_from=date(2030, 1, 1), parent_id=one.pk)

    with pytest.raises(CircleInTree):
        change(one, keeper, valid_from=TODAY, parent_id=other.pk)


def test_move_may_turn_two_units_round_over_time(keeper):
    above = UnitFactory()
    below = UnitFactory(parent=above)
    change(below, keeper, valid_from=date(2025, 1, 1), parent_id=None)

    change(above, keeper, valid_from=date(2025, 1, 1), parent_id=below.pk)

    above.refresh_from_db()
    assert above.parent == below


def test_move_refuses_a_unit_above_that_ends_before(keeper):
    unit, ending = UnitFactory(), UnitFactory()
    dissolve(ending, keeper, valid_from=date(2027, 1, 1))

    with pytest.raises(ParentNotInForce):
        change(unit, keeper, parent_id=ending.pk)


def test_change_refuses_the_name_of_a_sibling(keeper):
    top = UnitFactory()
    sibling, unit = UnitFactory(parent=top), UnitFactory(parent=top)

    with pytest.raises(NameTaken):
        change(unit, keeper, name=sibling.name)


def test_found_unit_exists_from_its_day_on_and_only_once(keeper):
    top = UnitFactory()
    unit = found(keeper, parent=top)

    assert history(unit) == [("Ủy ban nhân dân xã Mới", TODAY, None)]
    assert (unit.parent, unit.founded_date, unit.dissolved_date) == (top, TODAY, None)
    with pytest.raises(NameTaken):
        found(keeper, parent=top)


def test_found_unit_refuses_a_unit_above_that_is_younger(keeper):
    young = found(keeper, valid_from=TODAY)

    with pytest.raises(ParentNotInForce):
        found(keeper, name="Phòng khám", parent=young, valid_from=TODAY - timedelta(days=1))


def test_merger_ends_names_codes_divisions_and_appointments(keeper):
    top = UnitFactory()
    old, new = UnitFactory(parent=top), UnitFactory(parent=top)
    school = UnitFactory(parent=old)
    division = DivisionFactory(unit=old)
    code = UnitIdentifier.objects.create(
        unit=old, form=IdentifierForm.NEW, value="H03.27.08", valid_from=date(2020, 1, 1)
    )
    account = AccountFactory(current_appointment=AppointmentFactory(unit=old))
    issue_token(appointment=account.current_appointment, label="máy", at=NOON)

    dissolve(old, keeper, successors=[new])

    yesterday = TODAY - timedelta(days=1)
    for row in (old, school, division, code, account):
        row.refresh_from_db()
    assert history(old) == [(old.name, date(2016, 6, 1), yesterday)]
    assert (old.dissolved_date, code.valid_to, division.is_active) == (yesterday, yesterday, False)
    assert school.parent == new
    assert list(account.person.appointments.values_list("end_date", flat=True)) == [yesterday]
    assert account.current_appointment is None
    assert ApiToken.objects.get().revoked_at == NOON
    succession = UnitSuccession.objects.get()
    assert (succession.predecessor, succession.successor, succession.effective_date) == (old, new, TODAY)
    assert actions()[-3:] == [
        "directory.unit.changed",
        "directory.appointment.ended",
        "directory.unit.dissolved",
    ]


def test_dissolution_to_come_leaves_today_alone(keeper):
    unit, to_come = UnitFactory(), date(2026, 7, 1)
    account = AccountFactory(current_appointment=AppointmentFactory(unit=unit))

    dissolve(unit, keeper, valid_from=to_come)

    assert Unit.objects.get(pk=unit.pk).dissolved_date is None
    assert Account.objects.get(pk=account.pk).current_appointment_id is not None
    bring_up_to_date(today=to_come)
    assert Unit.objects.get(pk=unit.pk).dissolved_date == date(2026, 6, 30)


def test_dissolution_refuses_to_leave_units_without_one_above(keeper):
    top = UnitFactory()
    UnitFactory(parent=top)

    for successors in ([], [UnitFactory(), UnitFactory()]):
        with pytest.raises(UnitsBelow):
            dissolve(top, keeper, successors=successors)
    assert history(top) == [(top.name, date(2016, 6, 1), None)]


def test_dissolution_refuses_unfit_successors(keeper):
    unit, gone = UnitFactory(), UnitFactory()
    dissolve(gone, keeper, valid_from=MERGER)

    for successor in (unit, gone):
        with pytest.raises(UnfitSuccessor):
            dissolve(unit, keeper, successors=[successor])


def test_dissolution_happens_once(keeper):
    unit = UnitFactory()
    dissolve(unit, keeper)

    with pytest.raises(NotInForce):
        dissolve(unit, keeper)


@pytest.mark.parametrize("role", [Role.CLERK, Role.UNIT_HEAD, Role.SPECIALIST])
def test_structure_is_closed_to_all_but_keepers_of_the_directory(keeper, administrator, role):
    unit = UnitFactory()
    member = AppointmentFactory(unit=keeper.unit, roles=[role])

    for actor in (member, administrator):
        with pytest.raises(NotFound):
            change(unit, actor, name="Khác")
        with pytest.raises(NotFound):
            dissolve(unit, actor)
        with pytest.raises(NotFound):
            found(actor)
        with pytest.raises(NotFound):
            give(unit, actor)
    assert actions() == []


def give(unit, actor, value="H03.12", valid_from=TODAY, valid_to=None, form=IdentifierForm.NEW):
    return give_identifier(
        unit_id=unit.pk,
        form=form,
        value=value,
        valid_from=valid_from,
        valid_to=valid_to,
        actor=actor,
        at=NOON,
    )


def test_identifier_belongs_to_one_unit_at_a_time(keeper):
    old, new = UnitFactory(), UnitFactory()
    code = give(old, keeper, valid_from=date(2020, 1, 1))

    with pytest.raises(CodeTaken):
        give(new, keeper, valid_from=MERGER)
    end_identifier(identifier_id=code.pk, last_day=MERGER - timedelta(days=1), actor=keeper, at=NOON)
    give(new, keeper, valid_from=MERGER)

    with pytest.raises(CodeTaken):
        end_identifier(identifier_id=code.pk, last_day=MERGER, actor=keeper, at=NOON)
    with pytest.raises(CodeTaken):
        give(old, keeper, valid_from=date(2019, 1, 1), valid_to=date(2020, 1, 1))


def test_identifiers_of_different_forms_hold_at_once(keeper):
    unit = UnitFactory()
    give(unit, keeper)
    give(unit, keeper, form=IdentifierForm.OLD, value="000.00.12.h03")

    assert set(unit.identifiers.values_list("form", "value")) == {("new", "H03.12"), ("old", "000.00.12.H03")}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (IdentifierForm.OLD, "H03.12"),
        (IdentifierForm.NEW, "000.00.12.H03"),
        (IdentifierForm.NEW, "H03.1"),
        (IdentifierForm.GSO, "H03"),
    ],
)
def test_identifier_must_have_its_form(keeper, form, value):
    with pytest.raises(UnfitCode):
        give(UnitFactory(), keeper, form=form, value=value)


def test_division_changes_from_a_day_on(administrator):
    division = found_division(
        unit_id=administrator.unit_id,
        name="Phòng Bưu chính",
        abbreviation="BC",
        valid_from=date(2020, 1, 1),
        legal_basis="",
        actor=administrator,
        at=NOON,
    )
    change_division(
        division_id=division.pk,
        name="Phòng Bưu chính - Viễn thông",
        abbreviation="BCVT",
        valid_from=MERGER,
        legal_basis="",
        actor=administrator,
        at=NOON,
    )

    division.refresh_from_db()
    assert (division.name, division.is_active) == ("Phòng Bưu chính - Viễn thông", True)
    assert list(division.versions.order_by("valid_from").values_list("abbreviation", "valid_to")) == [
        ("BC", date(2025, 6, 30)),
        ("BCVT", None),
    ]


def test_division_is_not_closed_over_people(administrator):
    division = DivisionFactory(unit=administrator.unit)
    member = AppointmentFactory(unit=administrator.unit, division=division)

    with pytest.raises(PeopleInDivision):
        close_division(division_id=division.pk, valid_from=TODAY, actor=administrator, at=NOON)
    member.end_date = TODAY - timedelta(days=1)
    member.save()
    close_division(division_id=division.pk, valid_from=TODAY, actor=administrator, at=NOON)

    division.refresh_from_db()
    assert division.is_active is False


def test_division_abbreviation_is_used_once_in_a_unit(administrator):
    division = DivisionFactory(unit=administrator.unit)

    with pytest.raises(AbbreviationTaken):
        found_division(
            unit_id=administrator.unit_id,
            name="Phòng khác",
            abbreviation=division.abbreviation,
            valid_from=TODAY,
            legal_basis="",
            actor=administrator,
            at=NOON,
        )


def test_divisions_of_other_units_are_out_of_reach(administrator):
    division = DivisionFactory()

    with pytest.raises(NotFound):
        close_division(division_id=division.pk, valid_from=TODAY, actor=administrator, at=NOON)


def test_position_is_added_once_and_retired(keeper, administrator):
    position = add_position(name="Phó Chánh Thanh tra", rank=12, actor=keeper, at=NOON)

    with pytest.raises(PositionExists):
        add_position(name="phó chánh thanh tra", rank=12, actor=keeper, at=NOON)
    with pytest.raises(NotFound):
        add_position(name="Trưởng ban", rank=12, actor=administrator, at=NOON)
    retire_position(position_id=position.pk, actor=keeper, at=NOON)
    position.refresh_from_db()
    assert position.is_active is False
