from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import AccountFactory
from dinh.pki.tests.letters import plain_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


def upload(content):
    return {"file": SimpleUploadedFile("thu.pdf", content, content_type="application/pdf")}


def test_page_says_that_an_unsigned_letter_cannot_be_judged(client, account):
    client.force_login(account)

    answer = client.post("/signing/verify/", upload(plain_pdf()))

    assert answer.context["report"].verdict == "indeterminate"
    assert [reason.code for reason in answer.context["report"].reasons] == ["document.unsigned"]


def test_page_names_the_missing_file(client, account):
    client.force_login(account)

    assert client.post("/signing/verify/").status_code == 422


def test_page_refuses_what_is_too_large(client, account, settings):
    settings.MAX_VERIFIED_BYTES = 10
    client.force_login(account)

    assert client.post("/signing/verify/", upload(plain_pdf())).status_code == 422


def test_api_judges_for_a_token(client, account):
    token = issue_token(appointment=account.current_appointment, label="máy", at=timezone.now())
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}

    answer = client.post("/api/v1/signing/verify", upload(plain_pdf()), headers=headers)

    assert (answer.status_code, answer.json()["verdict"]) == (200, "indeterminate")


def test_api_judges_for_nobody_else(client):
    assert client.post("/api/v1/signing/verify", upload(plain_pdf())).status_code == 401


def test_page_keeps_nothing(client, account, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    client.force_login(account)

    client.post("/signing/verify/", upload(plain_pdf()))

    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []
