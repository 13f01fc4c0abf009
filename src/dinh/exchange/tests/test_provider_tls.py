"""Providers by TLS: who they are is judged, and the gateway shows them who it is."""

import asyncio
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.exchange.gateway.identity import load_identity, make_identity
from dinh.exchange.gateway.routing import Upstream
from dinh.exchange.gateway.talk import UpstreamFailed
from dinh.exchange.gateway.upstream import Upstreams
from dinh.exchange.tests.server_files import trusted_server


@pytest.fixture
def ours(tmp_path):
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make_identity(*files, name="Cổng thử")
    return load_identity(*files)


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """Key and certificate of a provider at 127.0.0.1, which this machine trusts."""
    return trusted_server(tmp_path / "provider.pem", monkeypatch)


def asked(theirs, *, lets_in, identity, host="127.0.0.1"):
    """What a provider that lets in one certificate only is shown, and its answer; or why there is none."""
    seen = []

    async def serve(reader, writer):
        seen.append(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def both():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(theirs)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=lets_in.certificates[0].public_bytes(Encoding.DER))
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        where = Upstream(host, server.sockets[0].getsockname()[1], True, b"", b"x", 5, 1000)
        clients = Upstreams(allows_local=True, identity=identity)
        try:
            answer = await clients.call(where, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", method=b"GET", more=None)
            told = answer.status
            answer.release()
        except UpstreamFailed as failure:
            told = failure.code
        clients.close()
        server.close()
        return told

    return asyncio.run(both()), seen


def test_provider_that_asks_is_shown_the_gateways_certificate(ours, theirs):
    told, seen = asked(theirs, lets_in=ours, identity=ours)

    assert (told, seen) == (200, [ours.certificates[0].public_bytes(Encoding.DER)])


def test_provider_lets_in_nobody_else(ours, theirs, tmp_path):
    files = tmp_path / "other-key.pem", tmp_path / "other.pem"
    make_identity(*files, name="khác")

    told, seen = asked(theirs, lets_in=ours, identity=load_identity(*files))
    unnamed, _seen = asked(theirs, lets_in=ours, identity=None)

    assert told in ("provider-unreachable", "provider-hung-up", "provider-broke-off")
    assert unnamed in ("provider-unreachable", "provider-hung-up", "provider-broke-off")
    assert seen == []


def test_provider_under_another_name_is_no_provider(ours, theirs):
    told, seen = asked(theirs, lets_in=ours, identity=ours, host="localhost")

    assert (told, seen) == ("provider-unreachable", [])
