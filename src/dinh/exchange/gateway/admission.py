"""Who asks, for what, may they, how often."""

from typing import NamedTuple

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import Front
from dinh.exchange.gateway.limits import Key, Limit, Limits
from dinh.exchange.gateway.refusals import Refusal, unavailable
from dinh.exchange.gateway.requests import Incoming, too_large
from dinh.exchange.gateway.routing import Route, safe_path, safe_query
from dinh.exchange.gateway.snapshot import Client, Grant, Snapshot
from dinh.exchange.gateway.tokens import Tokens
from dinh.exchange.gateway.trials import TRIAL_LIMIT, trial_of


class Admitted(NamedTuple):
    """
    :param rest: the path below the version
    :param target: what the provider is asked for
    :param waits_for: the limit of which something must be reserved before the call goes on
    """

    route: Route
    rest: bytes
    target: bytes
    waits_for: Key | None


class Admission:
    """Judges by one configuration at a time; None: there is none yet."""

    def __init__(self, tokens: Tokens, limits: Limits) -> None:
        self.tokens, self.limits = tokens, limits
        self.snapshot: Snapshot | None = None

    def use(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.tokens.use(snapshot)

    def admitted(self, front: Front, call: Call, incoming: Incoming) -> Admitted:
        """
        Who asks and for what; counted against the grant.

        :raises Refusal:
        """
        snapshot = self.snapshot
        if snapshot is None:
            raise unavailable("no-configuration", "This gateway has no configuration yet.", seconds=5)
        path, query = safe_path(incoming.path), safe_query(incoming.query)
        client = call.client = front.identify(incoming, snapshot, self.tokens, call.started)
        route, rest = front.find(incoming, path, snapshot)
        call.route = route
        if client.is_trial:
            route = trial_of(route)
            key, limit = ("trial", client.id, route.operation_id), TRIAL_LIMIT
        else:
            grant = _grant_of(snapshot, client, route, call.started)
            call.grant_id = grant.id
            key, limit = ("grant", grant.id, route.operation_id), grant.limit
        is_counted = self.limits.take(key, limit, call.started)
        if incoming.length and incoming.length > route.upstream.max_body:
            raise too_large(route.upstream.max_body)
        target = route.upstream.prefix + rest
        return Admitted(route, rest, target + b"?" + query if query else target, None if is_counted else key)

    async def reserved(self, key: Key, call: Call) -> None:
        """Of a call that waits for a reservation. :raises Refusal:"""
        await self.limits.take_later(key, call.started)

    async def count(self, key: Key, limit: Limit, call: Call) -> None:
        """:raises Refusal:"""
        if not self.limits.take(key, limit, call.started):
            await self.reserved(key, call)


def _grant_of(snapshot: Snapshot, client: Client, route: Route, now: float) -> Grant:
    for grant in snapshot.grants.get((client.id, route.operation_id), ()):
        if grant.since <= now < grant.until:
            return grant
    raise Refusal(403, "no-grant", "Your system has no grant in force for this operation.")
