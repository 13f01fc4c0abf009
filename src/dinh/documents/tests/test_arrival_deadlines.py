"""Until when the receiving office registers, presents and reports (Decree 30/2020, Art. 18, 21 to 23)."""

from datetime import datetime
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps

from dinh.documents.arrival_deadlines import DELETED, DIRECT, REGISTER, arrival_due
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.tests.test_incoming import sealed, staff, unit
from dinh.worklist.models import WorkItem
from dinh.worklist.tests.factories import WorkItemFactory


def vietnam(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.mark.parametrize(
    ("kind", "arrived", "urgency", "due"),
    [
        (REGISTER, vietnam(4, 9), 0, vietnam(4, 17)),
        (REGISTER, vietnam(4, 15, 30), 0, vietnam(4, 17)),
        (REGISTER, vietnam(4, 15, 31), 0, vietnam(5, 12)),
        (REGISTER, vietnam(6, 16), 0, vietnam(9, 12)),  # a Friday afternoon
        (REGISTER, vietnam(7, 9), 0, vietnam(9, 12)),  # a Saturday
        (REGISTER, vietnam(4, 9), 1, vietnam(4, 10)),
        (REGISTER, vietnam(4, 11), 3, vietnam(4, 14)),  # over noon
        (REGISTER, vietnam(4, 22), 3, vietnam(5, 8, 30)),
        (DIRECT, vietnam(4, 9), 0, vietnam(5, 17)),
        (DIRECT, vietnam(6, 9), 0, vietnam(9, 17)),
        (DIRECT, vietnam(4, 9), 2, vietnam(4, 10)),
        (DELETED, vietnam(4, 9), 0, vietnam(4, 17)),
    ],
)
def test_what_arrived_is_due(kind, arrived, urgency, due):
    assert arrival_due(kind, at=arrived, urgency=urgency) == due


def test_what_no_rule_speaks_of_is_never_due():
    assert arrival_due("documents.handle", at=vietnam(4, 9), urgency=0) is None


def waiting():
    return list(WorkItem.objects.filter(done_at=None).values_list("kind", "due_at").order_by("pk"))


@pytest.mark.django_db
def test_each_step_of_the_receiving_office_has_its_deadline():
    clerk, receiver = staff(unit(), "clerk"), staff(unit(), "clerk")
    outgoing, at = sealed(clerk, [receiver.unit]), vietnam(4, 9)

    sent = dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key="k", at=at)
    assert waiting() == [(REGISTER, vietnam(4, 17))]

    register_incoming(incoming_id=sent.arrivals.get().pk, actor=receiver, at=vietnam(4, 10))
    assert waiting() == [(DIRECT, vietnam(5, 17))]

    recall_document(outgoing_id=outgoing.pk, actor=clerk, reason="Sai số liệu", at=vietnam(5, 16))
    assert waiting() == [(DELETED, vietnam(6, 12))]


@pytest.mark.django_db
def test_what_waited_before_there_were_deadlines_gets_that_of_its_day():
    arrived = vietnam(4, 10)
    kinds = {"documents.register": None, "documents.direct": None, "documents.handle": None}
    for kind in kinds:
        kinds[kind] = WorkItemFactory(kind=kind, created_at=arrived).pk
    done = WorkItemFactory(kind="documents.register", created_at=arrived, done_at=arrived).pk

    import_module("dinh.documents.migrations.0021_deadlines_of_what_waited").give_deadlines(apps, None)

    due = dict(WorkItem.objects.values_list("pk", "due_at"))
    assert due[kinds["documents.register"]] == arrival_due("documents.register", at=arrived, urgency=0)
    assert due[kinds["documents.direct"]] == arrival_due("documents.direct", at=arrived, urgency=0)
    assert (due[kinds["documents.handle"]], due[done]) == (None, None)
