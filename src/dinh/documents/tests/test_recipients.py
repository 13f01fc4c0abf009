"""What the sender sees of its recipients, and does about them."""

from datetime import timedelta

import pytest

from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import IncomingState
from dinh.documents.events import DispatchRecalled, RecipientsReminded
from dinh.documents.models import Incoming
from dinh.documents.operations.dispatch import OutgoingNotFound
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import refuse_incoming, register_incoming
from dinh.documents.operations.reminding import NobodyToRemind, RemindedAlready, remind_recipients
from dinh.documents.receivers import tell_of_recall, tell_of_reminder
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.notify.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    clerk = staff(unit(), "clerk")
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


@pytest.fixture
def sent(clerk):
    """A letter at two units of clerks of their own; the first registered it."""
    outgoing = sealed(clerk, [unit(search_name="xa mot"), unit(search_name="xa hai")], code="07/STTTT")
    first, second = send(outgoing, clerk).arrivals.order_by("pk")
    clerks = [staff(each.unit, "clerk") for each in (first, second)]
    register_incoming(incoming_id=first.pk, actor=clerks[0], at=NOW)
    return outgoing, (first, second), clerks


def page(client, outgoing, query="", **headers):
    return client.get(f"/documents/outgoing/{outgoing.pk}/recipients/{query}", headers=headers)


def test_states_are_filtered_by_state_and_name(client, sent):
    outgoing, (first, second), _clerks = sent
    for query, expected in (("?state=01", [second]), ("?q=Xã+Một", [first]), ("?q=xa", [first, second])):
        assert list(page(client, outgoing, query).context["page"]) == expected


def test_what_renews_itself_is_the_states_alone(client, sent):
    outgoing, _arrivals, _clerks = sent
    renewed = page(client, outgoing, **{"HX-Request": "true", "HX-Target": "recipient-states"})
    whole = page(client, outgoing, **{"HX-Request": "true"})
    assert renewed.templates[0].name == "documents/recipients/states.html"
    assert "every 10s" in renewed.content.decode()
    assert "recall-reason" not in renewed.content.decode()
    assert "recall-reason" in whole.content.decode()


def test_nothing_renews_itself_once_all_are_done(client, sent):
    outgoing, arrivals, _clerks = sent
    Incoming.objects.filter(pk__in=[each.pk for each in arrivals]).update(state=IncomingState.DONE)
    assert "every 10s" not in page(client, outgoing).content.decode()


def test_reminds_only_those_who_have_not_received_it_and_once_an_hour(clerk, sent):
    outgoing, (_first, second), clerks = sent
    order = {"outgoing_id": outgoing.pk, "actor": clerk}

    assert remind_recipients(at=NOW, **order) == 1
    for _time in range(2):
        tell_of_reminder(RecipientsReminded(outgoing.pk, NOW))

    told = Notification.objects.get()
    assert told.appointment == clerks[1]
    assert told.text == f"{clerk.unit.name} nhắc tiếp nhận văn bản 07/STTTT “Đường Trường Chinh”."
    with pytest.raises(RemindedAlready):
        remind_recipients(at=NOW + timedelta(minutes=59), **order)
    assert remind_recipients(at=NOW + timedelta(hours=1), **order) == 1
    register_incoming(incoming_id=second.pk, actor=clerks[1], at=NOW)
    with pytest.raises(NobodyToRemind):
        remind_recipients(at=NOW + timedelta(hours=3), **order)
    with pytest.raises(OutgoingNotFound):
        remind_recipients(outgoing_id=outgoing.pk, actor=clerks[0], at=NOW)


def test_recall_is_told_to_those_who_lost_the_letter(clerk, sent):
    outgoing, (_first, second), clerks = sent
    refuse_incoming(incoming_id=second.pk, actor=clerks[1], reason="Nhầm nơi nhận", at=NOW)

    recall_document(outgoing_id=outgoing.pk, actor=clerk, reason="Sai số liệu", at=NOW)
    for _time in range(2):
        tell_of_recall(DispatchRecalled(outgoing.dispatches.get().pk, outgoing.document_id))

    told = Notification.objects.get()
    assert told.appointment == clerks[0]
    assert told.text.endswith("đã thu hồi văn bản 07/STTTT “Đường Trường Chinh”. Lý do: Sai số liệu")


def test_a_clerk_recalls_reminds_and_sends_further_from_the_page(client, sent):
    outgoing, arrivals, _clerks = sent
    more = unit(search_name="xa ba")
    address = f"/documents/outgoing/{outgoing.pk}/recipients/"
    chooser = client.get(f"{address}further/?q=xã ba")

    client.post(f"{address}remind/")
    for _time in range(2):
        key = chooser.context["request_key"]
        client.post(f"{address}further/", {"units": more.pk, "purpose": "inform", "request_key": key})
    client.post(f"{address}recall/", {"reason": "Sai"})

    assert [each.pk for each in chooser.context["page"]] == [more.pk]
    assert Incoming.objects.get(unit=more).purpose == "inform"
    assert set(Incoming.objects.values_list("state", flat=True)) == {IncomingState.RECALLED}
    assert all(each.dispatch.reminded_at is None for each in arrivals)
    assert outgoing.dispatches.order_by("pk").first().reminded_at is not None


def test_others_may_neither_recall_nor_remind_nor_send_further(client, sent):
    outgoing, _arrivals, clerks = sent
    colleague = staff(outgoing.unit, "unit_head")
    for stranger in (clerks[0], colleague):
        client.force_login(AccountFactory(current_appointment=stranger))
        for act in ("recall", "remind", "further"):
            answer = client.post(f"/documents/outgoing/{outgoing.pk}/recipients/{act}/", {"reason": "x"})
            assert answer.status_code == 404
    assert not Incoming.objects.filter(state=IncomingState.RECALLED).exists()


def test_the_told_address_leads_to_ones_own_arrival(client, sent):
    outgoing, (first, _second), clerks = sent
    client.force_login(AccountFactory(current_appointment=clerks[0]))
    answer = client.get(f"/documents/incoming/of/{outgoing.document_id}/")
    assert answer.url == f"/documents/incoming/{first.pk}/"
    client.force_login(AccountFactory(current_appointment=staff(unit(), "clerk")))
    assert client.get(f"/documents/incoming/of/{outgoing.document_id}/").status_code == 404


@pytest.mark.parametrize("query", ["q=a%00b", "state=%00", "state=zz", "page=x"])
def test_a_hostile_filter_is_answered(client, sent, query):
    outgoing, _arrivals, _clerks = sent
    assert page(client, outgoing, f"?{query}").status_code == 200
    assert client.get(f"/api/v1/outgoing/{outgoing.pk}/recipients?q=a%00b").status_code == 200
    assert client.get(f"/documents/outgoing/{outgoing.pk}/recipients/further/?q=%00").status_code == 200
    assert client.get("/documents/search/?q=%00a").status_code == 200
    assert client.get("/api/v1/incoming?q=%00a&tab=%00&sender=%00&verdict=%00").status_code in (200, 422)
