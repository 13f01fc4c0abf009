"""Two gateways whose registries change, or one of which ends; each test has its own."""

import hashlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from dinh.exchange.enums import ProviderProtocol
from dinh.exchange.gateway.wire import Wire
from dinh.exchange.models import Exchange, ServiceVersion, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.provider import MB, STREAMED
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.sender import PATH
from dinh.exchange.tests.two_gateways import Ends, identity, our_registry, our_tables
from dinh.exchange.tests.xroad_client import SERVICE, ask, error_of


def test_large_error_behind_the_other_end_is_none_at_both(ends, world):
    ServiceVersion.objects.filter(pk=world.version.pk).update(protocol=ProviderProtocol.XROAD)
    ends.theirs.take_up()

    answer = ask(ends.ours, f"/r1/{SERVICE}/1.0/large-error")

    def logged():
        rows = [*ends.our_log(), *Exchange.objects.all()]
        return [(row.status, row.outcome, row.reason) for row in rows]

    wanted = [(500, "refused", "by-peer"), (500, "failed", "by-security-server")]
    assert (answer.status_code, len(answer.content)) == (500, STREAMED)
    assert eventually(logged, wanted) == wanted


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
        ends.ours.take_up()

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


def reasons(ends):
    return [(row.outcome, row.reason) for row in ends.our_log()]


class _Forger(BaseHTTPRequestHandler):
    """Another end whose signature is right, but whose content was changed in its middle."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_GET(self):
        content, keys = bytearray(3 * MB), self.server.keys
        told = [(b"content-type", b"text/plain")]
        told += Wire(keys).sign_answer(
            status=200, headers=told, digest=hashlib.sha256(content).digest(),
            request_signature=self.headers["signature"].encode(),
        )  # fmt: skip
        content[len(content) // 2] = 1
        self.send_response_only(200)
        for name, value in [*told, (b"content-length", str(len(content)).encode())]:
            self.send_header(name.decode(), value.decode())
        self.end_headers()
        self.wfile.write(content)


def test_large_answer_changed_in_its_middle_reaches_no_caller(ends):
    ends.theirs.kill()
    server = ThreadingHTTPServer(("127.0.0.1", ends.wire_port), _Forger)
    server.keys = ends.theirs_id
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ends.theirs_id.certificate_file, ends.theirs_id.key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        answer = ask(ends.ours, PATH)
    finally:
        server.shutdown()
        server.server_close()

    assert error_of(answer) == (500, "Server.ClientProxy.InvalidSignatureValue")
    wanted = [("failed", "peer-signature")]
    assert eventually(lambda: reasons(ends), wanted) == wanted
