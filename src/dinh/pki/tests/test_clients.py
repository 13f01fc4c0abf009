"""Clients against a server of the test's own, and the government's public certificates."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from asn1crypto import cms, tsp
from cryptography import x509

from dinh.pki.api import (
    HttpRevocationFetcher,
    HttpTimestampClient,
    RevocationUnavailable,
    TimestampUnavailable,
    TrustStore,
)
from dinh.pki.certificates import fingerprint, may_stamp_time
from dinh.pki.net import http_client
from dinh.pki.revocation import DirectoryRevocationCache
from dinh.pki.verify.times import parse_pdf_date

from .authority import rsa_key
from .letters import NOON, VIETNAM

SHARED = Path(os.environ.get("DINH_SHARED_DIR", Path(__file__).parents[5] / "shared")) / "data" / "pki"


def server(authority, *, digest=None, wrong_nonce=False, status=200, granted="granted", foreign=False):
    def answer(request: httpx.Request) -> httpx.Response:
        asked = tsp.TimeStampReq.load(request.content)
        holder = replace(authority.tsa, key=rsa_key(2048, 99)) if foreign else None
        stamper = authority.stamper(NOON, holder)
        stamper.nonce = asked["nonce"].native + wrong_nonce
        token = stamper.stamp(digest or asked["message_imprint"]["hashed_message"].native)
        body = {"status": {"status": granted}, "time_stamp_token": cms.ContentInfo.load(token)}
        return httpx.Response(status, content=tsp.TimeStampResp(body).dump())

    return HttpTimestampClient("http://tsa.example.vn", transport=httpx.MockTransport(answer))


def test_timestamp_client_returns_the_token(authority):
    token = server(authority).stamp(bytes(32))

    assert cms.ContentInfo.load(token)["content_type"].native == "signed_data"


@pytest.mark.parametrize(
    "options",
    [
        {"digest": b"1" * 32},
        {"wrong_nonce": True},
        {"status": 500},
        {"granted": "rejection"},
        {"foreign": True},
    ],
)
def test_timestamp_client_refuses_wrong_answers(authority, options):
    with pytest.raises(TimestampUnavailable):
        server(authority, **options).stamp(bytes(32))


def test_timestamp_client_refuses_garbage_and_silence():
    def garbage(request):
        return httpx.Response(200, content=b"<html>")

    def silence(request):
        raise httpx.ConnectTimeout("late")

    for handler in (garbage, silence):
        with pytest.raises(TimestampUnavailable):
            HttpTimestampClient("http://x", transport=httpx.MockTransport(handler)).stamp(bytes(32))


@pytest.mark.parametrize(("error", "times"), [(httpx.ReadTimeout("late"), 1), (httpx.ConnectError("no"), 2)])
def test_timestamp_server_that_lets_time_pass_is_not_asked_again_at_once(error, times):
    asked = []

    def fail(request):
        asked.append(request.url)
        raise error

    client = HttpTimestampClient("http://x", transport=httpx.MockTransport(fail))
    for _ in range(2):
        with pytest.raises(TimestampUnavailable):
            client.stamp(bytes(32))

    assert len(asked) == times


def test_clients_go_past_the_proxy_to_this_machine_only(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.vn:3128")

    def proxies(url):
        with http_client(url, seconds=1, transport=None) as client:
            return len(client._mounts)

    assert [proxies("http://127.0.0.1:8001/tsa"), proxies("http://tsa.example.vn/") > 0] == [0, True]


def test_revocation_fetcher_reads_and_refuses():
    ok = HttpRevocationFetcher(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=b"list"))
    )
    missing = HttpRevocationFetcher(transport=httpx.MockTransport(lambda request: httpx.Response(404)))

    assert ok.crl("http://x/a.crl") == b"list"
    with pytest.raises(RevocationUnavailable):
        missing.crl("http://x/a.crl")


def test_revocation_answers_are_kept_by_many_threads_at_once(tmp_path):
    """Clerks who seal at the same moment ask about the same authority; each answer is whole, and none fails."""
    cache, answers = DirectoryRevocationCache(tmp_path), [bytes([n]) * 200_000 for n in range(200)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda answer: cache.put("authority", answer, NOON), answers))

    assert cache.get("authority") in answers
    assert len(list(tmp_path.iterdir())) == 1


def test_silent_host_is_asked_once():
    asked = []

    def silence(request):
        asked.append(request.url)
        raise httpx.ConnectTimeout("late")

    fetcher = HttpRevocationFetcher(transport=httpx.MockTransport(silence))
    for path in ("a", "b"):
        with pytest.raises(RevocationUnavailable):
            fetcher.crl(f"http://x/{path}.crl")

    assert [str(url) for url in asked] == ["http://x/a.crl"]


def test_silent_address_leaves_the_others_of_its_host():
    def hang_up_or_answer(request):
        if request.url.path == "/a.crl":
            raise httpx.RemoteProtocolError("hung up")
        return httpx.Response(200, content=b"status")

    fetcher = HttpRevocationFetcher(transport=httpx.MockTransport(hang_up_or_answer))
    with pytest.raises(RevocationUnavailable):
        fetcher.crl("http://x/a.crl")

    assert fetcher.ocsp("http://x/ocsp", b"question") == b"status"


def test_government_certificates_form_chains():
    if not SHARED.exists():
        pytest.skip("the shared folder with public certificates is missing")
    pems = {path.stem: path.read_bytes() for path in SHARED.glob("*.pem")}
    trust = TrustStore.of(anchors=[pems["rootca_chuyen_dung_cp_g2"], pems["rootca_chuyen_dung_cp_g1"]])
    ca, old, new = (
        x509.load_pem_x509_certificate(pems[name])
        for name in ("cpcag2_ca_co_quan_nha_nuoc_g2", "tsa_bcy_01_2018", "tsa_bo_cong_an_2025")
    )

    assert [len(trust.chain_of(item) or ()) for item in (ca, old, new)] == [2, 2, 2]
    assert [may_stamp_time(item) for item in (ca, old, new)] == [False, True, True]
    assert fingerprint(trust.anchors[0]).upper().startswith("F04BA4B4")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (b"D:20260205120000+07'00'", NOON),
        (b"D:20260205120000+07'00", NOON),
        (b"D:20260205050000Z", datetime(2026, 2, 5, 5, tzinfo=UTC)),
        (b"D:2026", datetime(2026, 1, 1, tzinfo=UTC)),
        (b"20260205120000-07'00'", datetime(2026, 2, 5, 19, tzinfo=UTC)),
        (b"D:20269905120000", None),
        (b"yesterday", None),
        (None, None),
    ],
)
def test_pdf_dates_are_read(text, moment):
    assert parse_pdf_date(text) == moment
    assert VIETNAM.utcoffset(None).total_seconds() == 25200
