"""A whole PDF that a program at the holder's computer signed and sent back."""

import pytest
from django.utils import timezone

from dinh.pki.api import (
    LEADER_FIELD,
    NUMBER_FIELD,
    Box,
    PreparedSignature,
    SignatureClaims,
    finish,
    prepare,
    read_fields,
)
from dinh.pki.tests.second_writer import Office
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


def lying(pdf, change):
    """The letter with this change and a good signature over both, in one revision, as a lying program makes it."""
    office = Office(pdf)
    office.update(change)
    return office.data


def test_a_program_that_changes_the_text_while_it_signs_is_refused(leader, letter, session):
    text = b"BT /F1 13 Tf 72 700 Td (Kinh gui: Toi) Tj ET"
    changed = {3: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)}
    own = Credential.objects.get(person=leader.person)

    with pytest.raises(NotOurRevision, match=r"trang|page"):
        give_back(session, leader, letter, signed_elsewhere(lying(read_blob(letter), changed), own))

    assert SigningSession.objects.get(pk=session.id).state == SessionState.OPEN


@pytest.mark.parametrize("box", [Box(1, 350, 190, 470, 260), None, Box(1, 10, 10, 60, 60)])
def test_a_field_of_the_programs_own_counts_only_over_the_place_meant(leader, letter, session, box):
    own = Credential.objects.get(person=leader.person)
    certificates = (bytes(own.certificate), *issuers_of(own))
    claims = SignatureClaims(claimed_at=timezone.now(), name="VGCA")
    prepared = prepare(
        pdf=read_blob(letter), field="Signature1", certificates=certificates, claims=claims, certify=True,
        box=box or Box(1, 0, 0, 595, 842),
    )  # fmt: skip
    returned = finish(prepared=prepared, signature=signer_of(own.fingerprint).sign(prepared.attributes)).pdf

    if box and box.left > 300:
        assert read_blob(give_back(session, leader, letter, returned).sha256) == returned
    else:
        with pytest.raises(NotOurRevision):
            give_back(session, leader, letter, returned)


def test_a_signature_that_forbids_number_and_date_is_refused(leader, letter, session):
    own = Credential.objects.get(person=leader.person)
    certificates = (bytes(own.certificate), *issuers_of(own))
    claims = SignatureClaims(claimed_at=timezone.now())
    prepared = prepare(
        pdf=read_blob(letter),
        field=LEADER_FIELD,
        certificates=certificates,
        claims=claims,
        locks=(NUMBER_FIELD,),
    )

    with pytest.raises(NotOurRevision):
        give_back(
            session, leader, letter,
            finish(prepared=prepared, signature=signer_of(own.fingerprint).sign(prepared.attributes)).pdf,
        )  # fmt: skip
