import json
import stat

import pytest

from dinh.directory.enums import Bloc, Role
from dinh.directory.models import Account, Appointment, Person, Unit, UnitGroup, UnitIdentifier
from dinh.directory.operations.demo import make_demo_accounts
from dinh.directory.operations.province import load_province
from dinh.directory.province.composition import all_units
from dinh.directory.rules import keeps_directory


@pytest.fixture(scope="module")
def loaded(module_database):
    load_province()


@pytest.fixture
def province(loaded, own_changes, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_load_province_makes_exactly_the_units_and_people(province):
    by_bloc = {bloc: Unit.objects.filter(bloc=bloc).count() for bloc in Bloc}

    assert by_bloc == {"government": 174, "party": 165, "mass": 162}
    assert Person.objects.count() == Account.objects.count() == 7_000
    assert Appointment.objects.exclude(kind="concurrent").count() == 7_000
    assert Appointment.objects.filter(kind="concurrent").count() == 1 + 8 + 108
    assert UnitGroup.objects.count() == 5


def test_load_province_changes_nothing_the_second_time(province):
    assert load_province() is False
    assert Unit.objects.count() == 501


def test_every_unit_has_a_head_a_deputy_and_a_clerk(province):
    for role in (Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.CLERK):
        assert Appointment.objects.filter(roles__contains=[role]).values("unit").distinct().count() == 501


def test_commune_has_its_codes_and_its_district_above(province):
    commune = Unit.objects.get(short_name="UBND xã Quảng Khê")
    codes = {code.form: code.value for code in UnitIdentifier.objects.filter(unit=commune)}

    assert commune.parent.short_name == "UBND huyện Ba Bể"
    assert codes == {"old": "000.12.53.H03", "new": "H03.53.12", "gso": "01924"}


@pytest.mark.parametrize(
    ("unit", "position"),
    [
        ("Ủy ban Kiểm tra Huyện ủy Ba Bể", "Chủ nhiệm"),
        ("Văn phòng Tỉnh ủy", "Chánh Văn phòng"),
        ("Trường Cao đẳng Bắc Kạn", "Hiệu trưởng"),
        ("Trung tâm Khuyến nông", "Quyền Giám đốc"),
        ("Sở Nội vụ", "Giám đốc"),
    ],
)
def test_heads_bear_the_titles_of_their_units(province, unit, position):
    head = Appointment.objects.get(unit__short_name=unit, roles__contains=[Role.UNIT_HEAD])

    assert head.title == position


def test_chairman_of_a_commune_is_deputy_secretary_too(province):
    chairman = Appointment.objects.get(unit__short_name="UBND xã Quảng Khê", roles__contains=[Role.UNIT_HEAD])

    held = chairman.person.appointments.order_by("pk").values_list("position__name", "unit__name")
    assert list(held) == [
        ("Chủ tịch Ủy ban nhân dân", "Ủy ban nhân dân xã Quảng Khê"),
        ("Phó Bí thư", "Đảng ủy xã Quảng Khê"),
    ]


def test_unit_codes_are_given_once():
    codes = [unit.code for unit in all_units()]

    assert len(set(codes)) == len(codes)


def test_only_demo_accounts_have_passwords(province):
    make_demo_accounts()
    rows = json.loads((province / "demo-accounts.json").read_text())

    usable = Account.objects.exclude(password__startswith="!")

    assert sorted(usable.values_list("username", flat=True)) == sorted(row["username"] for row in rows)
    assert all(Account.objects.get(username=row["username"]).check_password(row["password"]) for row in rows)
    assert stat.S_IMODE((province / "demo-accounts.json").stat().st_mode) == 0o600


def test_make_demo_accounts_keeps_passwords_the_second_time(province):
    make_demo_accounts()
    before = (province / "demo-accounts.json").read_text()

    make_demo_accounts()

    assert (province / "demo-accounts.json").read_text() == before


def test_demo_administrator_keeps_the_directory(province):
    make_demo_accounts()

    administrator = Account.objects.get(username="quantri").current_appointment
    assert keeps_directory(administrator) is True
    assert Unit.objects.filter(keeps_directory=True).count() == 1
