"""The signatures of a letter beside it: who sees them, and what is said."""

import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import IncomingState
from dinh.documents.models import Incoming
from dinh.documents.operations.signing import sign_step
from dinh.documents.tests.test_incoming_pages import arrival
from dinh.documents.tests.test_outgoing_signing import letter as letter
from dinh.signing.models import StoredVerdict

pytestmark = pytest.mark.django_db
PART = {"HTTP_HX_REQUEST": "true"}


def enter(client, appointment) -> None:
    client.force_login(
        getattr(appointment, "account", None) or AccountFactory(current_appointment=appointment)
    )


@pytest.fixture
def signed(letter):
    outgoing, _drafter, reviewer, leader, clerk = letter
    for signer in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=signer)
    return outgoing, reviewer, leader, clerk


def test_clerk_reads_who_signed_in_which_position(client, signed):
    outgoing, reviewer, leader, clerk = signed
    enter(client, clerk)

    answer = client.get(f"/documents/outgoing/{outgoing.pk}/signatures/", **PART)

    signers = [(each.holder_name, each.holder_title) for each in answer.context["verdict"].signatures]
    expected = [
        (each.person.full_name, f"{each.position.name}, {each.unit.name}") for each in (reviewer, leader)
    ]
    assert signers == expected
    page = answer.content.decode()
    assert all(title in page for _name, title in expected)
    assert "<html" not in page


def test_letter_is_judged_once_for_all_who_look(client, signed):
    outgoing, _reviewer, leader, clerk = signed
    for reader in (clerk, AppointmentFactory(unit=leader.unit, roles=[Role.UNIT_DEPUTY])):
        enter(client, reader)
        client.get(f"/documents/outgoing/{outgoing.pk}/signatures/", **PART)

    assert StoredVerdict.objects.count() == 1


def test_without_scripts_the_signatures_are_a_page(client, signed):
    outgoing, _reviewer, _leader, clerk = signed
    enter(client, clerk)

    answer = client.get(f"/documents/outgoing/{outgoing.pk}/signatures/")

    assert "documents/signatures/page.html" in [each.name for each in answer.templates]


def test_strangers_see_no_signatures(client, signed):
    outgoing = signed[0]
    enter(client, AppointmentFactory(roles=[Role.CLERK]))

    assert client.get(f"/documents/outgoing/{outgoing.pk}/signatures/").status_code == 404
    assert StoredVerdict.objects.count() == 0


def test_draft_without_signatures_has_none_to_show(client, letter):
    outgoing, drafter, *_others = letter
    enter(client, drafter)

    assert client.get(f"/documents/outgoing/{outgoing.pk}/").context["signed"] is False


def test_arrivals_signatures_are_seen_by_its_unit_alone(client):
    clerk, other = AppointmentFactory(roles=[Role.CLERK]), AppointmentFactory(roles=[Role.CLERK])
    row = arrival(clerk.unit)
    statuses = []
    for reader in (clerk, other):
        enter(client, reader)
        statuses.append(client.get(f"/documents/incoming/{row.pk}/signatures/", **PART).status_code)

    assert statuses == [200, 404]


def test_recalled_letters_signatures_are_hidden(client):
    clerk = AppointmentFactory(roles=[Role.CLERK])
    row = arrival(clerk.unit)
    Incoming.objects.filter(pk=row.pk).update(state=IncomingState.RECALLED)
    enter(client, clerk)

    assert client.get(f"/documents/incoming/{row.pk}/signatures/", **PART).status_code == 404
