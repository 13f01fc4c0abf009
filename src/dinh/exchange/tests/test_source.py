"""The configuration while calls go on."""

import asyncio
import json
import time
from types import SimpleNamespace

import pytest

from dinh.exchange.gateway.piecewise import loads
from dinh.exchange.gateway.source import ConfigurationSource

EMPTY = {"version": 7, "keys": [], "clients": [], "secrets": [], "operations": [], "grants": [], "peers": []}


@pytest.mark.parametrize(
    "value",
    [
        {},
        EMPTY,
        {"a": [{"b": [1, {"c": "],}"}]}, 'x"', None, []], "d": {"e": [1]}, "f": None, "g": -1.5, "h": ""},
    ],
)
def test_document_is_read_by_pieces_as_by_the_whole(value):
    for text in (json.dumps(value), json.dumps(value, indent=1), json.dumps(value, separators=(" ,", " : "))):
        assert loads(text) == value


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": [1', '{"a": [1]', '{"a"', '{"a": x}'])
def test_document_that_breaks_off_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 whichever of them
        loads(text)


class Database:
    """Answers with one row of one text."""

    def __init__(self, text):
        self.text = text

    async def execute(self, _statement):
        return self

    async def fetchone(self):
        return (self.text,)


async def longest_pause(work):
    pauses = []

    async def watch():
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            pauses.append(time.perf_counter() - begun)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    begun = time.perf_counter()
    await work
    watching.cancel()
    return max(pauses), time.perf_counter() - begun


def test_large_configuration_stops_no_calls(tmp_path):
    """50,000 pairs of client and operation: read in the loop they stopped all calls for as long as it took."""
    grants = [
        {"id": n, "client": n % 500, "operation": n // 500, "quota": 1, "rate": 1, "from": 0, "until": 9e9}
        for n in range(50_000)
    ]
    taken = []
    source = ConfigurationSource(SimpleNamespace(folder=tmp_path, secret="x"), taken.append)

    pause, whole = asyncio.run(longest_pause(source._load(Database(json.dumps(EMPTY | {"grants": grants})))))

    assert [(each.version, len(each.grants)) for each in taken] == [(7, 50_000)]
    assert pause < max(whole / 4, 0.05)
    assert (tmp_path / "configuration.json").exists()
