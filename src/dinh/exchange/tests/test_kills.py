"""Killed under load, gateways lose no acknowledged exchange: large answers, and signed calls between two of them."""

import hashlib
import threading
import time
import uuid

import httpx
import pytest

from dinh.exchange.models import Exchange
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.tests.provider import STREAMED
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.two_gateways import our_registry
from dinh.exchange.tests.xroad_client import CLIENT, SERVICE

CALLERS = 6


class Load:
    """
    Callers that call as fast as it goes, until the gateway is gone.

    :ivar acknowledged: digest of each whole answer, by the id of its message
    """

    def __init__(self, url, headers):
        self.url, self.headers = url, headers
        self.acknowledged: dict[str, str] = {}
        self.threads = [threading.Thread(target=self._call) for _number in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def _call(self):
        with httpx.Client(headers=self.headers, trust_env=False, timeout=30) as client:
            while True:
                message = uuid.uuid4().hex
                try:
                    answer = client.get(self.url, headers={"X-Road-Id": message})
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.acknowledged[message] = hashlib.sha256(answer.content).hexdigest()

    def until(self, count, *, seconds=30):
        """Wait for so many answers, and for a moment in which calls of all callers are under way."""
        assert eventually(lambda: len(self.acknowledged) >= count, True, seconds=seconds) is True
        time.sleep(0.2)

    def end(self):
        for thread in self.threads:
            thread.join()


def missing(rows, acknowledged):
    """Of the acknowledged those that the log does not have, or not as they were."""
    rows = rows.filter(outcome="delivered", message_id__in=acknowledged)
    kept = dict(rows.values_list("message_id", "response_sha256"))
    return [message for message, digest in acknowledged.items() if kept.get(message) != digest]


def test_killed_amid_large_answers_the_gateway_has_all_that_came_whole(gateway, token):
    load = Load(f"{gateway.url}/kho/1.0/streamed", {"Authorization": f"Bearer {token}"})
    load.until(150)

    gateway.kill()
    load.end()
    gateway.start()

    assert eventually(lambda: missing(Exchange.objects.all(), load.acknowledged), [], seconds=20) == []
    rows = Exchange.objects.filter(message_id__in=load.acknowledged)
    assert set(rows.values_list("response_bytes", flat=True)) == {STREAMED}
    assert list(verify_exchanges()) == []


@pytest.mark.parametrize("operation", ["small", "streamed"])
def test_killed_amid_signed_calls_both_gateways_have_all_that_was_answered(ends, operation):
    load = Load(f"{ends.ours.url}/r1/{SERVICE}/1.0/{operation}", {"X-Road-Client": CLIENT})
    load.until(100, seconds=60)

    ends.theirs.kill()
    ends.ours.kill()
    load.end()
    ends.start()

    assert eventually(lambda: missing(Exchange.objects.all(), load.acknowledged), [], seconds=20) == []
    assert list(verify_exchanges()) == []
    with our_registry():
        assert eventually(lambda: missing(Exchange.objects.all(), load.acknowledged), [], seconds=20) == []
        assert list(verify_exchanges()) == []
