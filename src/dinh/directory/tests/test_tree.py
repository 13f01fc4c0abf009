"""The tree as of any day, as people see it."""

from datetime import UTC, date, datetime

import pytest

from dinh.directory.enums import IdentifierForm, Role
from dinh.directory.models import UnitIdentifier
from dinh.directory.operations.structure import UnitNames, change_unit, dissolve_unit
from dinh.directory.queries.tree import chain_above, divisions_as_of, tree_matching, tree_visible_to
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    UnitFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
TODAY = date(2026, 3, 16)
BEFORE, MERGER = date(2025, 6, 30), date(2025, 7, 1)


@pytest.fixture
def keeper():
    unit = UnitFactory(name="Văn phòng UBND tỉnh", keeps_directory=True)
    return AppointmentFactory(unit=unit, roles=[Role.ADMINISTRATOR])


@pytest.fixture
def renamed(keeper):
    """Sở Thông tin và Truyền thông until 30/6/2025, Sở Khoa học và Công nghệ under another parent since."""
    old, new = UnitFactory(name="Tỉnh Bắc Kạn"), UnitFactory(name="Tỉnh Thái Nguyên")
    unit = UnitFactory(
        name="Sở Thông tin và Truyền thông",
        short_name="Sở TTTT",
        search_name="so thong tin va truyen thong so tttt",
        parent=old,
    )
    UnitIdentifier.objects.create(
        unit=unit, form=IdentifierForm.NEW, value="H03.11", valid_from=date(2020, 1, 1), valid_to=BEFORE
    )
    names = UnitNames(
        name="Sở Khoa học và Công nghệ", short_name="Sở KHCN", abbreviation="SKHCN", parent_id=new.pk
    )
    change_unit(unit_id=unit.pk, names=names, valid_from=MERGER, legal_basis="", actor=keeper, at=NOON)
    return unit


def named(rows):
    return [row.name for row in rows]


def found(keeper, text, day):
    return named(tree_matching(tree_visible_to(keeper, day=day), text, day=day))


def test_unit_is_found_by_the_name_of_the_day_with_and_without_diacritics(keeper, renamed):
    assert found(keeper, "truyền thông", BEFORE) == ["Sở Thông tin và Truyền thông"]
    assert found(keeper, "TRUYEN thong", BEFORE) == ["Sở Thông tin và Truyền thông"]
    assert found(keeper, "truyền thông", MERGER) == []
    assert found(keeper, "khoa hoc", MERGER) == ["Sở Khoa học và Công nghệ"]


def test_unit_is_found_by_the_code_of_the_day(keeper, renamed):
    assert found(keeper, "h03.11", BEFORE) == ["Sở Thông tin và Truyền thông"]
    assert found(keeper, "h03.11", MERGER) == []


def test_unit_stands_where_it_stood_on_the_day(keeper, renamed):
    def above(day):
        version = tree_visible_to(keeper, day=day).get(unit=renamed)
        return named(chain_above(version, day=day))

    assert (above(BEFORE), above(MERGER)) == (["Tỉnh Bắc Kạn"], ["Tỉnh Thái Nguyên"])


def test_tree_of_a_day_leaves_out_what_did_not_exist(keeper):
    unit = UnitFactory(name="Huyện Ba Bể")
    division = DivisionFactory(unit=unit, name="Phòng Nội vụ")
    dissolve_unit(unit_id=unit.pk, valid_from=MERGER, successor_ids=[], legal_basis="", actor=keeper, at=NOON)

    assert "Huyện Ba Bể" in named(tree_visible_to(keeper, day=BEFORE))
    assert "Huyện Ba Bể" not in named(tree_visible_to(keeper, day=MERGER))
    assert named(divisions_as_of(division.unit, BEFORE)) == ["Phòng Nội vụ"]
    assert named(divisions_as_of(division.unit, MERGER)) == []


def test_tree_unfolds_as_of_the_day(client, renamed):
    client.force_login(AccountFactory())

    before = client.get(f"/directory/units/{renamed.versions.first().parent_id}/branch/?day=2025-06-30")
    today = client.get(f"/directory/units/{renamed.versions.first().parent_id}/branch/?day=2025-07-01")

    assert named(before.context["rows"]) == ["Sở Thông tin và Truyền thông"]
    assert named(today.context["rows"]) == []


def test_unit_page_speaks_as_of_the_day(client, renamed):
    client.force_login(AccountFactory())

    before = client.get(f"/directory/units/{renamed.pk}/?day=2025-06-30")
    unborn = client.get(f"/directory/units/{renamed.pk}/?day=2000-01-01")

    assert before.context["version"].name == "Sở Thông tin và Truyền thông"
    assert unborn.context["version"] is None


@pytest.mark.parametrize("rows", [1, 3])
def test_tree_and_search_cost_the_same_for_any_number_of_units(client, rows, django_assert_num_queries):
    client.force_login(AccountFactory())
    UnitFactory.create_batch(rows, parent=UnitFactory())

    with django_assert_num_queries(9):
        tree = client.get("/directory/units/")
    with django_assert_num_queries(9):
        hits = client.get("/directory/units/?q=xa so")

    assert len(tree.context["page"]) == 2
    assert len(hits.context["page"]) == rows + 2


@pytest.mark.parametrize("rows", [1, 3])
def test_unit_page_costs_the_same_for_any_number_of_rows(client, rows, django_assert_num_queries):
    client.force_login(AccountFactory())
    unit = UnitFactory()
    UnitFactory.create_batch(rows, parent=unit)
    AppointmentFactory.create_batch(rows, unit=unit)
    DivisionFactory.create_batch(rows, unit=unit)

    with django_assert_num_queries(17):
        client.get(f"/directory/units/{unit.pk}/")


def test_keeper_renames_and_dissolves_by_the_pages(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    unit = UnitFactory()
    data = {
        "name": "Sở Dân tộc và Tôn giáo",
        "short_name": "Sở DTTG",
        "abbreviation": "SDTTG",
        "valid_from": "2025-07-01",
    }

    circle = client.post(f"/directory/units/{unit.pk}/change/", data | {"parent_id": unit.pk})
    change = client.post(f"/directory/units/{unit.pk}/change/", data)
    end = client.post(f"/directory/units/{unit.pk}/dissolve/", {"valid_from": "2026-01-01"})

    assert (circle.status_code, list(circle.context["form"].errors)) == (422, ["parent_id"])
    assert change.url == end.url == f"/directory/units/{unit.pk}/"
    unit.refresh_from_db()
    assert (unit.name, unit.dissolved_date) == ("Sở Dân tộc và Tôn giáo", date(2025, 12, 31))
