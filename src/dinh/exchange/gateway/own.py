"""The gateway's own addresses: tokens, their keys, how it is, and the description of these."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.described import DOCUMENT
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Body, CallerGone, read_request
from dinh.exchange.gateway.snapshot import Snapshot
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.turns import Turn

JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = [(b"cache-control", b"no-store"), (b"pragma", b"no-cache")]
_MAX_FORM: Final = 8 * 1024


class State(Protocol):
    """What the addresses tell of."""

    tokens: Tokens

    @property
    def snapshot(self) -> Snapshot | None:
        """The configuration in force."""

    def health(self) -> dict[str, object]:
        """As `/healthz` tells it; `ok`: whether calls are served."""


class OwnAddresses:
    """Answers what is not for a provider."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._answers: dict[bytes, Callable[[Turn], Awaitable[None]]] = {
            b"/token": self._token,
            b"/.well-known/jwks.json": self._jwks,
            b"/healthz": self._health,
            b"/openapi.json": self._description,
        }

    def find(self, path: bytes) -> Callable[[Turn], Awaitable[None]] | None:
        return self._answers.get(path)

    async def _token(self, turn: Turn) -> None:
        call = Call("oauth", "POST")
        try:
            incoming = read_request(turn)
            if incoming.method != b"POST":
                raise Refusal(405, "method-not-allowed", "Ask with POST.", [(b"allow", b"POST")])
            form = await Body(turn.receive, _MAX_FORM, incoming.length).whole() if incoming.has_body else b""
            authorization = incoming.named.get(b"authorization", b"")
            body, _client = self.state.tokens.issue(authorization, form, time.time())
        except Refusal as refusal:
            await turn.answer(refusal.status, [JSON, *refusal.headers], refusal.problem(call.id))
        except CallerGone:
            return
        else:
            await turn.answer(200, [JSON, *_NO_STORE], body)

    async def _jwks(self, turn: Turn) -> None:
        snapshot = self.state.snapshot
        body = snapshot.jwks if snapshot else b'{"keys": []}'
        await turn.answer(200, [JSON, (b"cache-control", b"max-age=300")], body)

    async def _description(self, turn: Turn) -> None:
        await turn.answer(200, [JSON], DOCUMENT)

    async def _health(self, turn: Turn) -> None:
        """200 while calls are served; the database may be away meanwhile, and that is told."""
        told = self.state.health()
        await turn.answer(200 if told["ok"] else 503, [JSON], json.dumps(told).encode())
