import time

import pytest

from dinh.directory.tests.factories import AppointmentFactory
from dinh.kernel.errors import NotPermitted
from dinh.pki.api import DATE_FIELD, LEADER_FIELD, NUMBER_FIELD, SEAL_FIELD, read_fields
from dinh.pki.tests.letters import font
from dinh.signing import api
from dinh.signing.keys import key_path
from dinh.signing.models import Credential
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


def sign(letter, appointment):
    return api.sign_pdf(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=appointment, certify=True
    )


def seal(letter, appointment):
    return api.sign_pdf(
        sha256=letter, field_name=SEAL_FIELD, as_="unit", appointment=appointment,
        lock_fields=(NUMBER_FIELD, DATE_FIELD),
    )  # fmt: skip


def test_leader_signs_then_clerk_seals(people, letter):
    leader, clerk, _specialist = people

    signed = sign(letter, leader)
    numbered = api.fill_text_fields(
        sha256=signed.sha256, values={NUMBER_FIELD: "05", DATE_FIELD: "05 tháng 02 năm 2026"}, font=font()
    )
    sealed = seal(numbered, clerk)

    filled = {state.name for state in read_fields(pdf=read_blob(sealed.sha256)) if state.filled}
    assert filled == {NUMBER_FIELD, DATE_FIELD, LEADER_FIELD, SEAL_FIELD}
    assert (signed.level, signed.notes) == ("B-B", ())
    assert api.has_valid_authorised_signature(sha256=sealed.sha256, unit_id=leader.unit_id)


def test_signature_is_no_authority_for_another_unit_nor_the_seal_alone(people, letter):
    leader, clerk, _specialist = people
    other = AppointmentFactory().unit_id

    assert not api.has_valid_authorised_signature(sha256=sign(letter, leader).sha256, unit_id=other)
    assert not api.has_valid_authorised_signature(sha256=seal(letter, clerk).sha256, unit_id=leader.unit_id)
    assert not api.has_valid_authorised_signature(sha256=letter, unit_id=leader.unit_id)


def test_signature_of_an_untrusted_authority_has_no_authority(people, letter, settings):
    signed = sign(letter, people[0])
    settings.DEMO = False

    assert not api.has_valid_authorised_signature(sha256=signed.sha256, unit_id=people[0].unit_id)


def test_only_holders_sign_and_only_clerks_seal(people, letter):
    leader, clerk, specialist = people

    assert [api.can_sign(a) for a in people] == [True, False, False]
    assert [api.can_seal(a) for a in people] == [False, True, False]
    with pytest.raises(NotPermitted):
        sign(letter, clerk)
    for appointment in (leader, specialist):
        with pytest.raises(NotPermitted):
            seal(letter, appointment)


def test_suspended_certificate_does_not_sign(people, letter):
    Credential.objects.update(state="suspended")

    with pytest.raises(NotPermitted):
        sign(letter, people[0])


def test_issuing_again_changes_nothing_and_keys_are_secret(people):
    before = set(Credential.objects.values_list("fingerprint", flat=True))

    started = time.monotonic()
    issue_demo_certificates()

    assert time.monotonic() - started < 2
    assert set(Credential.objects.values_list("fingerprint", flat=True)) == before
    assert len(before) == 2
    assert {key_path(f).stat().st_mode & 0o777 for f in before} == {0o600}
