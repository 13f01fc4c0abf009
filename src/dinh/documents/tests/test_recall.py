"""Recall, and sending under a request key."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.dispatch import (
    NoRecipients,
    NotDispatchable,
    OutgoingNotFound,
    RequestKeyUsed,
    dispatch_document,
    send_further,
)
from dinh.documents.operations.recall import NotRecallable, recall_document, report_deleted
from dinh.documents.operations.receiving import (
    ReasonMissing,
    WrongIncomingState,
    refuse_incoming,
    register_incoming,
)
from dinh.documents.operations.telling import tell_refused
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.kernel.errors import NotFound, NotPermitted
from dinh.notify.models import Notification
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return staff(unit(), "clerk")


def recall(outgoing, actor, reason="Sai số liệu"):
    return recall_document(outgoing_id=outgoing.pk, actor=actor, reason=reason, at=NOW)


def test_recall_takes_back_what_was_numbered_and_what_is_done_stays(clerk):
    outgoing = sealed(clerk, [unit(), unit(), unit()])
    numbered, done, _waiting = send(outgoing, clerk).arrivals.order_by("pk")
    register_incoming(incoming_id=numbered.pk, actor=staff(numbered.unit, "clerk"), at=NOW)
    Incoming.objects.filter(pk=done.pk).update(state=IncomingState.DONE)

    recall(outgoing, clerk)
    recall(outgoing, clerk, "lần hai")

    states = Incoming.objects.order_by("pk").values_list("state", "number")
    assert list(states) == [("15", 1), ("06", None), ("15", None)]
    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.RECALLED
    assert outgoing.dispatches.get().recall_reason == "Sai số liệu"
    left = WorkItem.objects.filter(target_id__in=[numbered.pk, _waiting.pk], done_at=None)
    assert set(left.values_list("target_id", "kind")) == {
        (numbered.pk, "documents.deleted"),
        (_waiting.pk, "documents.deleted"),
    }


def test_receivers_report_that_they_deleted_what_was_recalled(clerk):
    outgoing = sealed(clerk, [unit(), unit()])
    first, second = send(outgoing, clerk).arrivals.order_by("pk")
    receiver = staff(first.unit, "clerk")
    with pytest.raises(NotRecallable):
        report_deleted(incoming_id=first.pk, actor=receiver, at=NOW)
    recall(outgoing, clerk)

    for _twice in range(2):
        report_deleted(incoming_id=first.pk, actor=receiver, at=NOW)
    with pytest.raises(NotFound):
        report_deleted(incoming_id=second.pk, actor=receiver, at=NOW)

    reported = Incoming.objects.order_by("pk").values_list("recall_reported_at", "recall_reported_by")
    assert list(reported) == [(NOW, receiver.pk), (None, None)]
    waiting = WorkItem.objects.filter(kind="documents.deleted", done_at=None)
    assert list(waiting.values_list("target_id", flat=True)) == [second.pk]


def test_only_a_clerk_reports_the_deletion(clerk):
    outgoing = sealed(clerk, [unit()])
    arrival = send(outgoing, clerk).arrivals.get()
    recall(outgoing, clerk)

    with pytest.raises(NotPermitted):
        report_deleted(incoming_id=arrival.pk, actor=staff(arrival.unit, "unit_head"), at=NOW)

    arrival.refresh_from_db()
    assert arrival.recall_reported_at is None


def test_who_sent_and_who_drafted_learn_of_a_refusal_once(clerk):
    drafter = staff(clerk.unit)
    outgoing = sealed(clerk, [unit()], code="07/X")
    Outgoing.objects.filter(pk=outgoing.pk).update(drafter=drafter)
    refused = send(outgoing, clerk).arrivals.get()
    refuse_incoming(incoming_id=refused.pk, actor=staff(refused.unit, "clerk"), reason="Gửi nhầm", at=NOW)

    for _ in range(2):
        tell_refused(incoming_id=refused.pk, refused_at=NOW)

    told = Notification.objects.filter(kind="documents.refused")
    assert sorted(told.values_list("appointment_id", flat=True)) == sorted([clerk.pk, drafter.pk])
    assert {each.url for each in told} == {f"/documents/outgoing/{outgoing.pk}/"}
    assert told[0].text.endswith("Gửi nhầm")


def test_recall_costs_the_same_for_any_number_of_recipients(clerk):
    amounts = []
    for size in (1, 3):
        outgoing = sealed(clerk, [unit() for _one in range(size)])
        send(outgoing, clerk, f"k{size}")
        with CaptureQueriesContext(connection) as queries:
            recall(outgoing, clerk)
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]


def test_recall_is_refused_to_others_without_reason_and_before_issue(clerk):
    outgoing = sealed(clerk, [unit()])
    with pytest.raises(NotRecallable):
        recall(outgoing, clerk)
    send(outgoing, clerk)
    with pytest.raises(ReasonMissing):
        recall(outgoing, clerk, " ")
    for other in (staff(unit(), "clerk"), staff(clerk.unit, "specialist")):
        with pytest.raises(OutgoingNotFound):
            recall(outgoing, other)
    assert set(Incoming.objects.values_list("state", flat=True)) == {IncomingState.ARRIVED}


def test_a_request_key_serves_one_document_of_a_unit(clerk):
    other = staff(unit(), "clerk")
    send(sealed(clerk, [unit()]), clerk, "same")
    second = sealed(clerk, [unit()])

    with pytest.raises(RequestKeyUsed) as refusal:
        send(second, clerk, "same")

    assert refusal.value.field == "request_key"
    second.refresh_from_db()
    assert second.state == OutgoingState.SEALED
    assert not second.dispatches.exists()
    assert send(sealed(other, [unit()]), other, "same").sender == other.unit


def test_sends_further_to_new_units_once(clerk):
    first, added = unit(), unit()
    outgoing = sealed(clerk, [first])
    send(outgoing, clerk)
    order = {"outgoing_id": outgoing.pk, "actor": clerk, "at": NOW}

    for _time in range(2):
        send_further(units=[first.pk, added.pk], request_key="more", **order)

    assert list(outgoing.recipients.values_list("unit_id", flat=True)) == [first.pk, added.pk]
    assert Incoming.objects.filter(unit=added).count() == 1
    with pytest.raises(NoRecipients):
        send_further(units=[first.pk], request_key="again", **order)
    with pytest.raises(NoRecipients):
        send_further(units=[clerk.unit_id], request_key="self", **order)
    recall(outgoing, clerk)
    with pytest.raises(NotDispatchable):
        send_further(units=[unit().pk], request_key="late", **order)


def test_dispatch_of_an_unsealed_document_leaves_no_trace(clerk):
    outgoing = sealed(clerk, [unit()])
    outgoing.state = OutgoingState.NUMBERED
    outgoing.save()
    with pytest.raises(NotDispatchable):
        dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key="k", at=NOW)
    assert not WorkItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_recall_beside_registering_clerks_leaves_nothing_half_done(clerk):
    outgoing = sealed(clerk, [unit() for _each in range(4)])
    arrivals = list(send(outgoing, clerk).arrivals.order_by("pk"))
    clerks = [staff(each.unit, "clerk") for each in arrivals]

    with ThreadPoolExecutor(len(arrivals) + 1) as pool:
        registering = [
            pool.submit(alone, register_or_refused, each.pk, who)
            for each, who in zip(arrivals, clerks, strict=True)
        ]
        recalling = pool.submit(alone, recall, outgoing, clerk)
    registered = [each.result() for each in registering]

    assert recalling.result().state == OutgoingState.RECALLED
    for arrival, number in zip(arrivals, registered, strict=True):
        arrival.refresh_from_db()
        assert (arrival.state, arrival.number) == (IncomingState.RECALLED, number)
        waiting = WorkItem.objects.filter(target_id=arrival.pk, done_at=None)
        assert list(waiting.values_list("kind", flat=True)) == ["documents.deleted"]


def register_or_refused(incoming_id, actor):
    """The number, None where the letter was recalled before."""
    try:
        return register_incoming(incoming_id=incoming_id, actor=actor, at=NOW).number
    except WrongIncomingState:
        return None


def alone(act, *given):
    """In a thread's own connection."""
    try:
        return act(*given)
    finally:
        connection.close()
