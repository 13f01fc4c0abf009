"""A request goes out, its reply comes back, and the sender sees both."""

import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import IncomingState
from dinh.documents.events import DocumentDispatched
from dinh.documents.models import Outgoing
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.receivers import complete_what_was_answered
from dinh.documents.tests.test_incoming import sealed, send, staff, unit
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """A letter sent by a department, assigned at a commune; its sender, its arrival, who handles it."""
    sender, commune = staff(unit(), "clerk"), unit()
    arrival = send(sealed(sender, [commune, unit()]), sender).arrivals.get(unit=commune)
    clerk, head, specialist = (staff(commune, role) for role in ("clerk", Role.UNIT_HEAD, "specialist"))
    register_incoming(incoming_id=arrival.pk, actor=clerk, at=timezone.now())
    assign_incoming(
        incoming_id=arrival.pk,
        actor=head,
        directions=Directions(lead=specialist, instruction="Trả lời"),
        at=timezone.now(),
    )
    return sender, arrival, clerk


def reply(asked) -> Outgoing:
    sender, arrival, clerk = asked
    answer = sealed(clerk, [sender.unit], subject="Trả lời", code="01/UBND")
    answer.replies_to.add(arrival)
    sent = dispatch_document(outgoing_id=answer.pk, actor=clerk, request_key="r", at=timezone.now())
    for _time in range(2):
        complete_what_was_answered(DocumentDispatched(sent.pk, sent.document_id, sent.sender_id))
    return answer


def test_a_reply_closes_what_it_answers(asked):
    _sender, arrival, _clerk = asked

    reply(asked)

    arrival.refresh_from_db()
    assert (arrival.state, arrival.result_text) == (IncomingState.DONE, "Đã trả lời bằng văn bản 01/UBND.")
    assert not WorkItem.objects.filter(target_type="documents.incoming", target_id=arrival.pk, done_at=None)


def test_the_sender_sees_states_and_the_reply(asked, client):
    sender, arrival, _clerk = asked
    answer = reply(asked)
    client.force_login(AccountFactory(current_appointment=sender))
    url = f"/documents/outgoing/{arrival.dispatch.outgoing_id}/"

    part = client.get(f"{url}recipients/", headers={"HX-Request": "true"})

    rows = {row.unit_id: (row.state, row.reply_id) for row in part.context["page"]}
    back = answer.document.arrivals.get()
    assert rows[arrival.unit_id] == (IncomingState.DONE, back.pk)
    assert sorted(state for state, _reply in rows.values()) == ["01", "06"]
    assert list(client.get(url).context["replies"]) == [back]
    assert [row.pk for row in client.get(f"{url}recipients/?state=06").context["page"]] == [arrival.pk]


def test_other_units_see_no_states(asked, client):
    _sender, arrival, clerk = asked
    url = f"/documents/outgoing/{arrival.dispatch.outgoing_id}/recipients/"
    for appointment in (clerk, AppointmentFactory(roles=[Role.CLERK])):
        client.force_login(AccountFactory(current_appointment=appointment))
        assert client.get(url).status_code == 404


def test_as_many_queries_for_three_recipients_as_for_one(client, django_assert_max_num_queries):
    sender, amounts = staff(unit(), "clerk"), []
    client.force_login(AccountFactory(current_appointment=sender))
    client.get("/")
    for size in (1, 3):
        outgoing = sealed(sender, [unit() for _one in range(size)])
        send(outgoing, sender, f"k{size}")
        with django_assert_max_num_queries(50) as queries:
            client.get(f"/documents/outgoing/{outgoing.pk}/recipients/")
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]
