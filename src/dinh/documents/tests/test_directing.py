"""The leader's tray: whom a letter goes to in two touches."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import IncomingState
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.directing import letters_to_direct, likely_leads
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit

pytestmark = pytest.mark.django_db
TRAY = "documents:directing_tray"


@pytest.fixture
def office(client):
    of = unit()
    clerk, head = staff(of, "clerk"), staff(of, "unit_head")
    client.force_login(AccountFactory(current_appointment=head))
    return clerk, head


def waiting(office, key, **fields):
    sender = staff(unit(), "clerk")
    incoming = send(sealed(sender, [office[0].unit], code=key, **fields), sender, key).arrivals.get()
    return register_incoming(incoming_id=incoming.pk, actor=office[0], at=NOW)


def test_the_most_urgent_letter_waits_first_and_only_for_leaders(client, office):
    calm, urgent = waiting(office, "01"), waiting(office, "02", urgency=3)

    assert list(letters_to_direct(office[1])) == [urgent, calm]
    assert list(letters_to_direct(office[0])) == []
    client.force_login(AccountFactory(current_appointment=office[0]))
    assert client.get(reverse(TRAY)).status_code == 404


def test_one_touch_chooses_and_one_assigns(client, office):
    letter, handler = waiting(office, "01"), staff(office[0].unit)

    card = client.post(
        reverse("documents:incoming_direct", args=[letter.pk]),
        {"lead": f"a{handler.pk}"},
        headers={"HX-Request": "true"},
    )
    again = client.post(reverse("documents:incoming_direct", args=[letter.pk]), {"other": f"a{handler.pk}"})

    letter.refresh_from_db()
    assert handler.person.full_name in card.content.decode()
    assert (letter.state, letter.assignments.get().appointment) == (IncomingState.ASSIGNED, handler)
    assert again.status_code == 422
    assert list(letters_to_direct(office[1])) == []


def test_without_a_choice_the_card_says_what_is_missing(client, office):
    letter = waiting(office, "01")

    card = client.post(
        reverse("documents:incoming_direct", args=[letter.pk]), {}, headers={"HX-Request": "true"}
    )

    assert card.status_code == 422
    assert "Hãy chọn người chủ trì" in card.content.decode() or 'role="alert"' in card.content.decode()
    assert letters_to_direct(office[1]).get() == letter


def test_who_led_most_often_stands_first(client, office):
    people = [staff(office[0].unit) for _ in range(5)]
    letter = waiting(office, "01")
    client.post(reverse("documents:incoming_direct", args=[letter.pk]), {"other": f"a{people[4].pk}"})

    likely, others = likely_leads(office[1], now=timezone.now(), today=timezone.localdate())

    assert likely[0] == (f"a{people[4].pk}", people[4].person.full_name)
    assert (len(likely), len(others)) == (4, 2)
    assert f"a{office[1].pk}" not in {key for key, _name in likely + others}


def test_another_units_letter_is_missing(client, office):
    foreign = (staff(unit(), "clerk"), office[1])
    letter = waiting(foreign, "01")

    assert client.post(reverse("documents:incoming_direct", args=[letter.pk]), {}).status_code == 404
    letter.refresh_from_db()
    assert letter.state == IncomingState.RECEIVED


def test_as_many_queries_for_three_letters_as_for_one(client, office):
    amounts = []
    for keys in (["01"], ["02", "03"]):
        for key in keys:
            waiting(office, key)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(TRAY))
        amounts.append(len(queries))

    assert amounts[0] == amounts[1]
