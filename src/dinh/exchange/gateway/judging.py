"""Lets through what fits its version's description; versions whose owners did not ask for it pass unseen."""

import logging
from collections.abc import Mapping
from typing import Any

from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.relay import received
from dinh.exchange.gateway.requests import Body, Incoming, too_large
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.validation import MAX_BODY, BadDescription, Description, Fault, Rules

log = logging.getLogger("dinh.exchange.gateway")


class Judging:
    """Rules are made at an operation's first call and kept: versions never change."""

    def __init__(self) -> None:
        self._documents: Mapping[int, dict[str, Any]] = {}
        self._rules: dict[int, Rules | None] = {}

    def use(self, documents: Mapping[int, dict[str, Any]]) -> None:
        self._documents = documents

    def judges(self, route: Route) -> bool:
        return route.version_id in self._documents

    async def judged(self, route: Route, rest: bytes, incoming: Incoming, body: Body) -> Body:
        """
        The body as it goes on, of a call whose version is judged.

        :param rest: path below the version
        :raises Refusal: 400 naming the fields, 413 or 415
        """
        rules = self._of(route)
        if rules is None:
            return body
        _refuse(rules.check_head(rest, incoming.query))
        if not rules.reads_body:
            return body
        kind = incoming.named.get(b"content-type", b"")
        if not incoming.has_body:
            _refuse(rules.check_body(kind, b""))
            return body
        if not rules.takes(kind):
            raise Refusal(415, "media-type", "The description has no body of this media type.")
        if rules.is_judged(kind):
            return await _whole(rules, kind, incoming, body)
        return body

    def _of(self, route: Route) -> Rules | None:
        if route.operation_id not in self._rules:
            try:
                made = Description(self._documents[route.version_id]).rules(
                    route.method.decode(), route.template
                )
            except BadDescription as error:
                # Checked when it was published; an operation that cannot be judged is not let through unjudged.
                log.error("Version %s cannot be judged by: %s", route.version_id, error)
                raise Refusal(503, "no-rules", "The description of this service cannot be read.") from error
            self._rules[route.operation_id] = made
        return self._rules[route.operation_id]


async def _whole(rules: Rules, kind: bytes, incoming: Incoming, body: Body) -> Body:
    content, again = await held(incoming, body)
    _refuse(rules.check_body(kind, content))
    return again


async def held(incoming: Incoming, body: Body) -> tuple[bytes, Body]:
    """
    All of a body that is looked into, and the same body to go on.

    :raises CallerGone, Refusal: 413 beyond MAX_BODY
    """
    limit = min(MAX_BODY, body.limit)
    if incoming.length and incoming.length > limit:
        raise too_large(limit)
    content = await Body(body.receive, limit, incoming.length).whole()
    incoming.length, incoming.is_chunked = len(content), False
    return content, Body(received(content, body.receive), body.limit, len(content), is_here=body.is_here)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        fields = ", ".join(dict.fromkeys(fault.field for fault in faults))
        raise Refusal(400, "invalid-request", f"Not as described: {fields}"[:300], errors=faults)
