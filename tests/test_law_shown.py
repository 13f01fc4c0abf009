"""Any date or form shown can say which rule made it so."""

import pytest
from django.utils import timezone

from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.law import lawbooks

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    client.force_login(AccountFactory(current_appointment=AppointmentFactory()))
    return client


def test_every_rule_names_its_text_and_article():
    rules = [(code, rule) for code, book in lawbooks.items() for rule in book.rules()]

    assert {code for code, _rule in rules} == {
        "working_time", "forms", "document_types", "marks", "form_words", "registers",
        "outside_services", "log_retention", "gateway_renewal", "arrival_deadlines",
    }  # fmt: skip
    assert [rule for _code, rule in rules if len(rule.source) < 10] == []


def test_page_shows_the_rules_of_a_day(reader):
    page = reader.get("/law/", {"on": "2026-03-02"}).content.decode()

    assert "Nghị định 30/2020/NĐ-CP, Phụ lục III, Mẫu 1.5" in page
    assert "Bộ luật Dân sự 2015, Điều 147 và Điều 148" in page


@pytest.mark.parametrize("on", ["", "30/02/2026", "2026-02-30", "x"])
def test_page_shows_today_for_what_is_no_day(reader, on):
    assert reader.get("/law/", {"on": on}).context["day"] == timezone.localdate()


def test_rest_lists_rules_and_tells_a_deadline(reader):
    rules = reader.get("/api/v1/law", {"on": "2026-03-02"}).json()
    told = reader.get("/api/v1/law/deadline", {"start": "2026-04-24", "working_days": 1}).json()

    assert {
        "book": "document_types", "title": "Công văn", "source": "Nghị định 30/2020/NĐ-CP, Điều 7 và Phụ lục III",
        "valid_from": "2020-03-05", "valid_until": None, "confirmed": True,
    } in rules  # fmt: skip
    assert told["day"] == "2026-04-28"
    assert told["rules"][2]["title"] == "Ngày Giỗ Tổ Hùng Vương"


@pytest.mark.parametrize(
    "given", [{"start": "x", "working_days": 1}, {"start": "2026-04-24", "working_days": -1}]
)
def test_rest_refuses_what_is_no_period(reader, given):
    assert reader.get("/api/v1/law/deadline", given).status_code == 422
