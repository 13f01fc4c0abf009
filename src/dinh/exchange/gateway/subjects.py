"""Whom a call is about, for the citizen's list of accesses: a keyed hash of the number that names the person."""

import json
from urllib.parse import parse_qsl, unquote

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.judging import held
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Body, Incoming
from dinh.exchange.gateway.routing import Route
from dinh.exchange.sealing import subject_hash, subject_key


class Subjects:
    """:param secret: the installation's; without it nobody can tell numbers from hashes by trying all"""

    def __init__(self, secret: str) -> None:
        self._key = subject_key(secret)

    async def noted(self, call: Call, route: Route, rest: bytes, incoming: Incoming, body: Body) -> Body:
        """
        The body as it goes on; the call knows whom it is about, of an operation that says where that stands.

        A JSON body of such an operation is held, so it may have 1 MB: nobody is looked up unseen by a larger one.

        :param rest: path below the version
        :raises CallerGone, Refusal: 400 if the person is named twice, 413
        """
        place, _colon, name = route.subject.partition(":")
        if place == "path":
            value: object = _in_path(route.template, name, rest)
        elif place == "query":
            value = _in_query(name, incoming.query)
        elif incoming.has_body:
            content, body = await held(incoming, body)
            value = _in_body(name, content)
        else:
            value = None
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            call.subject = subject_hash(str(value), key=self._key)
        return body


def _in_path(template: str, name: str, rest: bytes) -> str | None:
    parts = zip(template.split("/"), rest.decode("latin-1").split("/"), strict=False)
    return next((unquote(given) for part, given in parts if part == f"{{{name}}}"), None)


def _in_query(name: str, query: bytes) -> str | None:
    found = [value for key, value in parse_qsl(query.decode("latin-1")) if key == name]
    if len(found) > 1:
        # The provider might take the other one.
        raise Refusal(400, "repeated-subject", f"The parameter {name} may come once only.")
    return found[0] if found else None


def _in_body(pointer: str, content: bytes) -> object:
    """RFC 6901, through objects only. What is no JSON is left to the provider."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    for step in pointer.split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value
