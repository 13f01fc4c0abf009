from datetime import date
from itertools import count
from threading import Thread
from time import perf_counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dinh.directory.models import Appointment, Person, Position, Unit
from dinh.documents.enums import IncomingState, OutgoingState, Secrecy
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.operations.assigning import Directions, WrongAssignee, assign_incoming
from dinh.documents.operations.dispatch import NotDispatchable, OutgoingNotFound, dispatch_document
from dinh.documents.operations.handling import complete_incoming, start_handling
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import WrongIncomingState, refuse_incoming, register_incoming
from dinh.documents.queries.incoming import IncomingNotFound, incoming_visible_to
from dinh.documents.queries.recipients import counts_by_state
from dinh.documents.queries.search import search_documents
from dinh.kernel.errors import NotPermitted

pytestmark = pytest.mark.django_db
_serial = count(1)
NOW = timezone.now()


def unit(**fields):
    n = next(_serial)
    fields = {"name": f"Sở {n}", "bloc": "government", "level": "province", **fields}
    return Unit.objects.create(code=f"u{n}", short_name=f"S{n}", abbreviation=f"S{n}", place="X", **fields)


def staff(of, *roles):
    n = next(_serial)
    person = Person.objects.create(code=f"p{n}", full_name=f"Nguyễn Văn {n}")
    position, _created = Position.objects.get_or_create(
        code="cv", defaults={"name": "Chuyên viên", "rank": 5}
    )
    return Appointment.objects.create(
        person=person, unit=of, position=position, roles=list(roles), start_date=date(2020, 1, 1)
    )


def sealed(clerk, receivers, **fields):
    fields = {"subject": "Đường Trường Chinh", "secrecy": Secrecy.NONE, **fields}
    letter = Document.objects.create(
        issuer=clerk.unit,
        issuer_name=clerk.unit.name,
        bloc="government",
        type_code="CV",
        created_at=NOW,
        **fields,
    )
    outgoing = Outgoing.objects.create(
        document=letter,
        unit=clerk.unit,
        drafter=clerk,
        state=OutgoingState.SEALED,
        sealed_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    for receiver in receivers:
        outgoing.recipients.create(unit=receiver, name=receiver.name)
    return outgoing


@pytest.fixture
def clerk():
    return staff(unit(), "clerk")


def send(outgoing, actor, key="k"):
    return dispatch_document(outgoing_id=outgoing.pk, actor=actor, request_key=key, at=NOW)


def test_sends_once_and_unconnected_on_paper(clerk):
    outgoing = sealed(clerk, [unit(), unit(), unit(is_connected=False)])
    first, again = send(outgoing, clerk), send(outgoing, clerk, "other")
    assert first == again
    assert first.arrivals.filter(state=IncomingState.ARRIVED).count() == 2
    assert outgoing.recipients.filter(channel="paper", sent_at=NOW).count() == 1
    assert outgoing.recipients.filter(channel="electronic", sent_at=NOW).count() == 2
    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.ISSUED


def test_as_many_queries_for_three_as_for_one(clerk):
    amounts = []
    for size in (1, 3):
        outgoing = sealed(clerk, [unit() for _ in range(size)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            send(outgoing, clerk, f"k{size}")
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]


def test_refuses_to_send_secret_and_for_others(clerk):
    with pytest.raises(NotDispatchable):
        send(sealed(clerk, [unit()], secrecy=Secrecy.SECRET), clerk)
    with pytest.raises(OutgoingNotFound):
        send(sealed(clerk, [unit()]), staff(unit(), "clerk"))
    assert not Incoming.objects.exists()


@pytest.fixture
def arrived(clerk):
    receiver = unit()
    return send(sealed(clerk, [receiver]), clerk).arrivals.get()


def test_registers_once(arrived):
    receiving = staff(arrived.unit, "clerk")
    for _ in range(2):
        done = register_incoming(incoming_id=arrived.pk, actor=receiving, at=NOW)
        assert (done.number, done.state) == (1, IncomingState.RECEIVED)
    with pytest.raises(WrongIncomingState):
        refuse_incoming(incoming_id=arrived.pk, actor=receiving, reason="Nhầm", at=NOW)


def test_other_units_never_see_it(arrived, clerk):
    with pytest.raises(IncomingNotFound):
        register_incoming(incoming_id=arrived.pk, actor=clerk, at=NOW)
    assert not incoming_visible_to(staff(arrived.unit, "specialist")).exists()


def test_handles_what_is_assigned(arrived, clerk):
    receiving, head = staff(arrived.unit, "clerk"), staff(arrived.unit, "unit_head")
    lead = staff(arrived.unit, "specialist")
    register_incoming(incoming_id=arrived.pk, actor=receiving, at=NOW)
    order = {"incoming_id": arrived.pk, "at": NOW}
    directions = Directions(lead=lead, instruction="Tham mưu")
    with pytest.raises(NotPermitted):
        assign_incoming(actor=receiving, directions=directions, **order)
    with pytest.raises(WrongAssignee):
        assign_incoming(actor=head, directions=Directions(lead=clerk), **order)
    assign_incoming(actor=head, directions=directions, **order)
    assert incoming_visible_to(lead).get() == arrived
    start_handling(incoming_id=arrived.pk, actor=lead, at=NOW)
    with pytest.raises(NotPermitted):
        complete_incoming(incoming_id=arrived.pk, actor=receiving, result="", at=NOW)
    complete_incoming(incoming_id=arrived.pk, actor=lead, result="Xong", at=NOW)
    assert counts_by_state(arrived.dispatch.outgoing_id, clerk) == {"06": 1}
    assert counts_by_state(arrived.dispatch.outgoing_id, receiving) == {}


def test_recall_hides_it(arrived, clerk):
    receiving = staff(arrived.unit, "clerk")
    assert search_documents("truong chinh", receiving).exists()
    recall_document(outgoing_id=arrived.dispatch.outgoing_id, actor=clerk, reason="Sai", at=NOW)
    arrived.refresh_from_db()
    assert arrived.state == IncomingState.RECALLED
    assert not search_documents("Trường Chinh", receiving).exists()
    assert search_documents("Trường Chinh", clerk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_clerks_never_number_twice(arrived):
    clerks = [staff(arrived.unit, "clerk") for _ in range(2)]
    numbers = []

    def register(actor):
        try:
            numbers.append(register_incoming(incoming_id=arrived.pk, actor=actor, at=NOW).number)
        finally:
            connection.close()

    threads = [Thread(target=register, args=[actor]) for actor in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [1, 1]


def test_sends_to_every_unit_within_a_second(clerk):
    outgoing = sealed(clerk, [unit() for _ in range(501)])
    begun = perf_counter()
    dispatch = send(outgoing, clerk)
    assert perf_counter() - begun < 1
    assert dispatch.arrivals.count() == 501
