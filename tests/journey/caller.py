"""Somebody who works by programs alone: `/api/v1` over HTTP, with a personal token, each write sent twice."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """
    A person's token at a running house.

    Each POST goes out twice with the same Idempotency-Key: the second answer must be the first one.
    """

    url: str
    token: str

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object = None) -> Answer:
        headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
        data = json.dumps({} if body is None else body).encode()
        first, again = (self.ask("POST", path, data, headers) for _ in range(2))
        is_kept = "no-store" not in first.headers.get("cache-control", "")
        replayed = "true" if is_kept else None
        told = (again.status, again.headers.get("idempotency-replayed"))
        assert told == (first.status, replayed), first.body.decode(errors="replace")
        assert again.body == first.body or not is_kept
        return first

    def did(self, path: str, body: object = None, *, status: int = 200) -> Any:
        """The answer to a POST that must succeed."""
        answer = self.post(path, body)
        assert answer.status == status, answer.body.decode()
        return answer.json()

    def read(self, path: str) -> Any:
        """The answer to a GET that must succeed."""
        answer = self.get(path)
        assert answer.status == 200, answer.body.decode()
        return answer.json()

    def ask(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        given = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, _lower(refusal.headers), refusal.read())


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
