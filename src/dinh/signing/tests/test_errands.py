"""Whole letters through the signing program of the cipher agency (VGCA Sign Service), and its breaches."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from websockets.sync.client import connect

from dinh.audit.api import trace_of
from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.pki.api import SEAL_FIELD, read_fields
from dinh.signing import api
from dinh.signing.models import Credential, PluginErrand, SessionState, SigningSession
from dinh.signing.operations.errands import MAX_ATTEMPTS, send_errand
from dinh.signing.providers import plugin_function
from dinh.signing.standin import VGCA_PATHS, plugin_server, sign_as_offices_do
from dinh.signing.tests.test_sessions import begin
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
PARAMETERS = [
    "FileUploadHandler", "SessionId", "JWTToken", "FileName", "DocNumber", "IssuedDate", "MetaData"
]  # fmt: skip


@pytest.fixture
def leader(people):
    Credential.objects.update(provider="vgca")
    account = Account.objects.get(person=people[0].person)
    account.current_appointment = people[0]
    account.save()
    return people[0]


@pytest.fixture
def session(leader, letter):
    return begin(letter, leader)


def sent(session, leader):
    return send_errand(session_id=session.id, appointment=leader, at=timezone.now())


def path_of(address, settings):
    return address.removeprefix(settings.BASE_URL)


def fetch(client, errand, settings):
    answer = client.get(path_of(errand.parameters["FileName"], settings))
    return answer.status_code, b"".join(answer.streaming_content) if answer.streaming else b""


def post(client, errand, pdf, settings, **headers):
    where = path_of(errand.parameters["FileUploadHandler"], settings)
    file = SimpleUploadedFile("signed.pdf", pdf, content_type="application/pdf")
    return client.post(where, {"uploadfile": file}, headers=headers)


def facts(session):
    return [entry.action.rsplit(".", 1)[1] for entry in trace_of(SigningSession.objects.get(pk=session.id))]


def signed_by_the_program(client, errand, settings):
    return sign_as_offices_do(fetch(client, errand, settings)[1], errand.parameters)


def test_contract_has_the_programs_parameters(session, leader, settings):
    errand = sent(session, leader)

    assert (errand.function, list(errand.parameters)) == ("vgca_sign_approved", PARAMETERS)
    assert session.challenge["function"] == "vgca_sign_approved"
    assert errand.parameters["SessionId"] == str(session.id)
    assert {item["Key"] for item in errand.parameters["MetaData"]} == {"session", "field", "certificate"}


@pytest.mark.parametrize(
    ("field", "function"),
    [
        ("Signature.initials.2", "vgca_comment"), ("Signature.leader", "vgca_sign_approved"),
        (SEAL_FIELD, "vgca_sign_issued"), ("Signature.copy.1", "vgca_sign_copy"),
        ("Signature.annex.1", "vgca_sign_appendix"), ("Signature.income", "vgca_sign_income"),
        ("Signature1", "vgca_sign_approved"),
    ],
)  # fmt: skip
def test_each_field_has_its_function(field, function):
    assert plugin_function(field) == function


def test_letter_is_fetched_signed_returned_and_finished(client, session, leader, letter, settings):
    errand = sent(session, leader)
    signed = signed_by_the_program(client, errand, settings)

    answer = post(client, errand, signed, settings, Authorization=f"Bearer {errand.parameters['JWTToken']}")
    read = api.read_answer(data={"errand": str(errand.id)}, session_id=session.id, appointment=leader)
    result = api.finish_signing(session_id=session.id, appointment=leader, sha256=letter, **read)

    assert answer.json() == {
        "Status": True, "Message": "", "FileName": "van-ban.pdf", "FileServer": str(errand.id)
    }  # fmt: skip
    assert read_blob(result.sha256) == signed
    assert [f.name for f in read_fields(pdf=signed) if f.filled] == ["Signature1"]
    assert facts(session) == ["begun", "fetched", "returned", "finished"]
    assert api.verdict_of(result.sha256, offline=True).signatures[0].holder_name == leader.person.full_name


def test_seal_tells_number_and_day(people, letter, settings):
    Credential.objects.update(provider="vgca")
    session = api.begin_signing(
        sha256=letter, field_name=SEAL_FIELD, as_="unit", appointment=people[1],
        about={"DocNumber": "05/STTTT-BCVT", "IssuedDate": "2026-02-05"},
    )  # fmt: skip

    errand = sent(session, people[1])

    told = errand.parameters
    assert (errand.function, told["DocNumber"], told["IssuedDate"]) == (
        "vgca_sign_issued", "05/STTTT-BCVT", "2026-02-05"
    )  # fmt: skip


def test_address_to_fetch_from_is_good_once(client, session, leader, letter, settings):
    errand = sent(session, leader)

    answers = [fetch(client, errand, settings) for _time in range(2)]

    assert answers == [(200, read_blob(letter)), (404, b"")]
    assert facts(session).count("fetched") == 1


@pytest.mark.parametrize("late", [timedelta(minutes=11), timedelta(hours=1)])
def test_expired_addresses_are_not_there(client, session, leader, settings, late):
    errand = sent(session, leader)
    signed = signed_by_the_program(client, errand, settings)
    other = sent(session, leader)
    PluginErrand.objects.update(expires_at=timezone.now() + timedelta(minutes=10) - late)

    answers = [fetch(client, other, settings)[0], post(client, errand, signed, settings).status_code]

    assert answers == [404, 404]
    assert not PluginErrand.objects.exclude(returned=None).exists()


def test_secrets_are_kept_as_digests_only(session, leader):
    errand = sent(session, leader)

    kept = str(PluginErrand.objects.filter(pk=errand.id).values().get())

    assert errand.parameters["JWTToken"] not in kept
    assert errand.parameters["FileName"].rsplit("/", 1)[1].removesuffix(".pdf") not in kept


def test_upload_is_bound_to_its_session(client, session, leader, people, letter, settings):
    errand = sent(session, leader)
    signed = signed_by_the_program(client, errand, settings)
    other = sent(begin(letter, leader), leader)

    wrong_token = post(
        client, errand, signed, settings, Authorization=f"Bearer {other.parameters['JWTToken']}"
    )
    unfetched = post(client, other, signed, settings)

    assert (wrong_token.status_code, unfetched.status_code) == (404, 404)
    assert wrong_token.json()["Status"] is False
    post(client, errand, signed, settings)
    with pytest.raises(NotFound):
        api.read_answer(data={"errand": str(errand.id)}, session_id=session.id, appointment=people[1])
    with pytest.raises(NotFound):
        api.read_answer(data={"errand": str(errand.id)}, session_id=errand.id, appointment=leader)


def test_replayed_upload_changes_nothing_and_another_file_is_refused(
    client, session, leader, letter, settings
):
    errand = sent(session, leader)
    signed = signed_by_the_program(client, errand, settings)
    again = sign_as_offices_do(read_blob(letter), errand.parameters)

    answers = [post(client, errand, pdf, settings).json() for pdf in (signed, signed, again)]

    assert [answer["Status"] for answer in answers] == [True, True, False]
    assert PluginErrand.objects.get(pk=errand.id).returned_id is not None
    assert facts(session).count("returned") == 1


def test_what_a_lying_program_returns_is_refused_with_the_reason(client, session, leader, letter, settings):
    errand = sent(session, leader)
    signed = signed_by_the_program(client, errand, settings)
    lies = {
        "unsigned": read_blob(letter),
        "no PDF": b"MZ\x90\x00" * 100,
        "nothing": b"",
        "another letter": signed_by_the_program(
            client, sent(begin(other_letter(), leader), leader), settings
        ),
        "cut off": signed[:-200],
        "something after it": signed + b"\n1 0 obj\n<</Type/Catalog>>\nendobj\n",
        "another certificate": sign_as_offices_do(read_blob(letter), with_certificate(errand, leader.unit)),
    }

    answers = {name: post(client, errand, pdf, settings) for name, pdf in lies.items()}

    assert {name: (a.status_code, a.json()["Status"]) for name, a in answers.items()} == dict.fromkeys(
        lies, (200, False)
    )
    assert all(answer.json()["Message"] for answer in answers.values())
    assert SigningSession.objects.get(pk=session.id).state == SessionState.OPEN
    assert post(client, errand, signed, settings).json()["Status"] is True


def other_letter():
    from dinh.pki.tests.letters import letter_fields, plain_pdf
    from dinh.storage.api import store_bytes

    return api.add_fields(sha256=store_bytes(plain_pdf(pages=2)).sha256, fields=letter_fields())


def with_certificate(errand, unit):
    seal = Credential.objects.get(unit=unit).fingerprint
    meta = [item for item in errand.parameters["MetaData"] if item["Key"] != "certificate"]
    return {**errand.parameters, "MetaData": [*meta, {"Key": "certificate", "Value": seal}]}


def test_refusals_are_counted(client, session, leader, settings):
    errand = sent(session, leader)
    fetch(client, errand, settings)

    answers = [post(client, errand, b"%PDF-1.7", settings).json() for _time in range(MAX_ATTEMPTS + 1)]

    assert len({answer["Message"] for answer in answers[:-1]}) == 1
    assert answers[-1]["Message"] != answers[0]["Message"]
    assert facts(session).count("refused") == MAX_ATTEMPTS


def test_errand_begins_on_ones_own_page_only(client, session, leader, people):
    where = f"/signing/plugin/{session.id}/errand/"
    client.force_login(AccountFactory(current_appointment=people[1]))
    foreign = client.post(where)
    client.force_login(Account.objects.get(person=leader.person))
    own = client.post(where)
    SigningSession.objects.update(state="cancelled")

    assert (foreign.status_code, own.status_code, client.post(where).status_code) == (404, 200, 409)
    assert own.json()["parameters"]["SessionId"] == str(session.id)


def test_nothing_is_finished_before_the_file_came_back(session, leader):
    errand = sent(session, leader)

    with pytest.raises(api.SessionFinished):
        api.read_answer(data={"errand": str(errand.id)}, session_id=session.id, appointment=leader)
    with pytest.raises(InvalidInput):
        api.read_answer(data={"errand": "x"}, session_id=session.id, appointment=leader)


@pytest.mark.django_db(transaction=True)
def test_stand_in_speaks_the_contract_over_a_real_web_socket(live_server, session, leader, settings):
    settings.BASE_URL = live_server.url
    errand, refused = sent(session, leader), sent(session, leader)
    with plugin_server(port=0, origins=[live_server.url]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        answers = [
            ask(port, "/SignApproved", parameters, live_server.url)
            for parameters in (
                errand.parameters,
                errand.parameters,
                {**refused.parameters, "FileName": "http://elsewhere.example/x.pdf"},
                {},
            )
        ]
        server.shutdown()
        thread.join()

    assert [answer["Status"] for answer in answers] == [0, 1, 1, 1]
    assert answers[0]["FileServer"] == str(errand.id)
    assert "/Comment" in VGCA_PATHS
    transaction.get_connection().close()


def ask(port, path, parameters, origin):
    with connect(f"ws://127.0.0.1:{port}{path}", origin=origin) as socket:
        socket.send(json.dumps(parameters))
        return json.loads(socket.recv())


def test_log_tells_no_secret_of_an_address(client, session, leader, settings, caplog, capfd):
    errand = sent(session, leader)
    address = errand.parameters["FileUploadHandler"]
    secret = address.rstrip("/").rsplit("/", 1)[1]

    refused = client.post(f"/signing/plugin/upload/{secret}/", {})
    client.get(f"/signing/plugin/letter/{secret}.pdf")

    told = caplog.text + capfd.readouterr().err
    assert refused.status_code >= 400
    assert "/signing/plugin/upload/…/" in told
    assert secret not in told
