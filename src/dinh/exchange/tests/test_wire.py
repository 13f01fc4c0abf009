"""Two gateways over the signed wire, which all tests here share: nothing that they have is changed."""

import base64
import hashlib
import http.client
import io
import ssl
import time
import zipfile
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from dinh.audit.api import record_bundle
from dinh.audit.evidence.findings import Findings
from dinh.audit.evidence.layout import PEER_CERTIFICATE
from dinh.audit.evidence.peers import check_peer
from dinh.audit.evidence.report import Verdict
from dinh.audit.evidence.verification import verify_evidence
from dinh.audit.keys import sealing_signer
from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import check_request_hash
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.peers import Peer, PeerKey
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Body
from dinh.exchange.gateway.wire import WINDOW, Nonces, Wire, header
from dinh.exchange.models import Exchange, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.evidence import _proved, standing_of
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.sender import PATH, Sender
from dinh.exchange.tests.two_gateways import certify, identity, our_registry
from dinh.exchange.tests.world import make_system
from dinh.exchange.tests.xroad_client import CLIENT, SERVICE, ask, error_of
from dinh.pki.api import TrustStore


@pytest.fixture
def ends(shared_ends):
    return shared_ends


@pytest.fixture
def world(shared_world):
    return shared_world


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.seen.clear()
    return shared_upstream


@pytest.fixture
def fresh_log(ends):
    ends.settle()


def test_call_goes_over_the_wire_and_both_ends_log_it_with_the_others_signature(ends, fresh_log):
    body = "dữ liệu".encode()

    answer = ask(
        ends.ours, f"{PATH}?a=1", "POST", content=body,
        headers={"X-Road-Id": "id-1", "X-Road-UserId": "VN012", "X-Custom": "kept", "Content-Type": "text/plain"},
    )  # fmt: skip

    assert answer.status_code == 200, answer.text
    told = answer.json()
    seen = {name.lower(): value for name, value in told["headers"]}
    assert (told["method"], told["path"], told["body"].encode("latin-1")) == ("POST", "/base/echo?a=1", body)
    expected = {"x-road-client": CLIENT, "x-road-id": "id-1", "x-road-userid": "VN012", "x-custom": "kept"}
    assert expected.items() <= seen.items()
    assert not {"signature", "signature-input", "content-digest"} & (seen.keys() | answer.headers.keys())
    assert (answer.headers["x-road-service"], answer.headers["x-road-id"]) == (SERVICE, "id-1")
    assert eventually(Exchange.objects.count, 1) == 1
    eventually(lambda: len(ends.our_log()), 1)
    (mine,), theirs = ends.our_log(), Exchange.objects.get()
    assert answer.headers["x-road-request-id"] == str(mine.pk)
    assert [
        (row.client, row.provider, row.service, row.message_id, row.status) for row in (mine, theirs)
    ] == [(CLIENT, SERVICE.rpartition("/")[0], "kho", "id-1", 200)] * 2
    assert (mine.front, theirs.front) == ("xroad", "wire")
    assert mine.request_sha256 == theirs.request_sha256 == hashlib.sha256(body).hexdigest()
    assert mine.response_sha256 == theirs.response_sha256 == hashlib.sha256(answer.content).hexdigest()
    for row, signer in ((mine, ends.theirs_id), (theirs, ends.ours_id)):
        assert row.peer_key == signer.fingerprint
        check_proof(row, signer, body if row is theirs else answer.content)
    assert standing_of(theirs).is_unaltered
    with our_registry():
        assert standing_of(mine).is_unaltered


def test_exchange_whose_answer_has_a_large_head_is_in_both_logs_and_so_is_what_follows(ends, fresh_log):
    """The line holds the other end's signature base, so it is longer than the head."""
    large = ask(ends.ours, PATH.replace("echo", "many-headers"))
    after = [ask(ends.ours, PATH).status_code for _time in range(3)]

    assert (large.status_code, len(large.headers["x-many-9"]), after) == (200, 5500, [200] * 3)
    assert eventually(ends.our_log_size, 4) == 4
    assert eventually(Exchange.objects.count, 4) == 4
    check_proof(ends.our_log()[0], ends.theirs_id, b"{}")
    assert list(ends.ours.segments.glob("*.torn")) == []


def request_hash(sent, body):
    """By hand, over the message as it goes over the wire (PR-REST, 4.3)."""
    known = ("x-road-client", "x-road-service", "x-road-id", "x-road-userid", "x-road-issue")
    lines = [f"{name}:{value}" for name, value in sent if name in known]
    lines += [f"{name}:{value}" for name, value in sent if name not in (*known, "x-road-request-id")]
    lines += [f"{name}:{value}" for name, value in sent if name == "x-road-request-id"]
    head = hashlib.sha512("\r\n".join(["POST", PATH, *lines, ""]).encode()).digest()
    return base64.b64encode(hashlib.sha512(head + hashlib.sha512(body).digest()).digest())


def test_providers_gateway_makes_the_request_hash_and_keeps_the_request_id(ends):
    sender = Sender(ends)
    headers = [*sender.headers(), (b"x-road-request-id", b"r-1"), (b"x-own", b"1"), (b"x-road-ext", b"2")]

    status, told, answered = sender.send(
        sender.signed(headers, body=b"1", method="POST"), body=b"1", method="POST"
    )

    sent = [(name.decode(), value.decode()) for name, value in headers]
    assert status == 200
    assert {name.lower(): value for name, value in told["headers"]}["x-road-request-id"] == "r-1"
    assert header(answered, b"x-road-request-id") == b"r-1"
    assert header(answered, b"x-road-request-hash") == request_hash(sent, b"1")


def test_request_id_is_one_over_the_wire_and_the_hash_is_that_of_the_providers_gateway(ends):
    given = {"X-Road-Request-Id": "r-2", "X-Road-Ext": "1", "X-Road-Represented-Party": "GOV/X"}

    answer = ask(
        ends.ours, PATH, "POST", content=b"x" * 200_000, headers=given | {"Content-Digest": "forged"}
    )

    seen = {name.lower(): value for name, value in answer.json()["headers"]}
    assert answer.headers["x-road-request-id"] == seen["x-road-request-id"] == "r-2"
    assert (seen["x-road-ext"], seen["x-road-represented-party"]) == ("1", "GOV/X")
    assert len(base64.b64decode(answer.headers["x-road-request-hash"])) == 64
    theirs = Exchange.objects.filter(represented_party="GOV/X", front="wire")
    assert eventually(theirs.count, 1) == 1
    ours = lambda: [row.front for row in ends.our_log() if row.represented_party == "GOV/X"]  # noqa: E731
    assert eventually(ours, ["xroad"]) == ["xroad"]


def checked_hash(request_id, given):
    call, body = Call("xroad", "GET"), Body(None, 0, None)
    call.request_id, call.xroad_head = "r-1", b"head"
    check_request_hash(call, [(b"x-road-request-id", request_id), (b"x-road-request-hash", given)], body)


def test_hash_of_another_request_is_refused_unless_an_earlier_release_made_it():
    own = base64.b64encode(hashlib.sha512(b"head").digest())

    for request_id, given in ((b"r-1", own), (b"of-the-peer", b"another"), (b"r-1", b"")):
        checked_hash(request_id, given)
    with pytest.raises(Refusal) as refused:
        checked_hash(b"r-1", b"another")

    assert (refused.value.status, refused.value.code) == (502, "peer-signature")


def test_evidence_judges_the_other_ends_signature_by_its_certificate(ends, fresh_log, tmp_path):
    assert ask(ends.ours, PATH, "POST", content=b"x", headers={"X-Road-Id": "id-1"}).status_code == 200
    eventually(Exchange.objects.count, 1)
    eventually(ends.our_log_size, 1)
    theirs = _proved(Exchange.objects.get())
    with our_registry():
        ours = _proved(Exchange.objects.get())
    anchors = [each.pem for each in (ends.ours_id, ends.theirs_id)] + list(sealing_signer().certificates)
    stranger = identity(tmp_path / "stranger").pem

    def judged(record, **changed):
        with record_bundle(record=replace(record, **changed)) as bundle:
            return verify_evidence(data=bundle, trust=TrustStore.of(anchors=anchors))

    for proved, signer in ((ours, ends.theirs_id), (theirs, ends.ours_id)):
        report = judged(proved)
        assert report.verdict == Verdict.VALID, report.reasons
        assert (report.peer.signed, report.peer.trusted, report.peer.fingerprint) == (
            True,
            True,
            signer.fingerprint,
        )
        report = judged(proved, peer_certificate=stranger)
        assert (report.verdict, report.peer.signed) == (Verdict.INVALID, False)
        assert "peer-signature" in [reason.code for reason in report.reasons]
        report = judged(proved, peer_certificate=b"")
        assert (report.verdict, report.peer) == (Verdict.VALID, None)
        assert "peer-unknown" in [reason.code for reason in report.reasons]


@pytest.mark.parametrize(
    "changed",
    [{"request_sha256": "0" * 64}, {"method": "GET"}, {"message_id": "id-2"}, {"client": "VN/GOV/X/Y"}],
)
def test_signature_of_another_message_is_no_proof(tmp_path, changed):
    keys = identity(tmp_path)
    headers = [(b"x-road-client", CLIENT.encode()), (b"x-road-id", b"id-1")]
    call = {"method": b"POST", "path": b"/r1/x", "query": b""}
    digest = hashlib.sha256(b"x").digest()
    signed = headers + Wire(keys).sign_request(
        headers=headers, digest=digest, recipient=keys.fingerprint, **call
    )
    proof = Wire(keys, started_at=0).check_request(known(keys), headers=signed, **call)
    record = {
        "peer_key": proof.key, "peer_proof": proof.text, "method": "POST", "client": CLIENT, "message_id": "id-1",
        "request_sha256": hashlib.sha256(b"x").hexdigest(),
    }  # fmt: skip

    def found(told):
        findings, archive = Findings(), io.BytesIO()
        with zipfile.ZipFile(archive, "w") as members:
            members.writestr(PEER_CERTIFICATE, keys.pem)
        with zipfile.ZipFile(archive) as members:
            check_peer(members, told, TrustStore.of(anchors=[keys.pem]), findings)
        return [reason.code for reason in findings.reasons]

    assert found(record) == []
    assert found(record | changed) == ["peer-signature"]


def test_other_end_tells_what_it_offers(ends, fresh_log):
    answer = ask(ends.ours, f"/r1/{SERVICE.rpartition('/')[0]}/allowedMethods")

    assert [row["service_code"] for row in answer.json()["service"]] == ["kho"]
    assert (
        eventually(Exchange.objects.filter(service="allowedMethods", front="wire", status=200).count, 1) == 1
    )


def check_proof(row, signer, content):
    """What the log kept is enough to prove what the other end signed."""
    from dinh.pki.http_signatures import _verify, algorithm_of

    base, value = (base64.b64decode(part) for part in row.peer_proof.split("."))
    _verify(signer.key.public_key(), algorithm_of(signer.key), value, base)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert f'"content-digest": sha-256=:{digest}:' in base.decode().splitlines()


def told(answer):
    return answer[1]["type"], answer[1]["message"]


def test_same_message_is_taken_once(ends, fresh_log):
    sender = Sender(ends)
    headers = sender.signed(sender.headers())

    first, second = sender.send(headers), sender.send(headers)

    assert first[0] == 200
    assert told(second) == ("Server.ServerProxy.InvalidSignatureValue", "This message came before.")
    assert sender.send(sender.signed(sender.headers()))[0] == 200
    assert eventually(Exchange.objects.count, 3) == 3
    assert sorted(Exchange.objects.values_list("outcome", flat=True)) == ["delivered", "delivered", "refused"]


def test_message_for_another_gateway_behind_the_same_address_is_refused(ends, upstream, tmp_path):
    """Several gateways remember no nonces of one another: a message is good at one of them only."""
    sender, other = Sender(ends), identity(tmp_path / "other")

    answer = sender.send(sender.signed(sender.headers(), recipient=other.fingerprint))

    refused = "The signature is of another kind, or meant for another gateway."
    assert told(answer) == ("Server.ServerProxy.InvalidSignatureValue", refused)
    assert upstream.seen == []


def change(what, headers, sent):
    if what == "body":
        sent["body"] = b"2"
    elif what == "header":
        headers[b"x-road-id"] = b"m-2"
    elif what == "path":
        sent["path"] = PATH.replace("echo", "small")
    elif what == "method":
        sent["method"] = "PUT"
    elif what == "digest":
        headers[b"content-digest"] = b"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    elif what == "signature":
        headers[b"signature"] = b"dinh=:" + base64.b64encode(b"\1" * 64) + b":"
    elif what == "added":
        headers[b"x-road-userid"] = b"VN999"
    else:
        del headers[b"signature-input"]


CHANGES = ("body", "header", "path", "method", "digest", "signature", "added", "dropped")


def test_changed_messages_are_refused_and_reach_no_provider(ends, upstream, fresh_log):
    sender, found = Sender(ends), {}
    for what in CHANGES:
        headers = dict(sender.signed(sender.headers(), body=b"1", method="POST"))
        sent = {"body": b"1", "path": PATH, "method": "POST"}
        change(what, headers, sent)
        status, error, _headers = sender.send(list(headers.items()), **sent)
        found[what] = (status, error["type"])

    assert found == dict.fromkeys(CHANGES, (500, "Server.ServerProxy.InvalidSignatureValue"))
    assert upstream.seen == []
    logged = lambda: list(Exchange.objects.values_list("outcome", "reason", "client", "peer_key"))  # noqa: E731
    wanted = [("refused", "bad-signature", "", ends.ours_id.fingerprint)] * len(CHANGES)
    assert eventually(logged, wanted) == wanted


@pytest.mark.parametrize("seconds", [-WINDOW - 5, WINDOW + 5])
def test_message_of_another_time_is_refused(ends, monkeypatch, seconds):
    sender = Sender(ends)
    then = time.time() + seconds
    with monkeypatch.context() as patched:
        patched.setattr("dinh.exchange.gateway.wire.time.time", lambda: then)
        headers = sender.signed(sender.headers())

    kind, message = told(sender.send(headers))

    assert (kind, message.split(",")[0]) == (
        "Server.ServerProxy.InvalidSignatureValue", "The signature is too old",
    )  # fmt: skip


def test_peer_speaks_for_its_own_clients_only(ends, world):
    sender = Sender(ends)
    foreign = world.provider.identifier

    kind, message = told(sender.send(sender.signed(sender.headers(client=foreign))))

    assert (kind, message) == (
        "Server.ClientProxy.SslAuthenticationFailed", "This gateway does not speak for that client.",
    )  # fmt: skip


def test_strangers_are_not_let_into_tls(ends, tmp_path):
    stranger = Sender(ends, identity(tmp_path / "stranger"))

    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        stranger.send(stranger.signed(stranger.headers()))
    with pytest.raises((httpx.HTTPError, ssl.SSLError)):
        httpx.get(f"https://127.0.0.1:{ends.wire_port}/", verify=False, trust_env=False)


def test_answers_are_signed_for_their_request_only(ends):
    sender = Sender(ends)
    headers = sender.signed(sender.headers())
    _status, _body, answered = sender.send(headers)

    covered = header(answered, b"signature-input").decode()

    assert '"signature";req' in covered
    assert '"@status" ' in covered
    assert f'keyid="{ends.theirs_id.fingerprint}"' in covered


def test_several_bodies_pass_over_one_connection(ends):
    large = b"x" * (3 * 1024 * 1024)

    answers = [
        ask(ends.ours, PATH, "POST", content=large),
        ask(ends.ours, PATH, "POST", content=iter([large, b"x"])),
        ask(ends.ours, PATH, "POST", content=b"small"),
        ask(ends.ours, PATH),
        ask(ends.ours, PATH, "HEAD"),
    ]

    assert [answer.json()["body"] for answer in answers[:4]] == [len(large), len(large) + 1, "small", ""]
    # Not offered; HEAD has no content, so the header alone tells.
    assert (answers[4].headers["x-road-error"], answers[4].content) == (
        "Server.ServerProxy.AccessDenied",
        b"",
    )


def test_nonces_are_remembered_for_longer_than_a_message_is_good():
    nonces = Nonces()

    assert [nonces.take("a", 1000.0), nonces.take("a", 1000.0 + 2 * WINDOW)] == [True, False]
    assert nonces.take("b", 1000.0 + 2 * WINDOW + 1)
    assert not nonces.take("a", 1000.0 + 2 * WINDOW + 2)


def known(keys):
    der = keys.certificates[0].public_bytes(Encoding.DER)
    public = x509.load_der_x509_certificate(der).public_key()
    key = PeerKey(keys.fingerprint, public, 0, time.time() + 100, der)
    return Peer(1, "VN/GOV/A/CONG", "VN/GOV/A/", "h", 1, {keys.fingerprint: key}, Limit(1, 1))


def test_request_signed_before_the_start_is_refused(tmp_path):
    keys = identity(tmp_path)
    peer = known(keys)
    call = {"method": b"GET", "path": b"/", "query": b""}
    headers = [(b"x-road-client", b"c"), (b"x-road-id", b"i")]
    signed = headers + Wire(keys).sign_request(
        headers=headers, digest=hashlib.sha256().digest(), recipient=keys.fingerprint, **call
    )

    with pytest.raises(Refusal, match="before this gateway started"):
        Wire(keys, started_at=time.time() + 5).check_request(peer, headers=signed, **call)
    assert (
        Wire(keys, started_at=time.time() - 5).check_request(peer, headers=signed, **call).key
        == keys.fingerprint
    )


def test_refusals_of_the_other_end_come_as_they_are(ends):
    with our_registry():
        other = make_system("KHAC")
        tell_gateways()
    known = (500, "Server.ClientProxy.SslAuthenticationFailed")
    eventually(lambda: error_of(ask(ends.ours, PATH, client=other.identifier)), known)

    found = [
        error_of(ask(ends.ours, f"/r1/{SERVICE}/1.0/khong-co")),
        error_of(ask(ends.ours, PATH, client=other.identifier)),
        error_of(ask(ends.ours, f"/r1/{SERVICE}/1.0/hang-up")),
    ]

    assert found == [
        (500, "Server.ServerProxy.UnknownService"),
        (500, "Server.ClientProxy.SslAuthenticationFailed"),
        (500, "Server.ServerProxy.ServiceFailed"),
    ]
    answer = ask(ends.ours, f"/r1/{SERVICE}/1.0/broken")
    assert (answer.status_code, answer.json()) == (500, {"provider": "broken"})
    assert "x-road-error" not in answer.headers


def test_expired_certificate_is_refused(ends, tmp_path):
    long_ago = timezone.now() - timedelta(days=20)
    expired = identity(tmp_path / "expired", since=long_ago, life=timedelta(days=10))
    peer_system = SystemCertificate.objects.get(fingerprint=ends.ours_id.fingerprint).system
    certify(peer_system, expired)
    tell_gateways()
    time.sleep(1.5)
    sender = Sender(ends, expired)

    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        sender.send(sender.signed(sender.headers()))
