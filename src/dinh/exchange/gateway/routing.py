"""From a path to an operation, by tables made when the configuration is loaded."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from dinh.exchange.gateway.refusals import Refusal

MAX_PATH: Final = 4096
MAX_TARGET: Final = 8192
NEEDED_QUERY: Final = "query!"
"""In a route's `subject`: a parameter of the query that must be there."""
# RFC 3986 segment characters, but no semicolon: many servers cut off what follows one, and only then look for dots or
# an operation. Of what may be percent-encoded, nothing that a provider could read as a separator, a dot, a control
# character or another encoding.
_PATH: Final = re.compile(
    rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%(?:20|2[1-4]|2[6-9]|2[a-dA-D]|3[ac-fAC-F]|[4-6][0-9a-fA-F]|7[b-eB-E]|5[bdBD]|[89a-fA-F][0-9a-fA-F]))+)+"
)
_FORBIDDEN: Final = re.compile(rb"/\.{1,2}(?:/|\Z)|%5[cC]|%2[eEfF]")
_QUERY: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:@/?%\[\]|{}^-]*")


@dataclass(frozen=True, slots=True)
class Upstream:
    """
    Where a version's provider listens; `prefix` ends without a slash.

    :param tls: how to speak TLS with it, unless as with any server
    """

    host: str
    port: int
    is_tls: bool
    prefix: bytes
    host_header: bytes
    timeout: float
    max_body: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """
    One operation that can be called.

    :param trial: where calls with trial keys go
    :param subject: where a request names the person it is about, e.g. `query:so`; empty if nowhere
    :param xroad_client: None unless it is behind X-Road's security server: who asks there; empty: the caller itself
    """

    operation_id: int
    name: str
    method: bytes
    template: str
    service: str
    version: str
    version_id: int
    provider: str
    upstream: Upstream
    sunset: bytes
    log_fields: str
    trial: Upstream | None = None
    subject: str = ""
    xroad_client: bytes | None = None


@dataclass(slots=True)
class VersionTable:
    """The operations of one version: fixed paths by themselves, templates by their number of segments."""

    fixed: dict[bytes, dict[bytes, Route]] = field(default_factory=dict)
    templates: dict[int, list[tuple[tuple[bytes, ...], dict[bytes, Route]]]] = field(default_factory=dict)

    def add(self, route: Route) -> None:
        path = route.template.encode()
        if b"{" not in path:
            self.fixed.setdefault(path, {})[route.method] = route
            return
        parts = tuple(b"" if part.startswith(b"{") else part for part in path.split(b"/"))
        rows = self.templates.setdefault(len(parts), [])
        methods = next((methods for known, methods in rows if known == parts), None)
        if methods is None:
            methods = {}
            rows.append((parts, methods))
            # The template with more fixed segments first, as OpenAPI asks.
            rows.sort(key=lambda row: row[0].count(b""))
        methods[route.method] = route

    def find(self, method: bytes, path: bytes) -> Route:
        """:raises Refusal: 404 if there is no such path, 405 if there is but not with this method"""
        methods = self.fixed.get(path) or self._by_template(path)
        if methods is None:
            raise Refusal(404, "no-such-operation", "This version has no such operation.")
        route = methods.get(method)
        if route is None:
            allowed = b", ".join(sorted(methods))
            raise Refusal(405, "method-not-allowed", "Not with this method.", [(b"allow", allowed)])
        return route

    def _by_template(self, path: bytes) -> dict[bytes, Route] | None:
        parts = path.split(b"/")
        for known, methods in self.templates.get(len(parts), ()):
            if all(not wanted or wanted == given for wanted, given in zip(known[1:], parts[1:], strict=True)):
                return methods
        return None


class RouteTable:
    """All versions, by the first two segments of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._versions: dict[tuple[bytes, bytes], VersionTable] = {}
        self._newest: dict[bytes, tuple[int, bytes]] = {}
        self.providers: dict[str, list[Route]] = {}
        for route in routes:
            self.providers.setdefault(route.provider, []).append(route)
            key = (route.service.encode(), route.version.encode())
            self._versions.setdefault(key, VersionTable()).add(route)
            self._newest[key[0]] = max(self._newest.get(key[0], (0, b"")), (route.version_id, key[1]))

    def of_provider(self, identifier: str) -> list[Route]:
        """All that a provider offers, in the order of registration."""
        return list(self.providers.get(identifier, ()))

    def find(self, method: bytes, path: bytes) -> tuple[Route, bytes]:
        """
        The operation of `/{service}/{version}/{operation}`, and the path that its provider sees.

        :param path: checked by `safe_path`
        :raises Refusal: 404 or 405
        """
        parts = path.split(b"/", 3)
        table = self._versions.get((parts[1], parts[2])) if len(parts) == 4 else None
        if table is None:
            raise Refusal(404, "no-such-service", "There is no such service or version.")
        rest = b"/" + parts[3]
        return table.find(method, rest), rest

    def find_newest(self, method: bytes, service: bytes, rest: bytes) -> tuple[Route, bytes]:
        """
        The operation of a service whose caller need not name a version: `/{version}/{operation}`, else the newest.

        :raises Refusal: 404 or 405
        """
        version, _slash, below = rest[1:].partition(b"/")
        if (service, version) in self._versions:
            table, rest = self._versions[service, version], b"/" + below
        elif service in self._newest:
            table = self._versions[service, self._newest[service][1]]
        else:
            raise Refusal(404, "no-such-service", "There is no such service or version.")
        return table.find(method, rest), rest


@lru_cache(maxsize=1024)
def safe_path(raw: bytes) -> bytes:
    """
    The path, if nobody on its way can read it in two ways.

    Refused: dot segments, empty segments, semicolons, encoded separators, dots, percent signs and control characters,
    and what is no UTF-8.

    :raises Refusal: 400 or 414
    """
    if len(raw) > MAX_PATH:
        raise Refusal(414, "path-too-long", "The path is too long.")
    if not _PATH.fullmatch(raw) or _FORBIDDEN.search(raw) or (b"%" in raw and not _is_text(raw)):
        raise Refusal(400, "unsafe-path", "The path holds what a provider might read in another way.")
    return raw


def _is_text(raw: bytes) -> bool:
    """Overlong UTF-8, say of a dot, is a dot to some."""
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return False
    return True


def safe_query(raw: bytes) -> bytes:
    """:raises Refusal: 400 or 414"""
    if not raw:
        return raw
    if len(raw) > MAX_TARGET:
        raise Refusal(414, "query-too-long", "The query is too long.")
    if not _QUERY.fullmatch(raw):
        raise Refusal(400, "unsafe-query", "Percent-encode the characters of the query.")
    return raw
