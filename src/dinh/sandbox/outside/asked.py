"""A request to a stand-in, and its answer, before they are bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from dinh.sandbox.outside.store import Store


class NotAsDescribed(Exception):
    """The request is not what the operation takes; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    :param operation: path below the stand-in's own address
    :param headers: by names in small letters
    """

    method: str
    operation: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def number(self, name: str, default: int) -> int:
        """:raises NotAsDescribed:"""
        given = self.parameters().get(name) or str(default)
        if not given.isdecimal():
            raise NotAsDescribed(f"{name} is a number.")
        return int(given)

    def fields(self) -> dict[str, Any]:
        """:raises NotAsDescribed: if the body is no JSON object"""
        value = self.json()
        if not isinstance(value, dict):
            raise NotAsDescribed("Send a JSON object.")
        return value

    def json(self) -> Any:
        """:raises NotAsDescribed:"""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise NotAsDescribed("Send JSON.") from error


@dataclass(frozen=True, slots=True)
class Told:
    value: Any
    status: int = 200


class StandIn(Protocol):
    def answer(self, asked: Asked, store: Store) -> Told | None:
        """None where there is no such operation. :raises NotAsDescribed:"""


def wanted(fields: Mapping[str, Any], *names: str) -> list[str]:
    """The values of fields that must be there, as text. :raises NotAsDescribed:"""
    missing = [name for name in names if fields.get(name) in (None, "")]
    if missing:
        raise NotAsDescribed(f"These are missing: {', '.join(missing)}.")
    return [str(fields[name]) for name in names]


def stage_at(age: float, stages: list[tuple[float, str]]) -> str:
    """The state of what has been lying there for so many seconds: the last of those that it has reached."""
    return [state for seconds, state in stages if age >= seconds][-1]
