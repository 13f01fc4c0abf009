"""Two gateways over the signed wire."""

import base64
import hashlib
import http.client
import io
import json
import ssl
import time
import zipfile
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from dinh.audit.api import record_bundle
from dinh.audit.evidence.findings import Findings
from dinh.audit.evidence.layout import PEER_CERTIFICATE
from dinh.audit.evidence.peers import check_peer
from dinh.audit.evidence.report import Verdict
from dinh.audit.evidence.verification import verify_evidence
from dinh.audit.keys import sealing_signer
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.peers import Peer, PeerKey
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.wire import WINDOW, Nonces, Wire, header
from dinh.exchange.models import Exchange, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.evidence import _proved, standing_of
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.test_xroad import CLIENT, SERVICE, ask, error_of
from dinh.exchange.tests.two_gateways import Ends, certify, identity, our_registry, our_tables
from dinh.pki.api import TrustStore

PATH = f"/r1/{SERVICE}/1.0/echo"


@pytest.fixture
def ends(world, tmp_path):
    """Ours, which MOTCUA asks, and theirs, which serves DMDC's `kho`."""
    with our_tables():
        both = Ends(
            tmp_path, world.client, world.provider.member.code,
            identity(tmp_path / "a"), identity(tmp_path / "b"),
        )  # fmt: skip
        both.register()
        both.start()
        try:
            yield both
        finally:
            both.stop()


def test_call_goes_over_the_wire_and_both_ends_log_it_with_the_others_signature(ends):
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


def test_evidence_judges_the_other_ends_signature_by_its_certificate(ends, tmp_path):
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
    call = {"method": b"POST", "path": b"/r1/x", "query": b"", "body": b"x"}
    signed = headers + Wire(keys).sign_request(headers=headers, recipient=keys.fingerprint, **call)
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


def test_other_end_tells_what_it_offers(ends):
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


def test_refusals_of_the_other_end_come_as_they_are(ends, world):
    with our_registry():
        from dinh.exchange.tests.world import make_system

        other = make_system("KHAC")
        tell_gateways()
    eventually(
        lambda: ask(ends.ours, PATH, client=other.identifier).json().get("type"),
        "Server.ServerProxy.UnknownX",
    )

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


def test_other_end_away_is_told_by_the_protocol(ends):
    ends.theirs.kill()

    answer = ask(ends.ours, PATH)

    assert error_of(answer) == (500, "Server.ServerProxy.NetworkError")
    eventually(lambda: len(ends.our_log()), 1)
    assert [(row.outcome, row.reason) for row in ends.our_log()] == [("failed", "provider-unreachable")]


def test_calls_to_another_gateway_are_counted_and_bound_for_each_system(ends, upstream):
    with our_registry():
        ends.peer.daily_quota = 3
        ends.peer.save()
        tell_gateways()
    eventually(lambda: ends.ours.health()["configuration"], 2)

    answers = [ask(ends.ours, PATH) for _time in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [500] * 2
    assert error_of(answers[3]) == (500, "Server.ServerProxy.AccessDenied")
    assert int(answers[3].headers["retry-after"]) > 0
    assert len(upstream.seen) == 3
    logged = eventually(
        lambda: [(row.outcome, row.reason) for row in ends.our_log()][3:], [("refused", "quota-exceeded")] * 2
    )
    assert logged == [("refused", "quota-exceeded")] * 2


def test_revoked_certificate_is_refused_within_two_seconds(ends):
    assert ask(ends.ours, PATH).status_code == 200
    SystemCertificate.objects.filter(fingerprint=ends.ours_id.fingerprint).update(revoked_at=timezone.now())
    tell_gateways()

    refused = eventually(lambda: ask(ends.ours, PATH).status_code, 500, seconds=2)

    assert refused == 500
    # Theirs knows nobody by that certificate any more; its refusal is signed, and ours passes it on.
    assert error_of(ask(ends.ours, PATH)) == (500, "Server.ServerProxy.SslAuthenticationFailed")
    with our_registry():
        SystemCertificate.objects.filter(fingerprint=ends.theirs_id.fingerprint).update(
            revoked_at=timezone.now()
        )
        tell_gateways()
    wanted = (500, "Server.ServerProxy.NetworkError")
    assert eventually(lambda: error_of(ask(ends.ours, PATH)), wanted, seconds=2) == wanted


class Sender:
    """Speaks to the listening end by hand, with our certificate."""

    def __init__(self, ends, keys=None):
        self.keys, self.recipient = keys or ends.ours_id, ends.theirs_id.fingerprint
        context = ssl.create_default_context(cafile=str(ends.theirs_id.certificate_file))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
        context.load_cert_chain(self.keys.certificate_file, self.keys.key_file)
        self.wire = http.client.HTTPSConnection("127.0.0.1", ends.wire_port, context=context, timeout=10)
        self.signing = Wire(self.keys)

    def headers(self, client=CLIENT, message="m-1"):
        return [(b"x-road-client", client.encode()), (b"x-road-id", message.encode()), (b"accept", b"*/*")]

    def signed(self, headers, *, body=b"", path=PATH, method="GET", recipient=""):
        return headers + self.signing.sign_request(
            method=method.encode(), path=path.encode(), query=b"", headers=headers, body=body,
            recipient=recipient or self.recipient,
        )  # fmt: skip

    def send(self, headers, *, body=b"", path=PATH, method="GET"):
        self.wire.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            self.wire.putheader(name.decode(), value.decode())
        self.wire.putheader("content-length", str(len(body)))
        self.wire.endheaders(body)
        answer = self.wire.getresponse()
        content = answer.read()
        return answer.status, json.loads(content), [
            (name.lower().encode(), value.encode()) for name, value in answer.getheaders()
        ]  # fmt: skip


def told(answer):
    return answer[1]["type"], answer[1]["message"]


def test_same_message_is_taken_once(ends):
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


@pytest.mark.parametrize(
    "what", ["body", "header", "path", "method", "digest", "signature", "added", "dropped"]
)
def test_changed_message_is_refused_and_reaches_no_provider(ends, upstream, what):
    sender = Sender(ends)
    body = b"1"
    headers = dict(sender.signed(sender.headers(), body=body, method="POST"))
    path, method = PATH, "POST"
    if what == "body":
        body = b"2"
    elif what == "header":
        headers[b"x-road-id"] = b"m-2"
    elif what == "path":
        path = PATH.replace("echo", "small")
    elif what == "method":
        method = "PUT"
    elif what == "digest":
        headers[b"content-digest"] = b"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    elif what == "signature":
        headers[b"signature"] = b"dinh=:" + base64.b64encode(b"\1" * 64) + b":"
    elif what == "added":
        headers[b"x-road-userid"] = b"VN999"
    else:
        del headers[b"signature-input"]

    status, error, _headers = sender.send(list(headers.items()), body=body, path=path, method=method)

    assert (status, error["type"]) == (500, "Server.ServerProxy.InvalidSignatureValue")
    assert upstream.seen == []
    assert eventually(Exchange.objects.count, 1) == 1
    logged = Exchange.objects.values_list("outcome", "reason", "client", "peer_key").get()
    assert logged == ("refused", "bad-signature", "", ends.ours_id.fingerprint)


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


def test_expired_certificate_is_refused(ends, tmp_path, world):
    long_ago = timezone.now() - timedelta(days=20)
    expired = identity(tmp_path / "expired", since=long_ago, life=timedelta(days=10))
    peer_system = SystemCertificate.objects.get(fingerprint=ends.ours_id.fingerprint).system
    certify(peer_system, expired)
    tell_gateways()
    time.sleep(1.5)
    sender = Sender(ends, expired)

    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        sender.send(sender.signed(sender.headers()))


def test_answers_are_signed_for_their_request_only(ends):
    sender = Sender(ends)
    headers = sender.signed(sender.headers())
    _status, _body, answered = sender.send(headers)

    covered = header(answered, b"signature-input").decode()

    assert '"signature";req' in covered
    assert '"@status" ' in covered
    assert f'keyid="{ends.theirs_id.fingerprint}"' in covered


def test_several_bodies_and_a_large_one_pass(ends, world):
    large = b"x" * (9 * 1024 * 1024)

    answers = [
        ask(ends.ours, PATH, "POST", content=large),
        ask(ends.ours, PATH, "POST", content=large + b"x" * (2 * 1024 * 1024)),
        ask(ends.ours, PATH),
        ask(ends.ours, PATH, "HEAD"),
    ]

    assert answers[0].json()["body"] == len(large)
    assert error_of(answers[1]) == (400, "Client.BadRequest")
    assert answers[2].status_code == 200
    # Not offered; HEAD has no content, so the header alone tells.
    assert (answers[3].headers["x-road-error"], answers[3].content) == (
        "Server.ServerProxy.AccessDenied",
        b"",
    )


def test_keys_may_be_of_rsa_too(world, tmp_path):
    def rsa_key():
        return rsa.generate_private_key(65537, 2048)

    with our_tables():
        both = Ends(
            tmp_path, world.client, world.provider.member.code,
            identity(tmp_path / "a", key=rsa_key()), identity(tmp_path / "b", key=rsa_key()),
        )  # fmt: skip
        both.register()
        both.start()
        try:
            assert ask(both.ours, PATH).status_code == 200
        finally:
            both.stop()


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
    call = {"method": b"GET", "path": b"/", "query": b"", "body": b""}
    headers = [(b"x-road-client", b"c"), (b"x-road-id", b"i")]
    signed = headers + Wire(keys).sign_request(headers=headers, recipient=keys.fingerprint, **call)

    with pytest.raises(Refusal, match="before this gateway started"):
        Wire(keys, started_at=time.time() + 5).check_request(peer, headers=signed, **call)
    assert (
        Wire(keys, started_at=time.time() - 5).check_request(peer, headers=signed, **call).key
        == keys.fingerprint
    )
