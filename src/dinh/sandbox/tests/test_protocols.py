"""The services as a stranger's program meets them: openssl where it is installed, and plain HTTP."""

import base64
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from dinh.pki.api import HttpTimestampClient, TimestampUnavailable
from dinh.signing.operations.demo import issue_demo_certificates

pytestmark = pytest.mark.django_db
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(not OPENSSL, reason="openssl is not installed")


@pytest.fixture
def ask(sandbox):
    """Sends a request to a sandbox that has its authority; returns the answer."""
    issue_demo_certificates()

    def send(method, path, **more):
        return httpx.request(method, f"{sandbox.address}/{path}", trust_env=False, timeout=10, **more)

    assert send("GET", "healthz").status_code == 200
    return send


def openssl(*arguments):
    done = subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def certificate(sandbox, stem):
    return x509.load_pem_x509_certificate((sandbox.folder / f"{stem}.pem").read_bytes())


def question(sandbox, stem="tsa", issuer="ca"):
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate(sandbox, stem), certificate(sandbox, issuer), hashes.SHA1())
    return builder.build().public_bytes(Encoding.DER)


def stamp_request(**changes):
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    return tsp.TimeStampReq({"version": "v1", "message_imprint": imprint | changes, "nonce": 5}).dump()


SHA1_REQUEST = stamp_request(hash_algorithm={"algorithm": "sha1"}, hashed_message=bytes(20))


# openssl


@needs_openssl
def test_openssl_trusts_a_timestamp_over_its_own_request(ask, sandbox, tmp_path):
    data, query, reply = (tmp_path / name for name in ("data", "query", "reply"))
    data.write_text("Nghị định 30/2020/NĐ-CP")
    openssl("ts", "-query", "-data", data, "-sha512", "-cert", "-out", query)

    reply.write_bytes(ask("POST", "tsa", content=query.read_bytes()).content)

    anchors = ("-CAfile", sandbox.folder / "root.pem", "-untrusted", sandbox.folder / "ca.pem")
    code, words = openssl("ts", "-verify", "-queryfile", query, "-in", reply, *anchors)
    assert (code, "Verification: OK" in words.splitlines()) == (0, True)
    data.write_text("another")
    assert openssl("ts", "-verify", "-data", data, "-in", reply, *anchors)[0] != 0


@needs_openssl
@pytest.mark.parametrize(("stem", "issuer"), [("tsa", "ca"), ("ca", "root")])
def test_openssl_hears_what_is_good_and_what_is_revoked(ask, order, sandbox, stem, issuer):
    folder = sandbox.folder
    command = ["ocsp", "-issuer", folder / f"{issuer}.pem", "-cert", folder / f"{stem}.pem"]
    command += ["-url", f"{sandbox.address}/ocsp", "-CAfile", folder / "root.pem"]

    good = openssl(*command)
    serial = f"{certificate(sandbox, stem).serial_number:x}"
    order("revoke", serial=serial, issuer=issuer, reason="key_compromise")
    revoked = openssl(*command)

    assert good[0] == revoked[0] == 0
    assert [f"{stem}.pem: good" in good[1], "Response verify OK" in good[1]] == [True, True]
    assert [f"{stem}.pem: revoked" in revoked[1], "keyCompromise" in revoked[1]] == [True, True]


@needs_openssl
def test_openssl_checks_the_chain_against_the_lists(ask, order, sandbox, tmp_path):
    folder, lists = sandbox.folder, tmp_path / "lists.pem"

    def verify():
        fetched = [x509.load_der_x509_crl(ask("GET", f"ca/{name}.crl").content) for name in ("root", "ca")]
        lists.write_bytes(b"".join(item.public_bytes(Encoding.PEM) for item in fetched))
        trust = ("-CAfile", folder / "root.pem", "-untrusted", folder / "ca.pem", "-CRLfile", lists)
        return openssl("verify", *trust, "-crl_check_all", "-purpose", "timestampsign", folder / "tsa.pem")

    before = verify()
    order("revoke", serial=f"{certificate(sandbox, 'tsa').serial_number:x}")
    after = verify()

    assert (before[0], after[0], "certificate revoked" in after[1]) == (0, 2, True)


# Lists and certificates


def test_list_names_the_revoked_once_with_moment_and_reason(ask, order):
    for reason in ("superseded", "key_compromise"):
        order("revoke", serial="0a:0b", reason=reason)

    crl = x509.load_der_x509_crl(ask("GET", "ca/ca.crl").content)

    assert [(item.serial_number, item.extensions[0].value.reason.name) for item in crl] == [
        (0x0A0B, "superseded")
    ]
    assert datetime.now(UTC) - crl.last_update_utc < timedelta(seconds=5)
    assert crl.next_update_utc - crl.last_update_utc == timedelta(days=1)


def test_authorities_are_served_and_nothing_else(ask, sandbox):
    served = x509.load_der_x509_certificate(ask("GET", "ca/ca.cer").content)

    assert served == certificate(sandbox, "ca")
    assert [ask("GET", path).status_code for path in ("ca/ca-key.pem", "ca/tsa.cer", "ca/", "x")] == [404] * 4


def test_certificates_name_where_to_ask(ask, sandbox):
    ca, tsa = certificate(sandbox, "ca"), certificate(sandbox, "tsa")

    def places(item):
        points = item.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        access = item.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        return [points[0].full_name[0].value, *(entry.access_location.value for entry in access)]

    assert places(ca) == [f"{sandbox.address}/{path}" for path in ("ca/root.crl", "ocsp", "ca/root.cer")]
    assert places(tsa) == [f"{sandbox.address}/{path}" for path in ("ca/ca.crl", "ocsp", "ca/ca.cer")]


# Status


def test_status_is_asked_by_get_too(ask, sandbox):
    path = "ocsp/" + quote(base64.b64encode(question(sandbox)), safe="")

    answer = ocsp.load_der_ocsp_response(ask("GET", path).content)

    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.next_update_utc - answer.this_update_utc == timedelta(minutes=10)


@pytest.mark.parametrize("body", [b"", b"what?", b"\x30\x03\x02\x01\x01"])
def test_status_refuses_what_is_no_request(ask, body):
    answer = ocsp.load_der_ocsp_response(ask("POST", "ocsp", content=body).content)

    assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_status_says_nothing_of_others_certificates(ask, sandbox):
    answer = ask("POST", "ocsp", content=question(sandbox, "ca", issuer="tsa"))

    refused = ocsp.load_der_ocsp_response(answer.content).response_status
    assert refused is ocsp.OCSPResponseStatus.UNAUTHORIZED


# Timestamps


class Refusal(core.Sequence):
    _fields = [("status", tsp.PKIStatusInfo)]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        pytest.param(b"what?", "bad_data_format", id="no request"),
        pytest.param(stamp_request(hashed_message=bytes(20)), "bad_data_format", id="short digest"),
        pytest.param(SHA1_REQUEST, "bad_alg", id="SHA-1"),
    ],
)
def test_timestamp_server_refuses_what_it_cannot_stamp(ask, body, failure):
    answer = Refusal.load(ask("POST", "tsa", content=body).content, strict=True)

    assert answer.native == {"status": {"status": "rejection", "status_string": None, "fail_info": {failure}}}


# Orders


def test_orders_are_taken_as_json_from_this_machine_only(ask):
    fault = b'{"service": "tsa", "mode": "down"}'
    as_json = {"Content-Type": "application/json"}

    as_form = ask("POST", "control/faults", content=fault, headers={"Content-Type": "text/plain"})
    elsewhere = ask("POST", "control/faults", content=fault, headers=as_json | {"Host": "example.vn"})

    assert [as_form.status_code, elsewhere.status_code] == [403, 403]
    assert ask("GET", "control").json() == {"faults": {}, "revocations": [], "phones": []}


@pytest.mark.parametrize(
    ("what", "fields", "named"),
    [
        ("revoke", {}, "serial"),
        ("revoke", {"serial": "xyz"}, "serial"),
        ("revoke", {"serial": "1", "reason": "no"}, "reason"),
        ("revoke", {"serial": "1", "issuer": "tsa"}, "issuer"),
        ("faults", {"mode": "down"}, "service"),
        ("faults", {"service": "ca", "mode": "stale"}, "mode"),
        ("faults", {"service": "tsa", "mode": "down", "count": 0}, "count"),
        ("faults", {"service": "tsa", "mode": "down", "seconds": "9"}, "seconds"),
        ("faults", [], "The"),
    ],
)
def test_bad_orders_are_refused_by_field(ask, what, fields, named):
    answer = ask("POST", f"control/{what}", json=fields)

    assert (answer.status_code, answer.json()["detail"].split()[0]) == (422, named)
    assert ask("GET", "control").json() == {"faults": {}, "revocations": [], "phones": []}


def test_too_large_and_unmeasured_bodies_are_refused(ask):
    large = ask("POST", "tsa", content=bytes(300_000))
    unmeasured = ask("POST", "tsa", content=iter([b"a"]))

    assert [large.status_code, unmeasured.status_code] == [413, 411]


def test_revocations_outlive_a_restart(sandbox, order, ask):
    from dinh.sandbox.server import Sandbox

    order("revoke", serial="ff")

    kept = Sandbox(sandbox.folder, sandbox.address).revocations.all()
    assert [(item.issuer, item.serial) for item in kept] == [("ca", 255)]


# Faults


def test_counted_fault_ends_by_itself(ask, order):
    order("faults", service="crl", mode="garbage", count=2)

    answers = [ask("GET", "ca/ca.crl").content for _ in range(3)]

    assert [answer[:4] == b"\x30\x82\x7f\xff" for answer in answers] == [True, True, False]


def test_timed_fault_ends_by_itself_and_any_by_order(ask, order):
    order("faults", service="ca", mode="garbage", seconds=0.2)
    time.sleep(0.25)
    order("faults", service="ocsp", mode="down")

    assert ask("GET", "control").json()["faults"] == {"ocsp": "down"}
    assert order("faults", service="ocsp", mode="well") == {"faults": {}}


def test_slow_service_answers_well_in_the_end(ask, order):
    order("faults", service="crl", mode="slow", count=1)
    started = time.monotonic()

    answer = ask("GET", "ca/ca.crl")

    assert time.monotonic() - started >= 1
    assert x509.load_der_x509_crl(answer.content).issuer.rfc4514_string() == "CN=Demo CA,C=VN"


def test_client_does_not_wait_for_a_slow_timestamp_server(ask, order, sandbox):
    order("faults", service="tsa", mode="slow")

    with pytest.raises(TimestampUnavailable):
        HttpTimestampClient(f"{sandbox.address}/tsa", seconds=0.2).stamp(bytes(32))


def test_silent_service_hangs_up(ask, order):
    order("faults", service="tsa", mode="down")

    with pytest.raises(httpx.RemoteProtocolError):
        ask("POST", "tsa", content=stamp_request())
