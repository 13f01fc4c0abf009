"""Many units merged in one go, checked first, withdrawn before their day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dinh.audit.models import Entry
from dinh.directory.enums import Bloc, IdentifierForm, Level, Role
from dinh.directory.models import (
    Appointment,
    DivisionVersion,
    StructureChange,
    Unit,
    UnitIdentifier,
    UnitSuccession,
    UnitVersion,
)
from dinh.directory.operations.journal import ChangedSince, ChangeInForce, withdraw_change
from dinh.directory.operations.keeping import let_keep_directory
from dinh.directory.operations.projection import bring_up_to_date
from dinh.directory.operations.province import load_province
from dinh.directory.operations.reorganising import (
    Reorganisation,
    UnfitReorganisation,
    check_reorganisation,
    reorganise,
)
from dinh.directory.operations.structure import UnitNames, change_unit, dissolve_unit, found_unit
from dinh.directory.periods import holds_on
from dinh.directory.reorganisation.lines import UnreadableList, read_lines
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 6, 16, 5, 0, tzinfo=UTC)
TODAY = date(2025, 6, 16)
DAY = date(2025, 7, 1)
LIST = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "units" / "merge_2025-07-01.csv"
HEADER = "new_commune_code,new_commune,old_commune_code,old_commune,old_district_code,old_district,note\n"


@pytest.fixture
def keeper():
    unit = UnitFactory(name="Văn phòng UBND tỉnh", level=Level.PROVINCE, keeps_directory=True)
    return AppointmentFactory(unit=unit, roles=[Role.ADMINISTRATOR])


@pytest.fixture
def district():
    """A district with two communes in two blocs, and a hospital that the province runs there."""
    top = unit_of("Ủy ban nhân dân tỉnh", "UBND", Level.PROVINCE)
    party = unit_of("Tỉnh ủy", "TU", Level.PROVINCE, bloc=Bloc.PARTY)
    health = unit_of("Sở Y tế", "SYT", Level.PROVINCE, parent=top)
    unit_of("Trung tâm Y tế huyện Ba Bể", "TTYT", Level.DISTRICT, parent=health)
    committee = unit_of("Ủy ban nhân dân huyện Ba Bể", "UBND", Level.DISTRICT, parent=top, code="061")
    district_party = unit_of("Huyện ủy Ba Bể", "HU", Level.DISTRICT, parent=party, bloc=Bloc.PARTY)
    for name, code in (("Quảng Khê", "01924"), ("Hoàng Trĩ", "01930")):
        unit_of(f"Ủy ban nhân dân xã {name}", "UBND", Level.COMMUNE, parent=committee, code=code)
        unit_of(f"Đảng ủy xã {name}", "ĐU", Level.COMMUNE, parent=district_party, bloc=Bloc.PARTY)
    return top


def unit_of(name, abbreviation, level, *, parent=None, bloc=Bloc.GOVERNMENT, code=""):
    short = name.replace("Ủy ban nhân dân", "UBND")
    unit = UnitFactory(
        name=name, short_name=short, abbreviation=abbreviation, level=level, parent=parent, bloc=bloc
    )
    if code:
        UnitIdentifier.objects.create(unit=unit, form=IdentifierForm.GSO, value=code, valid_from=TODAY)
    return unit


def line(old_code="01924", old="Xã Quảng Khê", new_code="01933", new="Xã Đồng Phúc", note="Nhập toàn bộ"):
    return f"{new_code},{new},{old_code},{old},061,Huyện Ba Bể,{note}\n"


BOTH = HEADER + line() + line("01930", "Xã Hoàng Trĩ")


def wanted(content=BOTH, **changes):
    given = Reorganisation(
        title="Sắp xếp đơn vị hành chính cấp xã",
        legal_basis="Nghị quyết 1683/NQ-UBTVQH15",
        effective_date=DAY,
        content=content,
    )
    return replace(given, **changes)


def carry_out(keeper, content=BOTH, **changes):
    return reorganise(wanted=wanted(content, **changes), actor=keeper, at=NOON)


def in_force(day, **conditions):
    return set(UnitVersion.objects.filter(holds_on(day), **conditions).values_list("name", flat=True))


def everything():
    """All rows that a change of the tree may touch."""
    tables = (Unit, UnitVersion, UnitIdentifier, UnitSuccession, DivisionVersion, Appointment)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_reorganise_founds_ends_and_leads_on(keeper, district):
    carry_out(keeper)

    assert in_force(DAY, unit__level=Level.COMMUNE) == {
        "Ủy ban nhân dân xã Đồng Phúc",
        "Đảng ủy xã Đồng Phúc",
    }
    assert in_force(DAY, unit__level=Level.DISTRICT) == {"Trung tâm Y tế huyện Ba Bể"}
    new = Unit.objects.get(name="Ủy ban nhân dân xã Đồng Phúc")
    assert (new.short_name, new.place, new.parent) == ("UBND xã Đồng Phúc", "Đồng Phúc", district)
    assert {row.predecessor.name for row in new.precessions.all()} == {
        "Ủy ban nhân dân xã Quảng Khê",
        "Ủy ban nhân dân xã Hoàng Trĩ",
    }
    codes = UnitIdentifier.objects.order_by("valid_from", "value")
    assert list(codes.values_list("value", "valid_to")) == [
        ("01924", date(2025, 6, 30)),
        ("01930", date(2025, 6, 30)),
        ("061", date(2025, 6, 30)),
        ("01933", None),
    ]
    old_district = Unit.objects.get(name="Huyện ủy Ba Bể")
    assert [row.successor.name for row in old_district.successions.all()] == ["Tỉnh ủy"]


def test_reorganise_leaves_today_alone_until_its_day(keeper, district):
    before = in_force(TODAY)
    carry_out(keeper)

    assert in_force(TODAY) == before
    assert Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê").dissolved_date is None
    bring_up_to_date(today=DAY)
    assert Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê").dissolved_date == date(2025, 6, 30)


def test_reorganise_lets_all_but_leaders_go_on(keeper, district):
    unit = Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê")
    head = AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD])
    clerk = AppointmentFactory(unit=unit, roles=[Role.CLERK], end_date=date(2027, 1, 1))

    carry_out(keeper)

    head.refresh_from_db()
    clerk.refresh_from_db()
    assert head.end_date == clerk.end_date == date(2025, 6, 30)
    later = Appointment.objects.filter(start_date=DAY)
    assert [(row.person, row.unit.name, row.roles, row.end_date) for row in later] == [
        (clerk.person, "Ủy ban nhân dân xã Đồng Phúc", [Role.CLERK], date(2027, 1, 1))
    ]


def test_reorganise_moves_a_commune_that_stays(keeper, district):
    content = HEADER + line("01924", "Xã Quảng Khê", "01924", "Xã Quảng Khê", "Giữ nguyên")
    content += line("01930", "Xã Hoàng Trĩ")

    carry_out(keeper, content)

    stays = Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê")
    rows = stays.versions.order_by("valid_from").values_list("parent__name", "valid_from", "valid_to")
    assert list(rows) == [
        ("Ủy ban nhân dân huyện Ba Bể", date(2016, 6, 1), date(2025, 6, 30)),
        ("Ủy ban nhân dân tỉnh", DAY, None),
    ]
    assert stays.identifiers.get(valid_to=None).value == "01924"
    assert not stays.successions.exists()


def test_reorganise_lets_a_split_commune_have_two_successors(keeper, district):
    content = HEADER + line(note="Nhập một phần") + line(new_code="01999", new="Xã Mới", note="Nhập một phần")
    content += line("01930", "Xã Hoàng Trĩ")
    unit = Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê")
    AppointmentFactory(unit=unit, roles=[Role.CLERK])

    carry_out(keeper, content)

    assert {row.successor.name for row in unit.successions.all()} == {
        "Ủy ban nhân dân xã Đồng Phúc",
        "Ủy ban nhân dân xã Mới",
    }
    assert not Appointment.objects.filter(start_date=DAY).exists()


def test_reorganise_happens_once(keeper, district):
    first = carry_out(keeper)

    assert carry_out(keeper) == first
    assert StructureChange.objects.count() == 1
    assert Entry.objects.filter(action="directory.structure.reorganised").count() == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (HEADER + line("99999"), "Không có cơ quan nào mang mã 99999 vào ngày liền trước."),
        (HEADER + line() + line(), "Danh sách nêu xã này hai lần cho cùng một xã mới."),
        (
            HEADER + line() + line("01930", "Xã Hoàng Trĩ", new="Xã Khác"),
            "Danh sách ghi hai tên khác nhau cho xã mới mang mã 01933.",
        ),
    ],
)
def test_reorganise_refuses_lines_that_do_not_fit(keeper, district, content, text):
    before = everything()

    with pytest.raises(UnfitReorganisation) as refusal:
        carry_out(keeper, content)

    assert refusal.value.faults[0].message == text
    assert refusal.value.faults[0].field.startswith("content.")
    assert everything() == before


def test_reorganise_refuses_to_leave_a_commune_without_its_district(keeper, district):
    with pytest.raises(UnfitReorganisation) as refusal:
        carry_out(keeper, HEADER + line())

    assert refusal.value.faults[0].field == "content"
    assert everything_is_as_founded()


def everything_is_as_founded():
    return not UnitVersion.objects.exclude(valid_to=None).exists()


@pytest.mark.parametrize(
    "content",
    ["", "\ufeff", "a,b\n1,2\n", HEADER, HEADER + "01933,,01924,Xã Quảng Khê,061,Huyện Ba Bể,x\n", "\0" * 50],
)
def test_read_lines_refuses_what_is_no_such_list(content):
    with pytest.raises(UnreadableList):
        read_lines(content)


def test_read_lines_takes_what_spreadsheets_write():
    content = "\ufeff" + BOTH.replace(",", ";").replace("\n", "\r\n")

    assert [row.old_name for row in read_lines(content)] == ["Xã Quảng Khê", "Xã Hoàng Trĩ"]


def test_check_changes_nothing_and_counts(keeper, district):
    before = everything()
    AppointmentFactory(unit=Unit.objects.get(name="Đảng ủy xã Hoàng Trĩ"), roles=[Role.CLERK])

    outlook = check_reorganisation(wanted=wanted(), actor=keeper)

    assert (outlook.is_fit, outlook.founded, outlook.moved, outlook.ended) == (True, 2, 0, 6)
    assert (outlook.people, outlook.carried) == (1, 1)
    assert [finding.line for finding in outlook.findings] == [2, 3, None, None, None]
    assert everything()[:5] == before[:5]


def test_withdrawing_restores_everything(keeper, district):
    unit = Unit.objects.get(name="Ủy ban nhân dân xã Quảng Khê")
    AppointmentFactory(unit=unit, roles=[Role.CLERK])
    before = everything()
    change = carry_out(keeper)

    withdraw_change(change_id=change.pk, actor=keeper, at=NOON)

    assert everything() == before
    withdraw_change(change_id=change.pk, actor=keeper, at=NOON)
    assert Entry.objects.filter(action="directory.change.withdrawn").count() == 1
    assert carry_out(keeper).pk != change.pk


def test_withdrawing_is_refused_from_its_day_on(keeper, district):
    change = carry_out(keeper)

    with pytest.raises(ChangeInForce):
        withdraw_change(change_id=change.pk, actor=keeper, at=NOON + timedelta(days=15))


def test_withdrawing_is_refused_where_somebody_is_appointed(keeper, district):
    change = carry_out(keeper)
    new = Unit.objects.get(name="Ủy ban nhân dân xã Đồng Phúc")
    AppointmentFactory(unit=new, start_date=DAY)

    with pytest.raises(ChangedSince):
        withdraw_change(change_id=change.pk, actor=keeper, at=NOON)
    assert Unit.objects.filter(pk=new.pk).exists()


def test_single_changes_are_withdrawn_in_turn(keeper):
    unit = UnitFactory(name="Sở cũ")
    before = everything()
    given = {"parent_id": None, "short_name": "Sở", "abbreviation": "S"}
    common = {"legal_basis": "", "actor": keeper, "at": NOON}
    change_unit(unit_id=unit.pk, names=UnitNames(name="Sở mới", **given), valid_from=DAY, **common)
    change_unit(unit_id=unit.pk, names=UnitNames(name="Sở khác", **given), valid_from=DAY, **common)
    first, second = StructureChange.objects.order_by("pk")

    with pytest.raises(ChangedSince):
        withdraw_change(change_id=first.pk, actor=keeper, at=NOON)
    for change in (second, first):
        withdraw_change(change_id=change.pk, actor=keeper, at=NOON)

    assert everything() == before


def test_founding_and_dissolving_are_withdrawn(keeper):
    top, heir = UnitFactory(), UnitFactory()
    UnitFactory(parent=top, name="Chi cục")
    before = everything()
    common = {"valid_from": DAY, "legal_basis": "", "actor": keeper, "at": NOON}
    dissolve_unit(unit_id=top.pk, successor_ids=[heir.pk], **common)
    names = UnitNames(name="Sở Mới", short_name="Sở Mới", abbreviation="SM", parent_id=heir.pk)
    found_unit(names=names, bloc=Bloc.GOVERNMENT, level=Level.PROVINCE, place="Bắc Kạn", **common)

    for change in StructureChange.objects.order_by("-pk"):
        withdraw_change(change_id=change.pk, actor=keeper, at=NOON)

    assert everything() == before


def test_only_keepers_reorganise_and_withdraw(keeper, district):
    stranger = AppointmentFactory(unit=district, roles=[Role.ADMINISTRATOR])
    change = carry_out(keeper)

    for act in (
        lambda: check_reorganisation(wanted=wanted(), actor=stranger),
        lambda: reorganise(wanted=wanted(), actor=stranger, at=NOON),
        lambda: withdraw_change(change_id=change.pk, actor=stranger, at=NOON),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.skipif(not LIST.exists(), reason="the list of the real merger is not at hand")
def test_the_real_merger_of_the_province(django_assert_max_num_queries):
    load_province()
    let_keep_directory(unit_code="VPUBND", at=NOON)
    actor = Appointment.objects.filter(unit__code="VPUBND").first()
    actor.roles = [Role.ADMINISTRATOR]
    actor.save()
    before = everything()
    real = wanted(LIST.read_text(encoding="utf-8"))

    outlook = check_reorganisation(wanted=real, actor=actor)

    assert [f for f in outlook.findings if f.verdict == "error"] == []
    assert [f.text for f in outlook.findings if f.line and f.verdict != "fine"] == [
        "Trong danh bạ tên là Ủy ban nhân dân xã Sĩ Bình."
    ]
    assert (outlook.founded, outlook.moved) == (36 * 3, 3)
    with django_assert_max_num_queries(60):
        change = reorganise(wanted=real, actor=actor, at=NOON)
    for bloc in Bloc:
        assert UnitVersion.objects.filter(holds_on(DAY), unit__bloc=bloc, unit__level="commune").count() == 37
    left = in_force(DAY, unit__level=Level.DISTRICT)
    assert len(left) == 8
    assert all(name.startswith("Trung tâm Y tế") for name in left)
    orphans = UnitVersion.objects.filter(holds_on(DAY), parent__isnull=False)
    held = UnitVersion.objects.filter(holds_on(DAY)).values("unit")
    assert not orphans.exclude(parent__in=held).exists()
    assert UnitSuccession.objects.count() == outlook.ended == 107 * 3 + 8 * 14

    withdraw_change(change_id=change.pk, actor=actor, at=NOON)
    assert everything() == before
