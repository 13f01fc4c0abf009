from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.utils import timezone

from dinh.kernel.models import IdempotencyKey
from dinh.kernel.rest import KEPT_FOR, _fingerprint, forget_old_answers


def fingerprint_of(content: bytes, **fields: str) -> str:
    file = SimpleUploadedFile("a.pdf", content)
    return _fingerprint(RequestFactory().post("/api/v1/x", {"file": file, **fields}))


def test_the_same_upload_again_is_known():
    assert fingerprint_of(b"abc", holder="T1") == fingerprint_of(b"abc", holder="T1")


def test_another_upload_of_the_same_length_is_another_request():
    assert fingerprint_of(b"abc") != fingerprint_of(b"abd")
    assert fingerprint_of(b"abc", holder="T1") != fingerprint_of(b"abc", holder="T2")


def test_the_file_can_still_be_read_afterwards():
    request = RequestFactory().post("/api/v1/x", {"file": SimpleUploadedFile("a.pdf", b"abc")})

    _fingerprint(request)

    assert request.FILES["file"].read() == b"abc"


@pytest.mark.django_db
def test_answers_are_forgotten_only_when_they_are_old():
    now = timezone.now()
    for key, age in (("old", KEPT_FOR + timedelta(minutes=1)), ("young", KEPT_FOR - timedelta(minutes=1))):
        row = IdempotencyKey.objects.create(caller="c", key=key, fingerprint="f")
        IdempotencyKey.objects.filter(pk=row.pk).update(created_at=now - age)

    assert forget_old_answers(at=now) == 1

    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]
