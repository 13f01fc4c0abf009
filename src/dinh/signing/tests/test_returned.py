"""A whole PDF that a program at the holder's computer signed and sent back."""

import pytest
from django.utils import timezone

from dinh.pki.api import LEADER_FIELD, PreparedSignature, SignatureClaims, finish, prepare, read_fields
from dinh.signing import api
from dinh.signing.keys import signer_of
from dinh.signing.models import Credential, SessionState, SigningSession
from dinh.signing.operations.returned import NotOurRevision
from dinh.signing.operations.signing import issuers_of
from dinh.signing.tests.test_sessions import begin
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(people):
    Credential.objects.filter(person=people[0].person).update(provider="plugin")
    return people[0]


@pytest.fixture
def session(leader, letter):
    return begin(letter, leader)


def signed_elsewhere(pdf, credential, field=LEADER_FIELD, certify=True):
    """What a program makes of the handed-out file, without our prepared revision."""
    certificates = (bytes(credential.certificate), *issuers_of(credential))
    claims = SignatureClaims(claimed_at=timezone.now(), name="VGCA")
    prepared: PreparedSignature = prepare(
        pdf=pdf,
        field=field,
        certificates=certificates,
        claims=claims,
        appearance=None,
        certify=certify,
        locks=(),
    )
    return finish(
        prepared=prepared, signature=signer_of(credential.fingerprint).sign(prepared.attributes)
    ).pdf


def give_back(session, leader, letter, pdf):
    return api.finish_signing(session_id=session.id, appointment=leader, sha256=letter, pdf=pdf)


def test_the_letter_with_its_one_signature_is_taken(leader, letter, session):
    returned = signed_elsewhere(read_blob(letter), Credential.objects.get(person=leader.person))

    signed = give_back(session, leader, letter, returned)

    assert read_blob(signed.sha256) == returned
    assert [f.name for f in read_fields(pdf=returned) if f.filled] == [LEADER_FIELD]
    assert give_back(session, leader, letter, returned) == signed


def test_what_is_not_the_letter_plus_that_signature_is_refused(leader, letter, session):
    ours, own = read_blob(letter), Credential.objects.get(person=leader.person)
    seal = Credential.objects.get(unit=leader.unit)
    good = signed_elsewhere(ours, own)
    wrong = {
        "the letter unsigned": ours,
        "another letter": ours[:100] + b" " + good[101:],
        "another field": signed_elsewhere(ours, own, field="Signature.seal"),
        "another certificate": signed_elsewhere(ours, seal),
        "two signatures": signed_elsewhere(good, seal, field="Signature.seal", certify=False),
        "a broken signature": good.replace(b"/ByteRange [0 ", b"/ByteRange [1 ", 1),
        "something after it": good + b"\n1 0 obj\n<</Type/Catalog>>\nendobj\n",
    }

    for pdf in wrong.values():
        with pytest.raises(NotOurRevision):
            give_back(session, leader, letter, pdf)
    assert SigningSession.objects.get(pk=session.id).state == SessionState.OPEN
