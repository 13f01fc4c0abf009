import hashlib
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dinh.kernel.idempotency import (
    ABANDONED_AFTER,
    KEPT_FOR,
    IdempotencyMiddleware,
    TakenOver,
    _fingerprint,
    forget_old_answers,
    note_act,
)
from dinh.kernel.models import IdempotencyKey


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


class Act:
    """A view that writes in a transaction of its own, and may break before or after it commits."""

    def __init__(self, *, before=None, after=None, status=201):
        self.before, self.after, self.status, self.done = before, after, status, 0

    def __call__(self, request):
        with transaction.atomic():
            note_act("tests.thing:7")
            self.done += 1
            if self.before:
                self.before()
        if self.after:
            self.after()
        return HttpResponse(b"{}", status=self.status)


def killed():
    raise SystemExit


def send(view):
    headers = {"Authorization": "Bearer t", "Idempotency-Key": "k1"}
    request = RequestFactory().post("/api/v1/x", "{}", content_type="application/json", headers=headers)
    request.appointment = Holder()
    return IdempotencyMiddleware(view)(request)


class Holder:
    pk = 7


def code_of(answer):
    return json.loads(answer.content)["type"].rpartition(":")[2]


@pytest.mark.django_db(transaction=True)
def test_act_whose_answer_was_lost_is_not_done_again():
    first, again = Act(after=killed), Act()
    with pytest.raises(SystemExit):
        send(first)

    answer = send(again)

    assert (answer.status_code, code_of(answer), again.done) == (409, "answer-lost", 0)
    assert json.loads(answer.content)["record"] == "tests.thing:7"


@pytest.mark.django_db(transaction=True)
def test_act_that_was_rolled_back_is_tried_anew():
    with pytest.raises(SystemExit):
        send(Act(before=killed))

    assert send(Act()).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_failure_after_the_act_is_not_tried_anew():
    send(Act(status=500))

    assert code_of(send(Act())) == "answer-lost"


@pytest.mark.django_db(transaction=True)
def test_process_that_vanished_after_the_act_leaves_it_done():
    """Nothing ran after its commit: only what the transaction itself wrote is there."""
    row = IdempotencyKey.objects.create(caller=CALLER, key="k1", fingerprint=PRINT, acted_on="tests.thing:7")

    assert code_of(send(Act())) == "request-in-progress"
    IdempotencyKey.objects.filter(pk=row.pk).update(created_at=timezone.now() - ABANDONED_AFTER)
    assert code_of(send(Act())) == "answer-lost"


@pytest.mark.django_db(transaction=True)
def test_slow_first_try_that_was_taken_over_changes_nothing():
    later = Act()

    def taken_over():
        IdempotencyKey.objects.update(created_at=timezone.now() - ABANDONED_AFTER)
        answers.append(send(later))

    answers, slow = [], Act()
    with pytest.raises(TakenOver):
        send(lambda request: (taken_over(), slow(request)))

    assert ([each.status_code for each in answers], later.done, slow.done) == ([201], 1, 0)
    assert send(Act())["Idempotency-Replayed"] == "true"


CALLER = f"token:{hashlib.sha256(b'Bearer t').hexdigest()}"
PRINT = salted_hmac("kernel.idempotency", b"POST /api/v1/x\n{}", algorithm="sha256").hexdigest()
