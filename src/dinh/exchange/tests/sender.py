"""A gateway's end of the wire by hand: what it sends may be anything."""

import hashlib
import http.client
import json
import ssl

from dinh.exchange.gateway.wire import Wire
from dinh.exchange.tests.xroad_client import CLIENT, SERVICE

PATH = f"/r1/{SERVICE}/1.0/echo"


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
            method=method.encode(), path=path.encode(), query=b"", headers=headers,
            digest=hashlib.sha256(body).digest(), recipient=recipient or self.recipient,
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
