"""What goes wrong around the gateway, with real processes: the database, and callers of every kind."""

import json
import threading
import time

import httpx
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dinh.exchange.gateway.described import DOCUMENT
from dinh.exchange.gateway.shipper import waiting_segments
from dinh.exchange.models import Exchange
from dinh.exchange.tests.cable import cable
from dinh.exchange.tests.running import RunningGateway, eventually
from dinh.exchange.tests.slow_clients import SlowClients
from dinh.exchange.tests.test_log import load

QUIET = {
    "deadline": None, "database": None, "derandomize": True, "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip
MB = 1024 * 1024


def test_while_the_database_is_away_calls_go_on_and_the_log_is_whole_afterwards(world, tmp_path):
    with cable() as wire:
        gateway = RunningGateway(tmp_path, wire.url)
        gateway.start()
        try:
            token = gateway.token(*world.key_and_secret)
            answered, ended = [], threading.Event()
            caller = threading.Thread(target=load, args=(gateway, token, answered, ended))
            caller.start()
            time.sleep(0.5)
            wire.cut()
            before = len(answered)
            time.sleep(5)
            during = len(answered) - before
            assert (gateway.health()["ok"], gateway.health()["database"]) == (True, False)
            wire.mend()
            ended.set()
            caller.join()

            assert caller.is_alive() is False
            assert during > 50
            assert eventually(Exchange.objects.count, len(answered), seconds=20) == len(answered)
            assert {str(pk) for pk in Exchange.objects.values_list("pk", flat=True)} == set(answered)
            assert eventually(lambda: waiting_segments(gateway.segments), []) == []
        finally:
            gateway.kill()


def test_hundreds_of_slow_callers_hold_nobody_up(gateway, token):
    with SlowClients(gateway.port, 600, token=token, path="/kho/1.0/echo") as slow:
        times = []
        for _time in range(20):
            begun = time.monotonic()
            assert gateway.call("/kho/1.0/small", token).status_code == 200
            times.append(time.monotonic() - begun)

        assert slow.still_open() == 600
        assert sorted(times)[10] < 0.5
        assert psutil.Process(gateway.process.pid).memory_info().rss < 250 * MB


NAMES = st.one_of(
    st.sampled_from([
        "Content-Length", "Transfer-Encoding", "Connection", "Authorization", "X-Road-Client", "X-Road-Id", "Host",
        "Content-Type", "Accept", "Expect", "Upgrade", "TE", "Trailer", "Range", "Content-Encoding", "Cookie",
        "X-Forwarded-For", "Forwarded", "X-Exchange-Id",
    ]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["0", "-1", "chunked", "close", "100-continue", "gzip", "bytes=0-", "a" * 9000, ""]),
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=40),
)
SEGMENTS = st.one_of(
    st.sampled_from([
        "kho", "1.0", "small", "items", "r1", "VN", "GOV", "..", "%2e", "%00", "%ff", ";a=b", "{code}", "",
    ]),
    st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=12),
)  # fmt: skip
TARGETS = st.builds(
    lambda parts, query: "/" + "/".join(parts) + query,
    st.lists(SEGMENTS, max_size=9),
    st.one_of(st.just(""), st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20).map("?".__add__)),
)  # fmt: skip
METHODS = st.sampled_from(
    ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "\x7f"]
)


def test_fuzzed_heads_and_addresses_break_nothing(gateway, token):
    """No 5xx but those of X-Road's protocol, whose refusals are 500, and the server's own 501 and 505."""

    @settings(max_examples=300, **QUIET)
    @given(method=METHODS, target=TARGETS, headers=st.lists(st.tuples(NAMES, VALUES), max_size=6))
    def check(method, target, headers):
        known = [("Host", "x"), ("Connection", "close"), ("Authorization", f"Bearer {token}")]
        lines = [f"{name}: {value}" for name, value in [*known, *headers]]
        text = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        answer = gateway.raw(text.encode("latin-1"), seconds=0.3)
        status = answer[9:12]
        if b"x-road-error" not in answer:
            assert not status.startswith(b"5") or status in (b"501", b"505"), (text, answer)

    check()

    assert gateway.call("/kho/1.0/small", token).status_code == 200
    assert not Exchange.objects.filter(status__gte=500).exclude(front="xroad").exists()
    log = (gateway.folder / f"{gateway.name}.log").read_text()
    assert "Traceback" not in log, log[-3000:]


OWN = schemathesis.openapi.from_dict(json.loads(DOCUMENT))


@pytest.mark.parametrize(
    "operation", [each.ok() for each in OWN.get_all_operations()], ids=lambda each: each.label
)
def test_gateways_own_addresses_take_or_refuse_whatever_fits(gateway, token, operation):
    @settings(max_examples=25, **QUIET)
    @given(case=operation.as_strategy())
    def check(case):
        answer = case.call(base_url=gateway.url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert answer.status_code < 500
        if answer.status_code >= 400 and operation.path != "/token":
            assert answer.headers["content-type"] == ["application/problem+json"]

    check()

    assert httpx.get(f"{gateway.url}/openapi.json", trust_env=False).content == DOCUMENT
