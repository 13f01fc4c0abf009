"""Several gateways as one: behind HAProxy, with limits that hold over all of them."""

import time
from collections import Counter

import pytest
from django.db import transaction

from dinh.exchange.enums import GrantState
from dinh.exchange.models import AccessGrant, Exchange, GatewayBeat, Spending
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.balancer import balanced, needs_haproxy, two_gateways, wait_for_gateways
from dinh.exchange.tests.cable import cable
from dinh.exchange.tests.running import eventually, problem


@pytest.fixture
def pair(world, tmp_path):
    with two_gateways(tmp_path) as both:
        yield both


def limit(world, gateways, **limits):
    for name, value in limits.items():
        setattr(world.grant, name, value)
    world.grant.save()
    for gateway in gateways:
        gateway.take_up()


@needs_haproxy
def test_limits_hold_over_two_gateways_behind_haproxy_and_one_may_die(world, tmp_path):
    with balanced(tmp_path) as both:
        limit(world, both.gateways, daily_quota=60, rate=10)
        token = both.one.token(*world.key_and_secret)
        with both.client(token) as client:
            begun, answers = time.monotonic(), []
            while time.monotonic() - begun < 2:
                answers.append(client.get("/kho/1.0/small"))
            seconds = time.monotonic() - begun
            passed = [answer for answer in answers if answer.status_code == 200]
            # A burst of a second's share at each gateway, then the rate; both gateways had their part.
            assert 10 < len(passed) <= 10 * (seconds + 1) + 2
            assert {problem(answer)[1] for answer in answers if answer.status_code != 200} == {
                "rate-exceeded"
            }

            both.two.kill()
            statuses = Counter(client.get("/kho/1.0/small").status_code for _time in range(30))
            assert set(statuses) <= {200, 429}, statuses
            wait_for_gateways([both.one], 1)

            reason, last = "", time.monotonic() + 20
            while reason != "quota-exceeded" and time.monotonic() < last:
                answer = client.get("/kho/1.0/small")
                reason = "" if answer.status_code == 200 else problem(answer)[1]
            assert reason == "quota-exceeded"
        both.two.start()
        passed = Exchange.objects.filter(outcome="delivered")
        total = eventually(lambda: len(set(passed.values_list("gateway"))) == 2 and passed.count() > 50, True)
        assert total
        time.sleep(1.5)
        # What the killed one had reserved and not spent is lost to the day; no call too many was let through.
        assert 50 < passed.count() <= 60
        assert Spending.objects.get(part=world.version.operations.get(name="GET /small").pk).calls == 60


def test_day_is_spent_exactly_and_what_is_idle_goes_back(pair, world):
    one, two = pair
    limit(world, pair, daily_quota=25, rate=1000)
    token = one.token(*world.key_and_secret)

    def call(times):
        return Counter(
            gateway.call("/kho/1.0/small", token).status_code for _time in range(times) for gateway in pair
        )

    assert call(20) == {200: 25, 429: 15}
    assert one.call("/kho/1.0/echo", token).status_code == 200
    one.stop()
    # One call of the other operation was made; what was reserved beside it is given back at the end.
    spent = dict(Spending.objects.values_list("part", "calls"))
    names = {operation.pk: operation.name for operation in world.version.operations.all()}
    assert {names[part]: calls for part, calls in spent.items()} == {"GET /small": 25, "GET /echo": 1}
    assert list(GatewayBeat.objects.values_list("name", flat=True)) == [two.name]


def test_lowered_quota_is_kept_at_once_whatever_was_reserved_before(pair, world):
    limit(world, pair, daily_quota=4000, rate=1000)
    token = pair[0].token(*world.key_and_secret)
    path = "/kho/1.0/items/fixed"
    assert [each.call(path, token).status_code for each in pair] == [200, 200]

    limit(world, pair, daily_quota=10, rate=1000)
    got = Counter(each.call(path, token).status_code for _time in range(10) for each in pair)

    assert got == {200: 8, 429: 12}
    part = world.version.operations.get(name="GET /items/fixed").pk
    assert eventually(lambda: Spending.objects.get(part=part).calls, 10) == 10


def test_without_the_database_each_spends_its_share(world, tmp_path):
    with cable() as wire, two_gateways(tmp_path, database=wire.url) as pair:
        limit(world, pair, daily_quota=40, rate=1000)
        token = pair[0].token(*world.key_and_secret)

        def call(times):
            statuses = [
                each.call("/kho/1.0/small", token).status_code for _time in range(times) for each in pair
            ]
            return statuses.count(200)

        assert call(1) == 2
        wire.cut()
        for gateway in pair:
            assert eventually(lambda own=gateway: own.health()["limits_shared"], False) is False
        passed = call(30)
        # Two were made before. A share is rounded up; a call that one had reserved the other may not have seen yet.
        assert 36 <= passed + 2 <= 40 + 4
        wire.mend()
        for gateway in pair:
            assert eventually(lambda own=gateway: own.health()["limits_shared"], True) is True

        assert eventually(lambda: Spending.objects.get().calls, passed + 2) >= passed + 2
        assert call(2) == 0


def test_change_is_in_force_on_all_gateways_within_two_seconds(pair, world):
    """From its commit; the slower of the two."""
    token = pair[0].token(*world.key_and_secret)
    path = "/kho/1.0/small"
    assert [gateway.call(path, token).status_code for gateway in pair] == [200, 200]

    took = []
    for state, status in ((GrantState.REVOKED, 403), (GrantState.APPROVED, 200)):
        with transaction.atomic():
            AccessGrant.objects.update(state=state)
            tell_gateways()
        begun = time.monotonic()
        for gateway in pair:
            assert eventually(lambda own=gateway: own.call(path, token).status_code, status) == status
        took.append(time.monotonic() - begun)

    assert max(took) < 2
