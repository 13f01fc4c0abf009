from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from dinh.directory.models import Appointment
from dinh.pki.api import LEADER_FIELD, HolderKind, TimeSource, Verdict
from dinh.signing import api
from dinh.signing.models import Credential, StoredVerdict
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(people, letter):
    return api.sign_pdf(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=people[0], certify=True
    )


def test_verdict_names_the_holder_and_the_reasons(people, signed):
    with override("en"):
        found = api.verdict_of(signed.sha256, offline=True)

    (signature,) = found.signatures
    name = people[0].person.full_name
    assert (signature.field, signature.signer) == (LEADER_FIELD, name)
    assert (signature.holder_kind, signature.holder_name) == (HolderKind.PERSON, name)
    assert signature.signed_at == signed.signed_at.replace(microsecond=0)
    assert (found.verdict, signature.time_source) == (Verdict.INDETERMINATE, TimeSource.CLAIMED)
    assert "The signature has no timestamp; its time is only claimed." in signature.reasons


def test_verdict_is_remembered_while_fresh_and_anchors_are_the_same(signed, settings):
    first = api.verdict_of(signed.sha256, offline=True)
    again = api.verdict_of(signed.sha256, offline=True)
    settings.DEMO = False
    elsewhere = api.verdict_of(signed.sha256, offline=True)

    assert again.judged_at == first.judged_at
    assert elsewhere.judged_at > first.judged_at
    assert StoredVerdict.objects.count() == 1


def test_stale_verdict_is_judged_again(signed):
    first = api.verdict_of(signed.sha256, offline=True)
    StoredVerdict.objects.update(fresh_until=timezone.now() - timedelta(seconds=1))

    assert api.verdict_of(signed.sha256, offline=True).judged_at > first.judged_at


def test_offline_verdict_does_not_answer_for_an_online_one(signed):
    first = api.verdict_of(signed.sha256, offline=True)

    assert api.verdict_of(signed.sha256, offline=False).judged_at > first.judged_at


def test_holder_follows_the_registry_at_once(people, signed):
    api.verdict_of(signed.sha256, offline=True)
    Credential.objects.filter(person=people[0].person).delete()

    (signature,) = api.verdict_of(signed.sha256, offline=True).signatures

    assert (signature.holder_kind, signature.holder_name) == (HolderKind.UNKNOWN, "")


def test_verdict_tells_the_position_held_on_the_day_of_signing(people, signed):
    office = people[0]
    (signature,) = api.verdict_of(signed.sha256, offline=True).signatures
    Appointment.objects.filter(pk=office.pk).update(end_date=signed.signed_at.date() - timedelta(days=2))
    (later,) = api.verdict_of(signed.sha256, offline=True).signatures

    assert signature.holder_title == f"{office.position.name}, {office.unit.name}"
    assert later.holder_title == ""


def test_remembered_verdict_costs_three_queries(signed, django_assert_num_queries):
    api.verdict_of(signed.sha256, offline=True)

    with django_assert_num_queries(3):
        api.verdict_of(signed.sha256, offline=True)


def test_what_is_no_pdf_is_not_valid(people):
    found = api.verdict_of(store_bytes(b"no letter").sha256, offline=True)

    assert (found.verdict == Verdict.VALID, found.signatures, len(found.reasons)) == (False, (), 1)
