"""Signatures and seals whose keys sit in their holders' tokens."""

import base64
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings as house
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import OutgoingState, StepState
from dinh.documents.models import DeviceSignature, Outgoing
from dinh.documents.operations.approval import NotYourTurn, return_draft, submit_draft
from dinh.documents.operations.devices import SealedAlready, begin_seal, begin_step, finish_on_device
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.sealing import NotNumbered
from dinh.documents.operations.signing import sign_step
from dinh.documents.tests.test_drafting import waiting
from dinh.documents.tests.test_outgoing_signing import delegated, filled, letter, pdf_of  # noqa: F401 fixtures
from dinh.kernel.errors import DomainError, NotFound
from dinh.kernel.tests.database import environment_of_tests
from dinh.signing.api import ChangedMeanwhile, SessionFinished, SignOnDevice, finish_signing
from dinh.signing.keys import signer_of
from dinh.signing.models import Credential, SigningSession

pytestmark = pytest.mark.django_db
DAY = timezone.localdate()


@pytest.fixture
def tokens(letter):  # noqa: F811
    """The letter's people; every key is in its holder's token now."""
    Credential.objects.update(provider="plugin")
    return letter


@pytest.fixture
def numbered(letter):  # noqa: F811
    """A numbered letter, whose seal is in a token."""
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    Credential.objects.update(provider="plugin")
    return outgoing, clerk


def token(challenge):
    """What the token answers to a challenge."""
    return signer_of(challenge["fingerprint"]).sign(base64.b64decode(challenge["attributes"]))


def finish(session, actor, **answer):
    return finish_on_device(session_id=session.id, actor=actor, **answer)


def acts(outgoing):
    return [entry.action.rsplit(".", 1)[1] for entry in trace_of(outgoing)]


def test_a_letter_signed_by_order_is_sealed_by_a_token(delegated):  # noqa: F811
    outgoing, _signer, clerk = delegated
    Credential.objects.update(provider="plugin")

    _begun, session = begin_seal(outgoing_id=outgoing.pk, actor=clerk)
    finish(session, clerk, signature=token(session.challenge))

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.SEALED


def test_a_token_initials_and_the_next_step_waits(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    _begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    assert filled(outgoing) == []

    finish(session, reviewer, signature=token(session.challenge))

    assert filled(outgoing) == ["Signature.initials.1"]
    assert waiting(outgoing) == [("documents.sign", leader.pk)]
    assert acts(outgoing) == ["drafted", "submitted", "initialled"]


def test_a_token_does_not_sign_at_once(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens

    with pytest.raises(SignOnDevice):
        sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    with pytest.raises(NotYourTurn):
        begin_step(outgoing_id=outgoing.pk, actor=leader)
    assert filled(outgoing) == []


def test_the_same_answer_again_changes_nothing(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    _begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    answer = token(session.challenge)
    finish(session, reviewer, signature=answer)
    signed = pdf_of(outgoing)

    finish(session, reviewer, signature=answer)
    with pytest.raises(SessionFinished):
        finish(session, reviewer, signature=answer[:-1])

    assert pdf_of(outgoing) == signed
    assert acts(outgoing).count("initialled") == 1
    assert waiting(outgoing) == [("documents.sign", leader.pk)]


def test_another_person_finds_nothing_to_finish(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    _begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)

    with pytest.raises(NotFound):
        finish(session, leader, signature=token(session.challenge))
    with pytest.raises(NotFound):
        finish_on_device(session_id=uuid4(), actor=reviewer, signature=b"x")
    with pytest.raises(NotFound):
        finish(session, reviewer, signature=token(session.challenge), outgoing_id=outgoing.pk + 1)
    assert filled(outgoing) == []


def test_a_letter_returned_meanwhile_is_not_signed(tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    _begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    return_draft(outgoing_id=outgoing.pk, actor=reviewer, reason="Sửa căn cứ", at=timezone.now())

    with pytest.raises(ChangedMeanwhile):
        finish(session, reviewer, signature=token(session.challenge))

    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.document.content_id) == (OutgoingState.RETURNED, None)
    assert acts(outgoing)[-1] == "returned"


def test_a_letter_initialled_in_another_window_is_not_signed_twice(tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    sessions = [begin_step(outgoing_id=outgoing.pk, actor=reviewer)[1] for _window in range(2)]
    finish(sessions[0], reviewer, signature=token(sessions[0].challenge))
    once = pdf_of(outgoing)

    with pytest.raises(ChangedMeanwhile):
        finish(sessions[1], reviewer, signature=token(sessions[1].challenge))

    assert pdf_of(outgoing) == once


def test_a_signature_that_was_interrupted_is_taken_over_without_the_token(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    finish_signing(
        session_id=session.id,
        appointment=reviewer,
        sha256=begun.before_id,
        signature=token(session.challenge),
    )
    assert filled(outgoing) == []

    finish(session, reviewer)

    assert filled(outgoing) == ["Signature.initials.1"]
    assert waiting(outgoing) == [("documents.sign", leader.pk)]


def test_an_interrupted_signature_is_not_put_on_a_returned_letter(tokens):
    outgoing, drafter, reviewer, _leader, _clerk = tokens
    begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    answer = {"sha256": begun.before_id, "signature": token(session.challenge)}
    finish_signing(session_id=session.id, appointment=reviewer, **answer)
    return_draft(outgoing_id=outgoing.pk, actor=reviewer, reason="Sửa", at=timezone.now())

    with pytest.raises(DomainError):
        finish(session, reviewer)

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.RETURNED
    assert DeviceSignature.objects.get().finished_at is None
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    assert outgoing.steps.get(state=StepState.WAITING).signed is False


def test_a_token_seals(numbered):
    outgoing, clerk = numbered
    _begun, session = begin_seal(outgoing_id=outgoing.pk, actor=clerk)

    finish(session, clerk, signature=token(session.challenge))

    outgoing.refresh_from_db()
    assert (outgoing.state, filled(outgoing)[-1]) == (OutgoingState.SEALED, "Signature.seal")
    assert waiting(outgoing) == [("documents.dispatch", None)]
    finish(session, clerk, signature=token(session.challenge))
    assert acts(outgoing).count("sealed") == 1
    with pytest.raises(SealedAlready):
        begin_seal(outgoing_id=outgoing.pk, actor=clerk)


def test_only_a_numbered_letter_is_sealed_by_a_token(tokens):
    outgoing, _drafter, _reviewer, _leader, clerk = tokens

    with pytest.raises(NotNumbered):
        begin_seal(outgoing_id=outgoing.pk, actor=clerk)


FINISH = """
import base64, sys
import django
django.setup()
from dinh.directory.models import Appointment
from dinh.documents.operations.devices import finish_on_device
session, actor, answer = sys.argv[1:]
actor = Appointment.objects.select_related("person", "unit", "position").get(pk=actor)
finish_on_device(session_id=session, actor=actor, signature=base64.b64decode(answer))
"""


@pytest.mark.django_db(transaction=True)
def test_another_process_finishes_after_a_restart(tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    _begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    answer = base64.b64encode(token(session.challenge)).decode()
    command = [sys.executable, "-c", FINISH, str(session.id), str(reviewer.pk), answer]

    done = subprocess.run(command, env=environment_of_tests(), capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert filled(Outgoing.objects.get(pk=outgoing.pk)) == ["Signature.initials.1"]
    assert waiting(outgoing) == [("documents.sign", leader.pk)]


def enter(client, appointment):
    account = Account.objects.filter(person=appointment.person).first()
    client.force_login(account or AccountFactory(current_appointment=appointment))


def post_answer(client, line):
    answer = base64.b64encode(token(line.info.challenge)).decode()
    return client.post(line.finish_url, {"signature": answer}).json()


def test_the_page_signs_with_the_token_and_may_be_reloaded(client, tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    enter(client, reviewer)
    page = client.post(reverse("documents:outgoing_act", args=[outgoing.pk, "sign"])).url

    first, again = client.get(page), client.get(page)
    (line,) = again.context["lines"]
    assert first.context["lines"][0].info == line.info
    assert f"connect-src 'self' {house.SIGNING_PLUGIN_URL}" in again["Content-Security-Policy"]
    assert client.post(line.finish_url, {"signature": "***"}).json()["done"] is False
    assert post_answer(client, line)["done"] is True

    assert filled(outgoing) == ["Signature.initials.1"]
    assert client.get(page).context["waiting"] == []


def test_the_tray_begins_every_chosen_letter_and_tells_what_it_cannot(client, tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    enter(client, reviewer)
    answer = client.post(reverse("documents:signing_tray"), {"letters": [outgoing.pk, 999_999]}, follow=True)

    assert [line.begun.outgoing_id for line in answer.context["lines"]] == [outgoing.pk]
    assert len(answer.context["messages"]) == 1


def test_the_page_says_when_a_letter_was_returned_or_the_time_ran_out(client, tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    enter(client, reviewer)
    page = client.post(reverse("documents:outgoing_act", args=[outgoing.pk, "sign"])).url
    SigningSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(page).context["lines"][0].refusal
    return_draft(outgoing_id=outgoing.pk, actor=reviewer, reason="Sửa", at=timezone.now())

    assert client.get(page).context["lines"][0].refusal
    assert client.get(page).context["waiting"] == []


def test_the_page_is_not_there_for_others(client, tokens):
    outgoing, _drafter, reviewer, leader, _clerk = tokens
    begun, session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    enter(client, leader)

    page = client.get(reverse("documents:device", args=[begun.batch]))
    answer = client.post(reverse("documents:device_finish", args=[session.id]), {"signature": "AA=="})

    assert (page.status_code, answer.status_code) == (404, 404)
    assert client.get(reverse("documents:device", args=[uuid4()])).status_code == 404


def test_the_clerk_numbers_and_seals_with_the_token_then_sends(client, letter):  # noqa: F811
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    Credential.objects.update(provider="plugin")
    enter(client, clerk)
    page = client.post(reverse("documents:issuing_tray"), {"letters": [outgoing.pk]}).url
    (line,) = client.get(page).context["lines"]

    assert post_answer(client, line)["done"] is True
    client.post(reverse("documents:issuing_tray"), {"letters": [outgoing.pk]})

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.ISSUED


def test_a_program_signs_in_two_phases(client, tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    enter(client, reviewer)
    url, kind = f"/api/v1/outgoing/{outgoing.pk}/sign", "application/json"
    begun = client.post(f"{url}/begin", {}, content_type=kind).json()
    answer = base64.b64encode(token(begun["challenge"])).decode()

    wrong = client.post(f"{url}/finish", {"session": begun["session"], "cms": "*"}, content_type=kind)
    body = {"session": begun["session"], "signature": answer}
    done = [client.post(f"{url}/finish", body, content_type=kind).json()["state"] for _time in range(2)]

    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cms")
    assert done == ["reviewing", "reviewing"]
    assert filled(outgoing) == ["Signature.initials.1"]
    assert client.post(f"{url}/begin", {}, content_type=kind).status_code == 409
    assert client.post(f"/api/v1/outgoing/{outgoing.pk}/burn/begin", {}, content_type=kind).status_code == 422


def test_the_page_costs_the_same_for_one_letter_and_three(client, tokens):
    outgoing, _drafter, reviewer, _leader, _clerk = tokens
    enter(client, reviewer)
    begun, _session = begin_step(outgoing_id=outgoing.pk, actor=reviewer)
    page = reverse("documents:device", args=[begun.batch])
    client.get(page)
    counts = []
    for more in (0, 2):
        for _letter in range(more):
            begin_step(outgoing_id=outgoing.pk, actor=reviewer, batch=begun.batch)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counts.append(len(queries))

    assert counts[0] == counts[1]
