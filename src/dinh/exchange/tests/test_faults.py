"""The database goes away from a real gateway."""

import threading
import time

import pytest

from dinh.exchange.gateway.shipper import waiting_segments
from dinh.exchange.models import Exchange
from dinh.exchange.tests.cable import cable
from dinh.exchange.tests.running import RunningGateway, eventually
from dinh.exchange.tests.test_log import load


@pytest.mark.parametrize("how", ["cut", "hold"])
def test_while_the_database_is_away_calls_go_on_and_the_log_is_whole_afterwards(world, tmp_path, how):
    with cable() as wire:
        gateway = RunningGateway(tmp_path, wire.url)
        gateway.start()
        try:
            token = gateway.token(*world.key_and_secret)
            answered, ended = [], threading.Event()
            caller = threading.Thread(target=load, args=(gateway, token, answered, ended))
            caller.start()
            time.sleep(0.5)
            getattr(wire, how)()
            before = len(answered)
            time.sleep(6)
            during = len(answered) - before
            assert (gateway.health()["ok"], gateway.health()["database"]) == (True, False)
            wire.mend()
            assert eventually(lambda: gateway.health()["database"], True) is True
            ended.set()
            caller.join()

            assert caller.is_alive() is False
            assert during > 50
            assert eventually(Exchange.objects.count, len(answered), seconds=20) == len(answered)
            assert {str(pk) for pk in Exchange.objects.values_list("pk", flat=True)} == set(answered)
            assert eventually(lambda: waiting_segments(gateway.segments), []) == []
        finally:
            gateway.kill()
