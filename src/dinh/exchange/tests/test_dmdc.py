"""The province's own shared catalogues in the national platform's shape, read by the client that reads the nation's."""

import base64
import dataclasses
from datetime import date, timedelta

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.adapters.catalogues import CatalogueColumn, CatalogueRow, SharedCatalogues
from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.transport import Account, HouseKeys, Line, forget_tokens
from dinh.exchange.forms import read_items
from dinh.exchange.models import ClientSecret, Dictionary
from dinh.exchange.operations.dictionaries import Column, Item, publish_dictionary
from dinh.exchange.outside import OutsideService
from dinh.exchange.tests.world import make_grant, make_secret, make_system, make_version
from dinh.kernel.errors import InvalidInput

COLUMNS = [
    Column("MaDanToc", "Mã dân tộc"),
    Column("TenDanToc", "Tên dân tộc"),
    Column("NgayBanHanh", "Ngày ban hành", "DateTime"),
]
KINH = {"MaDanToc": "01", "TenDanToc": "Kinh", "NgayBanHanh": None}
TAY = {"MaDanToc": "02", "TenDanToc": "Tày", "NgayBanHanh": "2025-07-01"}
OLD, NEW = date(2021, 1, 1), date(2025, 7, 1)


@pytest.fixture
def keeper(db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def peoples(keeper):
    """Two versions of madantoc."""
    items = [Item("01", "Kinh")]
    for day in (OLD, NEW):
        publish_dictionary(
            code="madantoc", name="Dân tộc", items=items, columns=COLUMNS, legal_basis="QĐ 121", valid_from=day,
            actor=keeper, at=timezone.now(),
        )  # fmt: skip
        items.append(Item("02", "Tày", {"NgayBanHanh": "2025-07-01"}))


def basic(key, plain):
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{plain}".encode()).decode()}


def ask(client, what):
    answer = client.get(f"/exchange/dmdc/2.0/{what}")
    return answer.status_code, answer.json()


def test_category_is_a_list_of_rows_by_the_catalogues_own_columns(client, peoples):
    assert ask(client, "Category/madantoc") == (200, [KINH, TAY])
    assert ask(client, f"Category/madantoc?date={NEW - timedelta(1)}") == (200, [KINH])
    assert ask(client, "Category/madantoc?version=1") == (200, [KINH])
    assert ask(client, "Metadata/madantoc?version=2") == (
        200,
        [
            {"PropertyCode": "MaDanToc", "PropertyName": "Mã dân tộc", "PropertyType": "String"},
            {"PropertyCode": "TenDanToc", "PropertyName": "Tên dân tộc", "PropertyType": "String"},
            {"PropertyCode": "NgayBanHanh", "PropertyName": "Ngày ban hành", "PropertyType": "DateTime"},
        ],
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [("madantoc?version=3", 404), ("madantoc?date=2020-01-01", 404), ("khac", 404), ("a%00b", 404),
     ("madantoc?version=x", 422), ("madantoc?version=99999999999", 422), ("madantoc?date=hôm%20nay", 422)],
)  # fmt: skip
def test_what_is_not_there_is_told_in_the_platforms_words(client, peoples, asked, status):
    for kind in ("Category", "Metadata"):
        found, told = ask(client, f"{kind}/{asked}")
        assert (found, sorted(told), told["Count"]) == (status, ["Count", "MSG"], 0)


def test_catalogue_of_before_has_columns_of_the_usual_names(client, keeper):
    publish_dictionary(
        code="cu", name="Cũ", items=[Item("1", "x", {"Khac": "y"}), Item("2", "z")], legal_basis="", valid_from=OLD,
        actor=keeper, at=timezone.now(),
    )  # fmt: skip

    assert ask(client, "Category/cu") == (
        200, [{"Ma": "1", "Ten": "x", "Khac": "y"}, {"Ma": "2", "Ten": "z", "Khac": None}],
    )  # fmt: skip
    assert [row["PropertyCode"] for row in ask(client, "Metadata/cu")[1]] == ["Ma", "Ten", "Khac"]
    assert client.get("/exchange/dmdc/Category/cu").json()["Items"][0] == {"Ma": "1", "Ten": "x", "Khac": "y"}


def post(client, rows, headers, code="madantoc"):
    answer = client.post(f"/exchange/dmdc/2.0/Category/{code}", rows, "application/json", headers=headers)
    return answer.status_code, answer.json()


def test_keepers_system_adds_rows_as_the_next_version(client, keeper, peoples):
    secret, plain = make_secret(make_system("VP", unit=keeper.unit))
    nung = {"MaDanToc": "03", "TenDanToc": "Nùng"}

    told = post(client, [nung], basic(secret.consumer_key, plain))

    assert told == (200, {"MSG": "Done", "Count": 1})
    assert ask(client, "Category/madantoc") == (200, [KINH, TAY, nung | {"NgayBanHanh": None}])
    assert ask(client, "Category/madantoc?version=2") == (200, [KINH, TAY])
    last = trace_of(Dictionary.objects.get(code="madantoc"))[-1]
    assert (last.action, last.details["version"], last.details["system"]) == (
        "exchange.dictionary.published", 3, "VN/GOV/H03.VP/VP",
    )  # fmt: skip


def test_a_row_at_fault_refuses_all(client, keeper, peoples):
    secret, plain = make_secret(make_system("VP", unit=keeper.unit))
    shown, good = basic(secret.consumer_key, plain), {"MaDanToc": "03", "TenDanToc": "Nùng"}
    faults = {
        'MaDanToc "01" is duplicate': {"MaDanToc": "01", "TenDanToc": "Kinh"},
        'MaDanToc "03" is duplicate': good,
        "MaDanToc is missing": {"TenDanToc": "x"},
        "TenDanToc is missing": {"MaDanToc": "04"},
        "Khac is no column": {"MaDanToc": "04", "TenDanToc": "x", "Khac": "y"},
    }

    told = [post(client, [good, row], shown) for row in faults.values()]

    assert told == [(200, {"MSG": f"Data not insert: Record 2: {fault}", "Count": 0}) for fault in faults]
    assert [post(client, rows, shown)[0] for rows in ([], {}, ["x"], "[[")] == [422] * 4
    assert post(client, [{"MaDanToc": "05", "TenDanToc": "a\0b"}], shown)[0] == 422
    assert post(client, [{"MaDanToc": "05", "TenDanToc": "x", "NgayBanHanh": "\0"}], shown)[0] == 422
    assert post(client, [good], shown, code="khac")[0] == 404
    assert ask(client, "Category/madantoc") == (200, [KINH, TAY])


def test_nobody_else_adds(client, keeper, peoples):
    own, others = make_system("VP", unit=keeper.unit), make_system("KHAC", unit=UnitFactory())
    made = [make_secret(system) for system in (others, own, own, own, own)]
    trial, revoked, expired = (row for row, _plain in made[1:4])
    ClientSecret.objects.filter(pk=trial.pk).update(is_trial=True)
    ClientSecret.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    ClientSecret.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    shown = [basic(row.consumer_key, plain) for row, plain in made[:4]]
    shown += [{}, basic(made[4][0].consumer_key, "x"), {"Authorization": "Basic ?"}, basic("a\0", "b")]

    told = [post(client, [{"MaDanToc": "03", "TenDanToc": "Nùng"}], each)[0] for each in shown]

    assert told == [403] * 8
    assert Dictionary.objects.get(code="madantoc").versions.count() == 2


def test_first_line_of_the_file_names_the_columns():
    columns, items = read_items("MaDanToc: Mã dân tộc,TenDanToc,Ngay: Ngày: DateTime\n01,Kinh,x\n".encode())

    assert columns == [
        Column("MaDanToc", "Mã dân tộc"), Column("TenDanToc"), Column("Ngay", "Ngày", "DateTime"),
    ]  # fmt: skip
    assert items == [Item("01", "Kinh", {"Ngay": "x"})]


@pytest.mark.parametrize("names", [("Mã", "Ten"), ("Ma", "Ma"), ("Ma",), ("Ma", ""), ("Ma", "Ten x")])
def test_columns_have_names_that_programs_can_use(keeper, names):
    with pytest.raises(InvalidInput) as refusal:
        publish_dictionary(
            code="x", name="x", items=[Item("1", "x")], columns=[Column(name) for name in names], legal_basis="",
            valid_from=OLD, actor=keeper, at=timezone.now(),
        )  # fmt: skip

    assert refusal.value.field == "items"


class OwnLine(Line):
    """To the province's own catalogues."""

    def service(self, code: str) -> OutsideService:
        return dataclasses.replace(super().service(code), service="dmdc", version="2.0")


def test_the_houses_own_client_reads_and_adds(world, keeper, peoples, live_server, gateway):
    paths = ["/Category/{code}", "POST /Category/{code}", "/Metadata/{code}"]
    served = make_version(
        world.provider,
        base_url=f"{live_server.url}/exchange/dmdc/2.0",
        service="dmdc",
        version="2.0",
        paths=paths,
    )
    make_grant(world.client, served, world.asker)
    gateway.take_up()
    secret, plain = make_secret(make_system("VP", unit=keeper.unit))
    keys = HouseKeys(*world.key_and_secret, {"catalogues": Account(secret.consumer_key, plain)})
    forget_tokens()
    ours = SharedCatalogues(OwnLine(gateway=gateway.url, keys=keys))

    assert ours.columns(catalogue="madantoc")[2] == CatalogueColumn(
        "NgayBanHanh", "Ngày ban hành", "DateTime"
    )
    assert ours.rows(catalogue="madantoc") == (
        CatalogueRow("01", "Kinh", KINH),
        CatalogueRow("02", "Tày", TAY),
    )
    assert ours.add(catalogue="madantoc", rows=[{"MaDanToc": "03", "TenDanToc": "Nùng"}]) == 1
    with pytest.raises(OutsideRefused) as twice:
        ours.add(catalogue="madantoc", rows=[{"MaDanToc": "03", "TenDanToc": "Nùng"}])
    assert "duplicate" in str(twice.value)
    assert len(ours.rows(catalogue="madantoc")) == 3
    with pytest.raises(OutsideRefused):
        ours.rows(catalogue="khac")
