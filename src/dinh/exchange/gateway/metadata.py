"""
What a provider offers, told by the gateway itself: X-Road's metadata services for REST (PR-MREST 0.5).

Every registered client may ask. Descriptions are fetched from the database when first asked for, and remembered:
they never change.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import psycopg

from dinh.exchange.gateway.fronts import target_of
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.refusals import Refusal, unavailable
from dinh.exchange.gateway.requests import Incoming
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.snapshot import Client, Snapshot

NAMES: Final = frozenset({"listMethods", "allowedMethods", "getOpenAPI"})
LIMIT: Final = Limit(daily_quota=100_000, rate=20)
"""How often one client may ask."""
_DOCUMENT_SQL: Final = "SELECT document::text FROM exchange_serviceversion WHERE id = %s"
_SECONDS: Final = 5
_REMEMBERED: Final = 200
_PARAMETER: Final = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """`provider`: instance, class, member and subsystem; `name`: of the metadata service."""

    provider: tuple[str, ...]
    name: str

    @property
    def identifier(self) -> str:
        return "/".join(self.provider)


def metadata_asked(path: bytes) -> Asked | None:
    """
    Whether a call is for a metadata service.

    :raises Refusal: if the path is none of X-Road's
    """
    named, rest = target_of(path)
    return Asked(tuple(named[:4]), named[4]) if named[4] in NAMES and rest == b"/" else None


class Metadata:
    """
    :param database_url: where the descriptions are
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._documents: dict[int, bytes] = {}

    async def answer(
        self, asked: Asked, incoming: Incoming, snapshot: Snapshot, client: Client, now: float
    ) -> bytes:
        """
        The body of the answer, JSON.

        :raises Refusal: if nobody is this provider, it has no such service, or the database is away
        """
        if incoming.method != b"GET":
            raise Refusal(405, "method-not-allowed", "Ask with GET.", [(b"allow", b"GET")])
        if asked.identifier not in snapshot.client_named:
            raise Refusal(404, "unknown-provider", "Nobody is registered as this provider.")
        routes = snapshot.routes.of_provider(asked.identifier)
        if asked.name == "getOpenAPI":
            return await self._document(_newest(routes, _service_code(incoming)).version_id)
        if asked.name == "allowedMethods":
            routes = [route for route in routes if _is_allowed(snapshot, client, route, now)]
        return _methods(asked, routes)

    async def _document(self, version_id: int) -> bytes:
        known = self._documents.get(version_id)
        if known is None:
            known = await self._fetched(version_id)
            if len(self._documents) >= _REMEMBERED:
                self._documents.clear()
            self._documents[version_id] = known
        return known

    async def _fetched(self, version_id: int) -> bytes:
        try:
            async with await psycopg.AsyncConnection.connect(
                self._database_url, autocommit=True, connect_timeout=_SECONDS
            ) as connection:
                row = await (await connection.execute(_DOCUMENT_SQL, [version_id])).fetchone()
        except (psycopg.Error, OSError) as error:
            raise unavailable(
                "no-description", "The description cannot be read now. Ask again later.", seconds=10
            ) from error
        if row is None:
            raise Refusal(404, "no-such-service", "There is no such service.")
        return str(row[0]).encode()


def _service_code(incoming: Incoming) -> str:
    given = dict(parse_qsl(incoming.query.decode("ascii", "replace"), max_num_fields=16))
    if not given.get("serviceCode"):
        raise Refusal(400, "bad-request", "Name the service: ?serviceCode=...")
    return given["serviceCode"]


def _newest(routes: Iterable[Route], service: str) -> Route:
    """Any operation of the newest version. :raises Refusal:"""
    found = max((route for route in routes if route.service == service), key=_age, default=None)
    if found is None:
        raise Refusal(404, "no-such-service", "This provider has no such service.")
    return found


def _age(route: Route) -> int:
    return route.version_id


def _is_allowed(snapshot: Snapshot, client: Client, route: Route, now: float) -> bool:
    if client.is_trial:
        return route.trial is not None
    grants = snapshot.grants.get((client.id, route.operation_id), ())
    return any(grant.since <= now < grant.until for grant in grants)


def _methods(asked: Asked, routes: Iterable[Route]) -> bytes:
    """Services in the order of their names; each path begins with the version, as callers may write it."""
    endpoints: dict[str, list[dict[str, str]]] = {}
    for route in routes:
        path = f"/{route.version}{_PARAMETER.sub('*', route.template)}"
        endpoints.setdefault(route.service, []).append({"method": route.method.decode(), "path": path})
    instance, member_class, member_code, subsystem = asked.provider
    told = [
        {
            "xroad_instance": instance, "member_class": member_class, "member_code": member_code,
            "subsystem_code": subsystem, "object_type": "SERVICE", "service_code": service,
            "service_type": "OPENAPI", "endpoint_list": listed,
        }
        for service, listed in sorted(endpoints.items())
    ]  # fmt: skip
    return json.dumps({"service": told}, ensure_ascii=False).encode()
