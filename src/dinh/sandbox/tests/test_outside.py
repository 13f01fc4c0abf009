"""Outside services by the house's own clients, through a gateway process, at the sandbox's stand-ins."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import httpx
import pytest
from django.utils import timezone

from dinh.exchange import api
from dinh.kernel.errors import InvalidInput
from dinh.sandbox.faults import Faults, Mode
from dinh.sandbox.outside.people import enterprises, insured
from dinh.sandbox.tests.outside_world import outside_world

AREA = 1924
NUMBERS = itertools.count(1)
BIRTH = {"nksHoTen": "Ma Thị <Lan> & Út", "nksGioiTinh": "2", "nksNgaySinh": "20/11/2026"}
PARTY = api.PostalParty(name="Ma Thị Lan", address="Quảng Khê", province=26, district=2610, phone="0912")
DECLARATION = api.CriminalDeclaration(
    full_name="Nông Thị Yến", is_man=False, born=api.partial_date("03/1991"), nationality=1,
    paper=api.IdentityPaper.CITIZEN_CARD, paper_number="006191000123", phone="0912345678",
    declared_date=date(2026, 11, 26), certificate=1, others={"purpose": "Xin việc"},
)  # fmt: skip


@pytest.fixture(scope="module")
def running(module_database, tmp_path_factory):
    with outside_world(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.fixture
def outside(running):
    running.sandbox.faults = Faults()
    return running


@pytest.fixture
def number():
    """A dossier's code of the test's own."""
    return f"H03-{next(NUMBERS)}"


def criminal_request(client, receipt):
    living = api.Residence(
        since=api.partial_date("2005"), until=api.partial_date("11/2026"), place="Quảng Khê"
    )
    return client.register(
        unit="06", receipt=receipt, received_date=date(2026, 11, 26), promised_date=date(2026, 12, 10),
        declaration=DECLARATION, residences=[living],
    )  # fmt: skip


def birth(client, dossier, fields=BIRTH):
    client.register(area=AREA, module="KS", dossier=dossier, received_date=date(2026, 11, 26), fields=fields)


def order(number):
    return api.PostalOrder(
        number=number, sender=PARTY, receiver=PARTY, cash_on_delivery=50_000, contents="Hồ sơ"
    )


def test_birth_is_registered_and_comes_into_the_book(outside, number):
    client = api.CivilStatus(outside.line(user="u1", issue=number))
    birth(client, number)

    stages = []
    for _step in range(3):
        stages.append(client.state(area=AREA, dossier=number).stage)
        outside.pass_time(100)
    record = client.result(area=AREA, dossier=number)

    assert stages == [api.CivilStage.RECEIVED, api.CivilStage.ELIGIBLE, api.CivilStage.DONE]
    assert (record.fields["nksHoTen"], record.fields["maHoSo"]) == ("Ma Thị <Lan> & Út", number)
    assert client.record(module="KS", id=record.id) == record
    assert client.records(province="06", module="KS", ids=[record.id]) == (record,)
    day = datetime.fromtimestamp(outside.sandbox.desk.store.now() - 300 + 7 * 3600, UTC).date()
    references = {each.id for each in client.registered(module="KS", updated_date=day)}
    assert record.id in references


def test_dossier_that_lacks_something_says_what(outside, number):
    client = api.CivilStatus(outside.line())
    birth(client, number, {"nksHoTen": "Ma Thị Lan"})

    state = client.state(area=AREA, dossier=number)

    assert state.stage == api.CivilStage.NEEDS_SUPPLEMENT
    assert state.words.endswith("nksNgaySinh, nksGioiTinh")


def test_civil_status_refuses_with_its_own_codes(outside, number):
    client = api.CivilStatus(outside.line())
    birth(client, number)

    refusals = {}
    for code, act in {
        "201": lambda: client.state(area=AREA, dossier="không có"),
        "200": lambda: client.result(area=AREA, dossier=number),
        "106": lambda: client.register(
            area=1, module="KS", dossier="x", received_date=date(2026, 1, 1), fields=BIRTH
        ),
        "500": lambda: birth(client, number),
    }.items():
        with pytest.raises(api.OutsideRefused) as refusal:
            act()
        refusals[code] = refusal.value.refusal

    assert refusals == {code: code for code in refusals}
    with pytest.raises(InvalidInput):
        birth(client, "y", {"nksHoTen": "a\x00b"})


@pytest.mark.parametrize("code", ["100", "101", "108"])
def test_civil_status_refuses_on_request_with_codes_that_no_request_brings_about(outside, number, code):
    client = api.CivilStatus(outside.line())
    order = {"service": "civil_status", "mode": f"refused_{code}", "count": 1}
    answer = httpx.post(f"{outside.sandbox.address}/control/faults", json=order, trust_env=False)

    with pytest.raises(api.OutsideRefused) as refusal:
        birth(client, number)

    assert (answer.status_code, refusal.value.refusal) == (200, code)
    birth(client, number)
    assert client.state(area=AREA, dossier=number).stage == api.CivilStage.RECEIVED


def test_unknown_states_are_kept_as_they_come(outside, number):
    civil, criminal, post = (
        kind(outside.line()) for kind in (api.CivilStatus, api.CriminalRecords, api.Post)
    )
    birth(civil, number)
    criminal_request(criminal, number)
    post.order(order=order(number))

    for service, key in {
        "civil_status": number,
        "criminal_records": number,
        "post": f"BACKAN/{number}",
    }.items():
        answer = httpx.post(
            f"{outside.sandbox.address}/control/state", json={"service": service, "key": key, "state": "97"},
            trust_env=False,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text

    states = (civil.state(area=AREA, dossier=number), criminal.state(receipt=number))
    assert [(state.code, state.stage) for state in states] == [("97", None), ("97", None)]
    assert post.state(number=number).code == "97"


def test_criminal_record_is_asked_for_and_issued(outside, number):
    client = api.CriminalRecords(outside.line())

    id = criminal_request(client, number)
    first = client.state(receipt=number)
    client.mark_fetched(ids=[id], what=api.Fetched.STATES)
    unchanged = [each for each in client.changed() if each.receipt == number]
    outside.pass_time(200)
    changed = [each for each in client.changed() if each.receipt == number]

    assert (first.stage, first.issued_date, unchanged) == (api.CriminalStage.RECEIVED, None, [])
    assert [(each.id, each.stage) for each in changed] == [(id, api.CriminalStage.ISSUED)]
    assert isinstance(changed[0].issued_date, date)
    assert client.codes(which=api.CriminalList.PEOPLES)[1] == api.CodeName("2", "Tày")
    with pytest.raises(api.OutsideRefused) as refusal:
        criminal_request(client, number)
    assert refusal.value.words == "Số phiếu tiếp nhận đã tồn tại"


def test_criminal_records_filed_online_come_until_marked(outside):
    client = api.CriminalRecords(outside.line())

    found = client.filed()
    client.mark_fetched(ids=[each.id for each in found], what=api.Fetched.ONLINE_DOSSIERS)

    assert [(each.id, each.declaration["fullName"], len(each.residences)) for each in found] == [
        ("TT000001", "Nông Thị Yến", 1)
    ]
    assert client.filed() == ()


def test_insured_people_are_found_by_number_and_by_criteria(outside):
    client, person = api.SocialInsurance(outside.line()), insured()[5]
    born = api.PartialDate(person.born.year, person.born.month, person.born.day)
    criteria = api.InsuredCriteria(name=person.name, born=born, gender=person.gender, province="06")

    household = client.household_of(number=person.number)
    found = client.households(criteria=criteria)

    assert [each.name for each in household] == [
        each.name for each in insured() if each.household == person.household
    ]
    assert client.number_of(criteria=criteria) == person.number
    assert (found[0].number, found[0].household, found[0].born) == (person.number, person.household, born)
    assert client.household_of(number="0") == ()
    with pytest.raises(api.OutsideRefused):
        client.number_of(
            criteria=api.InsuredCriteria(name="Ai Đó", born=api.PartialDate(1900), gender="1", province="06")
        )


def test_enterprise_is_read_with_typed_amounts_and_days(outside):
    client, known = api.Enterprises(outside.line()), enterprises()[0]

    found = client.details(code=known.code)

    assert (found.name, found.founded_date, found.capital) == (
        known.name,
        known.founded,
        Decimal(known.capital),
    )
    assert (found.representatives, found.trades[0].is_main) == ((known.head,), True)
    assert found.contributors[0].percent == Decimal("100.0")
    with pytest.raises(api.OutsideRefused):
        client.details(code="0")


def test_dossiers_of_enterprises_come_page_by_page_once(outside, monkeypatch):
    client = api.Enterprises(outside.line())
    monkeypatch.setattr("dinh.exchange.adapters.enterprises.PAGE", 3)
    last = timezone.localdate(datetime.fromtimestamp(outside.sandbox.desk.store.now(), UTC))

    rows = list(client.received(first_date=last - timedelta(days=5), last_date=last))

    assert len(rows) >= 6
    assert len({row.journal for row in rows}) == len(rows)
    one = client.dossier(journal=rows[0].journal)
    assert (one.journal, one.fields["CONTACT_PHONE"]) == (rows[0].journal, "0912000000")
    today = list(client.processed_today(since=time(0, 0), until=time(23, 59)))
    assert {row.changed_date for row in today} <= {last}
    with pytest.raises(InvalidInput):
        list(client.received(first_date=last - timedelta(days=6), last_date=last))


def test_shared_catalogues_are_read_and_added_to(outside):
    client = api.SharedCatalogues(outside.line())

    peoples, columns = client.rows(catalogue="madantoc"), client.columns(catalogue="qlvanbandieuhanhcap1")
    row = {"MaDinhDanhCap1": "000.00.00.H99", "TenDonVi": "Đơn vị thử", "DiaChi": None}
    count = client.add(catalogue="qlvanbandieuhanhcap1", rows=[row])

    assert (len(peoples), peoples[1].code, peoples[1].name) == (54, "02", "Tày")
    assert [column.kind for column in columns if column.name == "NgayBanHanhQd"] == ["DateTime"]
    added = client.rows(catalogue="qlvanbandieuhanhcap1")[-1]
    assert (count, added.code, added.fields["DiaChi"]) == (1, "000.00.00.H99", None)
    with pytest.raises(api.OutsideRefused) as refusal:
        client.add(catalogue="qlvanbandieuhanhcap1", rows=[row])
    assert "is duplicate" in refusal.value.words
    with pytest.raises(api.OutsideRefused):
        client.rows(catalogue="khongco")
    with pytest.raises(InvalidInput):
        client.rows(catalogue="khong/co")


def portal_dossier(number, state=api.DossierState.ACCEPTED):
    return api.PortalDossier(
        code=number, procedure="1.001193", procedure_name="Đăng ký khai sinh", area="G15-LV01",
        area_name="Hộ tịch", applicant="Ma Thị Lan", state=state, unit_name="UBND xã Quảng Khê",
        received_at=datetime(2026, 11, 26, 1, 30, tzinfo=UTC), promised_at=None,
    )  # fmt: skip


def test_portal_takes_dossiers_and_their_progress(outside, number):
    client = api.ServicePortal(outside.line())
    before = client.find(code=number)

    client.add(dossiers=[portal_dossier(number)])
    client.change(dossiers=[portal_dossier(number, api.DossierState.IN_PROGRESS)])
    step = api.Progress(
        code=number, person="Hà Văn Sơn", position="Công chức", at=timezone.now(), division="Tư pháp",
        words="Đã ký", state=api.DossierState.DONE,
    )  # fmt: skip
    client.tell_progress(steps=[step])

    found = client.find(code=number)
    assert (before, found["NgayTiepNhan"], found["TrangThaiHoSo"]) == (None, "20261126083000", "9")
    assert client.procedure(code="1.001193").name == "Đăng ký khai sinh"
    assert [each.code for each in client.procedures()] == ["1.001193", "2.000815", "2.000488"]
    assert client.knows_person(technical_id="x")
    for act in (lambda: client.add(dossiers=[portal_dossier(number)]), lambda: client.procedure(code="9")):
        with pytest.raises(api.OutsideRefused):
            act()


def test_portal_takes_questions_and_answers(outside, number):
    client = api.ServicePortal(outside.line())
    own = api.Question(
        code=number, words="Làm thẻ căn cước ở đâu?", area="G01-LV07", unit="000.00.00.H03",
        unit_name="UBND tỉnh Bắc Kạn", answer_code="9", answer="Tại công an cấp xã.",
    )  # fmt: skip
    (asked,) = client.questions()
    answer = api.QuestionAnswer(
        code=asked.code, unit="000.00.00.H03", person="Hà Văn Sơn", position="Công chức",
        words="Tờ khai và giấy chứng sinh.", at=datetime(2026, 11, 26, 18, tzinfo=UTC),
    )  # fmt: skip

    client.publish_questions(questions=[own])
    client.answer_questions(answers=[answer])

    assert (asked.asker, asked.area, asked.answer_code) == ("Nông Văn Thử", "G15-LV01", "")
    (published,) = [each for each in client.published_questions() if each.code == number]
    assert replace(published, others={}) == own
    (answered,) = client.questions()
    assert (answered.answer_code, answered.answer) == ("1", "Tờ khai và giấy chứng sinh.")
    with pytest.raises(api.OutsideRefused, match="Không có câu hỏi"):
        client.answer_questions(answers=[replace(answer, code="1")])


def test_expired_session_of_the_portal_is_replaced(outside):
    client = api.ServicePortal(outside.line())
    client.areas()
    outside.pass_time(4000)

    assert len(client.areas()) == 3


def test_order_goes_its_way_and_can_be_taken_back_in_time(outside, number):
    client = api.Post(outside.line())
    late = f"{number}-2"
    client.order(order=order(number))
    client.order(order=order(late))

    outside.pass_time(70)
    on_its_way = client.state(number=number)
    client.cancel(number=number)
    client.cancel(number=number)
    outside.pass_time(300)

    assert (on_its_way.code, client.state(number=number).code, client.state(number=late).code) == (
        "20",
        "60",
        "50",
    )
    assert client.state(number="không có") is None
    assert next(client.states(after=on_its_way.id)).number == late
    for act in (lambda: client.cancel(number=late), lambda: client.order(order=order(late))):
        with pytest.raises(api.OutsideRefused):
            act()


def test_expired_token_of_the_post_is_replaced(outside, number):
    client = api.Post(outside.line())
    client.order(order=order(number))
    outside.pass_time(4000)

    assert client.state(number=number).code == "50"


READS = {
    "civil_status": lambda line: api.CivilStatus(line).codes(which=api.CivilList.PEOPLES),
    "criminal_records": lambda line: api.CriminalRecords(line).codes(which=api.CriminalList.PEOPLES),
    "social_insurance": lambda line: api.SocialInsurance(line).household_of(number=insured()[0].number),
    "enterprises": lambda line: api.Enterprises(line).details(code=enterprises()[1].code),
    "catalogues": lambda line: api.SharedCatalogues(line).rows(catalogue="madantoc"),
    "portal": lambda line: api.ServicePortal(line).procedures(),
    "post": lambda line: tuple(api.Post(line).states()),
}


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.TRUNCATED])
def test_reading_survives_one_failure(outside, service, mode):
    wanted = READS[service](outside.line())
    # A kept connection that is closed is tried again by the gateway itself.
    outside.misbehave(service, mode, count=1)

    assert READS[service](outside.line()) == wanted


@pytest.mark.parametrize("service", READS)
def test_wrong_content_is_told_as_such(outside, service):
    READS[service](outside.line())
    outside.misbehave(service, Mode.GARBAGE, count=9)

    with pytest.raises(api.OutsideUnreadable) as failure:
        READS[service](outside.line())

    assert (failure.value.may_have_acted, len(failure.value.exchange_id)) == (False, 36)


@pytest.mark.parametrize("service", READS)
def test_repeated_rows_count_once(outside, service):
    wanted = READS[service](outside.line())
    outside.misbehave(service, Mode.DUPLICATES, count=9)

    assert READS[service](outside.line()) == wanted


def test_slow_one_is_not_asked_twice(outside):
    outside.misbehave("social_insurance", Mode.SLOW)

    with pytest.raises(api.OutsideUnavailable) as failure:
        READS["social_insurance"](outside.line())

    assert (failure.value.is_slow, failure.value.may_have_acted) == (True, False)
    assert outside.sandbox.faults.in_force() == {}


def test_order_whose_answer_is_lost_is_not_sent_again_and_can_be_looked_up(outside, number):
    client = api.Post(outside.line())
    tuple(client.states())
    outside.misbehave("post", Mode.LOST)

    with pytest.raises(api.OutsideUnavailable) as failure:
        client.order(order=order(number))

    assert failure.value.may_have_acted
    assert client.state(number=number).code == "10"


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.TRUNCATED, Mode.GARBAGE])
def test_registration_without_a_usable_answer_may_have_been_taken(outside, number, mode):
    client = api.CivilStatus(outside.line())
    outside.misbehave("civil_status", mode)

    with pytest.raises(api.OutsideUnavailable) as failure:
        birth(client, number)

    assert failure.value.may_have_acted
    if mode is Mode.TRUNCATED:
        assert client.state(area=AREA, dossier=number).stage == api.CivilStage.RECEIVED


def test_service_that_is_not_open_to_the_house_says_where_to_ask(outside):
    line = outside.line()
    line.keys = api.HouseKeys("unknown", "wrong")
    with pytest.raises(api.OutsideNotConnected):
        READS["enterprises"](line)

    bare = outside.line()
    bare.keys = api.HouseKeys(outside.keys.consumer_key, outside.keys.secret)
    with pytest.raises(api.OutsideNotConnected):
        READS["portal"](bare)


def test_owner_of_criminal_records_is_that_of_the_day():
    before, after = (
        api.outside_service("criminal_records", on=day).owner for day in (date(2025, 2, 28), date(2025, 3, 1))
    )

    assert (before, after) == ("Bộ Tư pháp", "Bộ Công an")
    with pytest.raises(api.UnknownOutsideService):
        api.outside_service("x", on=date(2026, 1, 1))
