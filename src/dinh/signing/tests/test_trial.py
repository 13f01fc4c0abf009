import base64
import json
import threading

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory
from dinh.signing.models import Credential, SessionState, SigningSession
from dinh.signing.standin import plugin_server

pytestmark = pytest.mark.django_db
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def plugin():
    with plugin_server(port=0, origins=[ORIGIN]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def holder(client, people):
    """The leader, signed in, with the key in a token."""
    Credential.objects.filter(person=people[0].person).update(provider="plugin")
    account = Account.objects.get(person=people[0].person)
    account.current_appointment = people[0]
    account.save()
    client.force_login(account)
    return client


def begun(client):
    client.post("/signing/mine/trial/")
    return f"/signing/mine/trial/{SigningSession.objects.get().pk}/"


def ask(plugin, challenge, origin=ORIGIN):
    with connect(plugin, origin=origin) as socket:
        socket.send(json.dumps(challenge))
        return json.loads(socket.recv())


def asked(challenge):
    return {
        "function": "sign",
        "certificate": challenge["fingerprint"],
        "attributes": challenge["attributes"],
    }


def test_token_signs_the_test_letter_through_the_plugin(holder, plugin, settings):
    page = begun(holder)
    shown = holder.get(page)
    answer = ask(plugin, asked(shown.context["info"].challenge))

    holder.post(f"{page}finish/", {"signature": answer["signature"], "cms": ""})

    verdict = holder.get(page).context["verdict"]
    pdf = b"".join(holder.get(f"{page}letter.pdf").streaming_content)
    assert (answer["status"], SigningSession.objects.get().state) == ("signed", SessionState.FINISHED)
    assert [item.field for item in verdict.signatures] == ["Signature.trial"]
    assert pdf.startswith(b"%PDF")
    assert f"connect-src 'self' {settings.SIGNING_PLUGIN_URL}" in shown["Content-Security-Policy"]


def test_wrong_answers_leave_the_session_open(holder):
    page = begun(holder)

    for answer in ({"signature": "***"}, {"signature": base64.b64encode(b"x" * 256).decode()}, {}):
        holder.post(f"{page}finish/", answer)

    assert SigningSession.objects.get().state == SessionState.OPEN
    assert holder.get(f"{page}letter.pdf").status_code == 404


def test_trial_is_not_there_for_another_person(holder, people):
    page = begun(holder)
    holder.force_login(AccountFactory(current_appointment=people[1]))

    answers = [
        holder.get(page),
        holder.post(f"{page}finish/", {"signature": "AA=="}),
        holder.get(f"{page}letter.pdf"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_plugin_refuses_other_pages_and_what_it_cannot_read(people, plugin):
    fingerprint = Credential.objects.get(person=people[0].person).fingerprint

    with pytest.raises(InvalidStatus):
        ask(plugin, {}, origin="http://elsewhere.example")
    refusals = [
        ask(plugin, message)["status"]
        for message in (
            [], {}, {"function": "burn"}, {"function": "sign", "certificate": "../x", "attributes": ""},
            {"function": "sign", "certificate": "0" * 64, "attributes": "AA=="},
            {"function": "sign", "certificate": fingerprint, "attributes": "*"},
        )
    ]  # fmt: skip

    assert refusals == ["refused"] * 6
