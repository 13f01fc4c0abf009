from datetime import timedelta

import pytest
from django.utils import timezone

from dinh.notify.models import Notification
from dinh.signing.models import Credential
from dinh.signing.operations.expiry import warn_of_expiring_certificates

pytestmark = pytest.mark.django_db


def told():
    return sorted(Notification.objects.values_list("appointment_id", flat=True))


def test_holder_and_clerk_are_told_once_of_what_ends_within_thirty_days(people):
    leader, clerk, _specialist = people
    now = timezone.now()
    Credential.objects.update(valid_to=now + timedelta(days=29))

    first = warn_of_expiring_certificates(at=now)
    warn_of_expiring_certificates(at=now + timedelta(days=1))

    assert first == 2
    assert told() == [leader.pk, clerk.pk]


def test_what_lasts_longer_is_suspended_or_renewed_is_passed_over(people):
    now = timezone.now()
    own = Credential.objects.get(person=people[0].person)
    Credential.objects.filter(unit=people[0].unit).update(valid_to=now + timedelta(days=3), state="suspended")
    Credential.objects.create(
        person=own.person, provider="plugin", certificate=b"0", fingerprint="f" * 64, valid_from=own.valid_from,
        subject_name="cũ", issuer_name="CA", serial_number="1", valid_to=now + timedelta(days=3),
    )  # fmt: skip

    assert warn_of_expiring_certificates(at=now) == 0
    assert told() == []
