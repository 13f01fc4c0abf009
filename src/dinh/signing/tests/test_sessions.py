import base64
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12
from django.db import connection
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.tests.factories import AppointmentFactory
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.kernel.tests.database import environment_of_tests
from dinh.pki.api import LEADER_FIELD, PreparedSignature, WrongSignature, read_fields
from dinh.signing import api
from dinh.signing.keys import key_path, password, signer_of
from dinh.signing.models import Credential, SessionState, SigningSession
from dinh.signing.operations.sessions import session_info
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(people):
    """The leader, whose key now sits in a token that only the plugin reaches."""
    Credential.objects.filter(person=people[0].person).update(provider="plugin")
    return people[0]


@pytest.fixture
def session(leader, letter):
    return begin(letter, leader)


def begin(letter, appointment):
    return api.begin_signing(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=appointment, certify=True
    )


def answer_to(session):
    """What the token answers to a challenge."""
    attributes = base64.b64decode(session.challenge["attributes"])
    return signer_of(session.challenge["fingerprint"]).sign(attributes)


def finish(session, appointment, letter, **answer):
    return api.finish_signing(session_id=session.id, appointment=appointment, sha256=letter, **answer)


def cms_by_another_writer(prepared, fingerprint):
    """A token that assembles its own CMS (PKCS #7, detached)."""
    key, certificate, _issuers = pkcs12.load_key_and_certificates(
        key_path(fingerprint).read_bytes(), password().encode()
    )
    first, length, second, rest = prepared.byte_range
    content = prepared.document[first : first + length] + prepared.document[second : second + rest]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.sign(Encoding.DER, options)


def acts():
    return list(Entry.objects.filter(action__startswith="signing.session").values_list("action", flat=True))


def signed_fields(sha256):
    return [f.name for f in read_fields(pdf=read_blob(sha256)) if f.filled]


def test_challenge_names_plugin_certificate_and_digest(leader, session, settings):
    credential = Credential.objects.get(person=leader.person)

    assert session.provider == "plugin"
    assert session.challenge["address"] == settings.SIGNING_PLUGIN_URL
    assert session.challenge["fingerprint"] == credential.fingerprint
    assert session.challenge["digest"] == session.digest
    assert session_info(session_id=session.id, appointment=leader) == session


def test_finish_signs_the_document_and_both_phases_are_in_the_log(leader, letter, session):
    signed = finish(session, leader, letter, signature=answer_to(session))

    assert signed_fields(signed.sha256) == [LEADER_FIELD]
    assert api.has_valid_authorised_signature(sha256=signed.sha256, unit_id=leader.unit_id)
    assert acts() == ["signing.session.begun", "signing.session.finished"]


def test_finish_takes_a_whole_cms(leader, letter, session):
    kept = SigningSession.objects.get(pk=session.id)
    prepared = PreparedSignature.restore(ticket=kept.ticket, document=read_blob(kept.prepared_id))
    cms = cms_by_another_writer(prepared, session.challenge["fingerprint"])

    signed = finish(session, leader, letter, cms=cms)

    assert signed_fields(signed.sha256) == [LEADER_FIELD]


def test_the_same_answer_again_gives_the_same_document(leader, letter, session):
    answer = answer_to(session)
    first = finish(session, leader, letter, signature=answer)

    assert finish(session, leader, letter, signature=answer) == first
    assert acts().count("signing.session.finished") == 1


def test_another_answer_after_the_first_is_refused(leader, letter, session):
    finish(session, leader, letter, signature=answer_to(session))

    with pytest.raises(api.SessionFinished):
        finish(session, leader, letter, cms=b"another")


def test_another_person_does_not_find_the_session(people, letter, session):
    colleague = AppointmentFactory(unit=people[0].unit, roles=people[0].roles)

    with pytest.raises(NotFound):
        finish(session, colleague, letter, signature=answer_to(session))
    with pytest.raises(NotFound):
        api.cancel_signing(session_id=session.id, appointment=colleague)
    assert SigningSession.objects.get(pk=session.id).state == SessionState.OPEN


def test_unknown_session_is_not_found(leader, letter):
    with pytest.raises(NotFound):
        api.finish_signing(session_id=uuid4(), appointment=leader, sha256=letter, signature=b"x")


def test_expired_session_is_refused(leader, letter, session):
    SigningSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(api.SessionExpired):
        finish(session, leader, letter, signature=answer_to(session))
    assert acts() == ["signing.session.begun"]


@pytest.mark.parametrize("state", ["suspended", "revoked"])
def test_certificate_taken_out_of_use_meanwhile_does_not_sign(leader, letter, session, state):
    Credential.objects.update(state=state)

    with pytest.raises(NotPermitted):
        finish(session, leader, letter, signature=answer_to(session))
    assert SigningSession.objects.get(pk=session.id).state == SessionState.OPEN


def test_document_that_changed_meanwhile_is_refused(leader, letter, session):
    with pytest.raises(api.ChangedMeanwhile):
        finish(session, leader, "0" * 64, signature=answer_to(session))
    assert acts() == ["signing.session.begun"]


def test_wrong_signature_is_refused_and_the_right_one_may_follow(leader, letter, session):
    answer = answer_to(session)

    with pytest.raises(WrongSignature):
        finish(session, leader, letter, signature=answer[:-1] + bytes([answer[-1] ^ 1]))
    with pytest.raises(InvalidInput):
        finish(session, leader, letter, signature=answer, cms=answer)

    assert finish(session, leader, letter, signature=answer).level == "B-B"


def test_cancelled_session_takes_no_signature(leader, letter, session):
    api.cancel_signing(session_id=session.id, appointment=leader)
    api.cancel_signing(session_id=session.id, appointment=leader)

    with pytest.raises(api.SessionFinished):
        finish(session, leader, letter, signature=answer_to(session))
    assert acts() == ["signing.session.begun", "signing.session.cancelled"]


def test_finished_session_cannot_be_cancelled(leader, letter, session):
    finish(session, leader, letter, signature=answer_to(session))

    with pytest.raises(api.SessionFinished):
        api.cancel_signing(session_id=session.id, appointment=leader)


def test_key_at_the_server_finishes_a_session_without_an_answer(people, letter):
    session = begin(letter, people[0])

    signed = finish(session, people[0], letter)

    assert (session.provider, session.challenge) == ("pkcs12", {})
    assert signed_fields(signed.sha256) == [LEADER_FIELD]


def test_key_in_a_token_does_not_sign_at_once(leader, letter, session):
    with pytest.raises(api.SignOnDevice):
        api.sign_pdf(sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=leader, certify=True)
    with pytest.raises(api.SignOnDevice):
        finish(session, leader, letter)
    assert api.signs_on_device(leader, "person")


FINISH = """
import base64, sys
import django
django.setup()
from dinh.directory.models import Appointment
from dinh.signing.api import finish_signing
session, appointment, letter, answer = sys.argv[1:]
appointment = Appointment.objects.select_related("person", "unit", "position").get(pk=appointment)
signed = finish_signing(
    session_id=session, appointment=appointment, sha256=letter, signature=base64.b64decode(answer)
)
print(signed.sha256)
"""


@pytest.mark.django_db(transaction=True)
def test_another_process_finishes_after_a_restart(leader, letter, session):
    answer = base64.b64encode(answer_to(session)).decode()
    command = [sys.executable, "-c", FINISH, str(session.id), str(leader.pk), letter, answer]

    done = subprocess.run(command, env=environment_of_tests(), capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    kept = SigningSession.objects.get(pk=session.id)
    assert (kept.state, kept.result_id) == (SessionState.FINISHED, done.stdout.strip())
    assert signed_fields(kept.result_id) == [LEADER_FIELD]


@pytest.mark.django_db(transaction=True)
def test_two_finishes_at_once_sign_once(leader, letter, session):
    answer = answer_to(session)

    def attempt(_number):
        try:
            return finish(session, leader, letter, signature=answer)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        signed = set(pool.map(attempt, range(4)))

    assert len(signed) == 1
    assert acts().count("signing.session.finished") == 1
