"""Documents that arrived, as programs handle them."""

import json
from threading import Thread
from typing import get_args

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dinh.directory.models import Division
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import IncomingState
from dinh.documents.models import Incoming
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.inbox import ORDERS
from dinh.documents.rest_incoming import Order, Tab
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit

pytestmark = pytest.mark.django_db


class House:
    """A sender's clerk and a commune's people around one letter, each with a program of their own."""

    def __init__(self):
        self.sender, self.unit = staff(unit(), "clerk"), unit(search_name="xa quang khe")
        self.outgoing = sealed(self.sender, [self.unit], code="07/STTTT")
        self.incoming = send(self.outgoing, self.sender).arrivals.get()
        self.clerk, self.head = staff(self.unit, "clerk"), staff(self.unit, "unit_head")
        self.lead, self.other = staff(self.unit, "specialist"), staff(self.unit, "specialist")
        self.path = f"incoming/{self.incoming.pk}"
        self.programs = {}

    def call(self, who, path, body=None):
        if who.pk not in self.programs:
            self.programs[who.pk] = Client()
            self.programs[who.pk].force_login(AccountFactory(current_appointment=who))
        program, address = self.programs[who.pk], f"/api/v1/{path}"
        if body is None:
            return program.get(address)
        return program.post(address, json.dumps(body), content_type="application/json")


@pytest.fixture
def house():
    return House()


def test_the_way_of_a_document_through_a_unit(house):
    seen = house.call(house.clerk, house.path).json()
    assert (seen["acts"], seen["document"]["code"]) == (["refuse", "register"], "07/STTTT")

    house.call(house.clerk, f"{house.path}/register", {})
    order = {"lead": {"appointment": house.lead.pk}, "supports": [{"appointment": house.other.pk}]}
    assigned = house.call(house.head, f"{house.path}/assign", {**order, "instruction": "Trả lời"}).json()
    support = assigned["parts"][1]
    house.call(house.lead, f"{house.path}/start", {})
    house.call(house.lead, f"{house.path}/note", {"text": "Đã xin số liệu"})
    house.call(house.other, f"incoming/parts/{support['id']}/finish", {"result": "Đã góp ý"})
    done = house.call(house.lead, f"{house.path}/complete", {"result": "Xong"}).json()

    assert [part["role"] for part in assigned["parts"]] == ["lead", "support"]
    assert (done["state"], done["number"], done["acts"]) == (IncomingState.DONE, 1, ["reopen"])
    assert [(each["author"], each["text"]) for each in done["notes"]] == [
        (house.lead.person.full_name, "Đã xin số liệu")
    ]
    states = house.call(house.sender, f"outgoing/{house.outgoing.pk}/recipients?q=Quảng+Khê").json()
    assert (states["counts"], states["items"][0]["number"]) == ({"06": 1}, 1)


def test_wrong_directions_are_named_field_by_field(house):
    register_incoming(incoming_id=house.incoming.pk, actor=house.clerk, at=NOW)
    wrong = {"lead": {}, "informed": [{"appointment": house.sender.pk}]}
    answer = house.call(house.head, f"{house.path}/assign", wrong)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["lead", "informed"]
    missing = house.call(house.head, f"{house.path}/extend", {"due_at": "morgen"})
    assert sorted(each["field"] for each in missing.json()["errors"]) == ["due_at", "reason"]
    nul = house.call(house.clerk, f"{house.path}/refuse", {"reason": "a\0b"})
    assert (nul.status_code, nul.json()["errors"][0]["field"]) == (422, "reason")
    house.incoming.refresh_from_db()
    assert house.incoming.state == IncomingState.RECEIVED


def test_a_division_gets_a_part_and_its_head_passes_it_on(house):
    division = Division.objects.create(unit=house.unit, name="Văn phòng", abbreviation="VP")
    chief, member = staff(house.unit, "division_head"), staff(house.unit, "specialist")
    for person in (chief, member):
        person.division = division
        person.save()
    house.call(house.clerk, f"{house.path}/register", {})
    part = house.call(house.head, f"{house.path}/assign", {"lead": {"division": division.pk}}).json()[
        "parts"
    ][0]

    outside = house.call(chief, f"incoming/parts/{part['id']}/pass", {"appointment": house.other.pk})
    passed = house.call(chief, f"incoming/parts/{part['id']}/pass", {"appointment": member.pk}).json()

    assert (outside.status_code, outside.json()["errors"][0]["field"]) == (422, "to")
    assert passed["parts"][0]["name"] == f"Văn phòng, {member.person.full_name}"


@pytest.mark.parametrize("act", ["register", "refuse", "assign", "start", "note", "complete", "verify"])
def test_other_units_get_404_for_every_act(house, act):
    body = {"reason": "x", "text": "x", "lead": {"appointment": house.sender.pk}}
    if act == "assign":
        body = {"lead": {"appointment": house.sender.pk}}
    assert house.call(house.sender, f"{house.path}/{act}", body).status_code == 404
    house.incoming.refresh_from_db()
    assert house.incoming.state == IncomingState.ARRIVED


def test_the_list_is_filtered_and_paged(house):
    listed = house.call(house.clerk, "incoming?tab=01&q=duong").json()
    assert (listed["count"], listed["items"][0]["id"]) == (1, house.incoming.pk)
    for query in ("tab=03", "q=khong-co", "urgency=3", "purpose=inform", "since=2100-01-01", "sender=xxxx"):
        assert house.call(house.clerk, f"incoming?{query}").json()["items"] == []
    assert house.call(house.clerk, "incoming?urgency=9").status_code == 422


def test_a_sender_recalls_and_sends_further(house):
    more = unit()
    address = f"outgoing/{house.outgoing.pk}"
    for _time in range(2):
        body = {"units": [more.pk], "request_key": "more"}
        assert house.call(house.sender, f"{address}/send-further", body).json()["counts"] == {"01": 2}
    assert house.call(house.clerk, f"{address}/recall", {"reason": "x"}).status_code == 404
    assert house.call(house.sender, f"{address}/remind", {}).json() == {"units": 2}
    assert house.call(house.sender, f"{address}/recall", {"reason": "Sai"}).json()["counts"] == {"15": 2}


def test_the_list_costs_the_same_for_any_number(house, django_assert_max_num_queries):
    amounts = []
    house.call(house.clerk, "incoming")
    for more in (0, 2):
        for _letter in range(more):
            send(sealed(house.sender, [house.unit]), house.sender, f"k{_letter}")
        with django_assert_max_num_queries(20) as queries:
            house.call(house.clerk, "incoming")
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]


@pytest.mark.django_db(transaction=True)
def test_one_registers_and_one_refuses_at_once_and_only_one_is_first():
    house = House()
    answers = []

    def act(path, body):
        try:
            answers.append(house.call(house.clerk, f"{house.path}/{path}", body).status_code)
        finally:
            connection.close()

    house.call(house.clerk, house.path)
    threads = [Thread(target=act, args=each) for each in (("register", {}), ("refuse", {"reason": "Sai"}))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 409]
    row = Incoming.objects.get(pk=house.incoming.pk)
    assert (row.state, row.number) in [(IncomingState.RECEIVED, 1), (IncomingState.REFUSED, None)]
    assert row.arrived_at <= timezone.now()


def test_unknown_tab_and_order_are_refused_by_name(house):
    answer = house.call(house.clerk, "incoming?tab=zz&sort=zz")

    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, ["tab", "sort"])
    assert set(get_args(Tab)) == {"all", "late", *IncomingState.values}
    assert set(get_args(Order)) == set(ORDERS)
