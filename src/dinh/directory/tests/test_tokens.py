"""One's own tokens of the JSON API: made on the page, listed, revoked."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.models import ApiToken
from dinh.directory.operations.tokens import MOST, issue_token, make_own_token, revoke_token
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.errors import InvalidInput, NotFound

pytestmark = pytest.mark.django_db
PAGE = "/directory/account/tokens/"


@pytest.fixture
def account():
    return AccountFactory()


def make(account, label="máy quét", days=30):
    return make_own_token(appointment=account.current_appointment, label=label, days=days, at=timezone.now())


def test_the_secret_is_shown_once_and_opens_the_api(client, account):
    client.force_login(account)

    made = client.post(PAGE, {"label": " Máy  quét ", "days": "30"})
    secret = made.context["secret"]
    again = client.get(PAGE)

    row = ApiToken.objects.get()
    assert secret.encode() in made.content
    assert secret.encode() not in again.content
    assert "no-store" in made["Cache-Control"]
    assert (row.label, row.appointment) == ("Máy quét", account.current_appointment)
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
    client.logout()
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.json()["id"] == account.current_appointment_id


def test_a_form_that_is_sent_twice_makes_one_token(client, account):
    client.force_login(account)
    given = {"label": "máy", "days": "90"}

    first, second = (client.post(PAGE, given) for _time in range(2))

    assert (first.status_code, second.status_code, ApiToken.objects.count()) == (200, 422, 1)
    assert "label" in second.context["form"].errors


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_token(account):
    outcomes = []

    def click():
        try:
            outcomes.append(bool(make(account)))
        except InvalidInput:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sorted(outcomes), ApiToken.objects.count()) == ([False, True], 1)


@pytest.mark.parametrize(("wrong", "field"), [({"label": " "}, "label"), ({"days": 3650}, "days")])
def test_faults_name_their_field(account, wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        make(account, **wrong)

    assert (refusal.value.field, ApiToken.objects.count()) == (field, 0)


def test_there_are_at_most_twenty(account):
    for number in range(MOST):
        make(account, label=f"máy {number}")

    with pytest.raises(InvalidInput):
        make(account, label="một nữa")


def test_a_revoked_token_frees_its_name_and_opens_nothing(client, account):
    secret, row = make(account), ApiToken.objects.get()
    client.force_login(account)

    for _time in range(2):
        client.post(f"{PAGE}{row.pk}/revoke/")
    make(account)

    client.logout()
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert [entry.action for entry in Entry.objects.filter(action__startswith="directory.token").order_by("pk")] == [
        "directory.token.issued", "directory.token.revoked", "directory.token.issued",
    ]  # fmt: skip


def test_tokens_of_all_ones_positions_are_listed_and_nobody_elses(client, account):
    second = AppointmentFactory(person=account.person)
    issue_token(appointment=second, label="khác", at=timezone.now())
    make(account, label="máy")
    other = AccountFactory()
    make(other, label="của người khác")
    foreign = ApiToken.objects.get(label="của người khác")
    client.force_login(account)

    page = client.get(PAGE)
    listed = client.get("/api/v1/me/tokens").json()
    refused = client.post(f"{PAGE}{foreign.pk}/revoke/"), client.delete(f"/api/v1/me/tokens/{foreign.pk}")

    assert [each.label for each in page.context["tokens"]] == ["máy", "khác"]
    assert [each["label"] for each in listed] == ["máy", "khác"]
    assert "digest" not in listed[0]
    assert [each.status_code for each in refused] == [404, 404]
    with pytest.raises(NotFound):
        revoke_token(token_id=foreign.pk, appointment=account.current_appointment, at=timezone.now())
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_program_ends_its_own_token(client, account):
    secret, row = make(account), ApiToken.objects.get()
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"}

    ended = client.delete(f"/api/v1/me/tokens/{row.pk}", headers=headers)

    assert (ended.status_code, client.get("/api/v1/me", headers=headers).status_code) == (204, 401)
    assert client.post("/api/v1/me/tokens", {}, headers=headers).status_code in (401, 405)
