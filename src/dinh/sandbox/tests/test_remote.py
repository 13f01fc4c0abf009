"""Keys at a remote signing service, released on their holders' phones minutes later."""

import json
from base64 import b64encode

import httpx
import pytest
from django.utils import timezone

from dinh.kernel.errors import DomainError
from dinh.pki.api import LEADER_FIELD
from dinh.sandbox.remote import Refused, RemoteSigning
from dinh.sandbox.tests.test_letters import letter as letter  # a fixture
from dinh.signing import api
from dinh.signing.models import Credential, SessionState, SigningSession
from dinh.signing.providers import providers
from dinh.signing.remote import RemoteRefused, RemoteService, RemoteSilent
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


class Clock:
    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def service(people, settings):
    """The sandbox's service over the demo's keys, and a count of what it was asked."""
    return RemoteSigning(settings.DATA_DIR / "keys", now=Clock())


@pytest.fixture
def leader(people, service, monkeypatch):
    Credential.objects.filter(person=people[0].person).update(provider="remote", provider_ref="")
    transport = httpx.MockTransport(lambda request: told(service, request))
    remote = RemoteService("http://127.0.0.1:1/csc/v2", "secret", transport)
    monkeypatch.setattr(type(providers["remote"]), "_service", lambda self: remote)
    return people[0]


def told(service, request):

    assert request.headers["Authorization"] == "Bearer secret"
    try:
        answer = service.answer(request.url.path.removeprefix("/csc/v2/"), request.content)
    except Refused as refusal:
        return httpx.Response(400, json={"error": refusal.code, "error_description": refusal.words})
    return httpx.Response(200, json=answer)


def begin(letter, leader):
    return api.begin_signing(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=leader, certify=True,
        about={"Subject": "triển khai"},
    )  # fmt: skip


def finish(session, leader, letter):
    return api.finish_signing(session_id=session.id, appointment=leader, sha256=letter)


def approve(service):
    (handle,) = service.approvals
    assert service.decide(handle, approve=True)


def test_letter_is_signed_once_the_phone_has_approved(leader, letter, service):
    session = begin(letter, leader)
    assert (session.provider, session.challenge) == ("remote", {})
    for _asked_twice in range(2):
        with pytest.raises(api.StillWaiting):
            finish(session, leader, letter)
    assert SigningSession.objects.get().state == SessionState.OPEN
    assert [each.description for each in service.approvals.values()] == ["triển khai"]

    approve(service)
    signed = finish(session, leader, letter)

    assert finish(session, leader, letter) == signed
    (verdict,) = api.verdict_of(signed.sha256, offline=True).signatures
    assert verdict.holder_name == leader.person.full_name
    assert read_blob(signed.sha256).startswith(read_blob(letter))


def test_declining_on_the_phone_leaves_the_letter_unsigned(leader, letter, service):
    session = begin(letter, leader)
    (handle,) = service.approvals
    service.decide(handle, approve=False)

    with pytest.raises(RemoteRefused):
        finish(session, leader, letter)
    assert SigningSession.objects.get().state == SessionState.OPEN


def test_request_that_ran_out_is_refused(leader, letter, service):
    session = begin(letter, leader)
    approve(service)
    service.now.at = 301.0

    with pytest.raises(RemoteRefused):
        finish(session, leader, letter)


def test_approval_signs_its_own_letter_once(leader, letter, service):
    begin(letter, leader)
    approve(service)
    (handle,) = service.approvals
    waiting, key = service.approvals[handle], Credential.objects.get(person=leader.person).fingerprint
    body = {"credentialID": key, "SAD": waiting.sad, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"}

    with pytest.raises(Refused):
        service.answer("signatures/signHash", json.dumps({**body, "hashes": ["A" * 43 + "="]}).encode())
    good = json.dumps({**body, "hashes": [b64encode(waiting.digests[0]).decode()]}).encode()
    assert service.answer("signatures/signHash", good)["signatures"]
    with pytest.raises(Refused):
        service.answer("signatures/signHash", good)


def test_remote_key_is_not_signed_with_at_once(leader, letter):
    assert api.signs_on_device(leader, "person")
    with pytest.raises(api.SignOnDevice):
        api.sign_pdf(sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=leader)


def test_another_certificate_at_the_service_is_refused(leader, letter, people, service):
    other = Credential.objects.get(unit=people[0].unit).fingerprint
    Credential.objects.filter(person=leader.person).update(provider_ref=other)

    with pytest.raises(DomainError):
        begin(letter, leader)
    assert (service.approvals, SigningSession.objects.count()) == ({}, 0)


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(200, content=b"x"), httpx.Response(200, json=[]),
               httpx.Response(200, json={}), httpx.Response(200, json={"cert": {"certificates": ["*"]}})]
)  # fmt: skip
def test_service_that_answers_wrongly_is_told_as_silent(answer):
    remote = RemoteService("http://127.0.0.1:1", "", httpx.MockTransport(lambda _request: answer))

    with pytest.raises(RemoteSilent):
        remote.certificate("x")
    with pytest.raises(RemoteSilent):
        remote.authorise("x", b"attributes", str(timezone.now()))
