"""Asking an address that somebody entered: once, without redirects, at the very machine that was judged."""

import contextlib
import socket
from collections.abc import Iterator

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from dinh.exchange.addresses import open_ones


class ClosedAddress(Exception):
    """The name leads to this machine, or to none that may be asked."""


@contextlib.contextmanager
def asked(url: str, *, seconds: float) -> Iterator[httpx.Response]:
    """
    The answer to GET, its body unread; never inside a transaction.

    The name is resolved once and the connection made to what was judged, so a name that changes meanwhile leads
    nowhere.

    :param seconds: for each step
    :raises ClosedAddress:
    :raises httpx.HTTPError, httpx.InvalidURL: whose texts may hold what came; `told` has words for them
    """
    target = httpx.URL(url)
    addresses = _addresses(target)
    with httpx.Client(timeout=seconds, trust_env=False, follow_redirects=False) as client:
        answer = _first(client, target, addresses)
        try:
            yield answer
        finally:
            answer.close()


def told(error: Exception) -> str:
    """Why nothing came, in the protocol's words, never in those that came."""
    if isinstance(error, httpx.TimeoutException):
        return _("no answer in time")
    if isinstance(error, httpx.ConnectError):
        return _("no connection")
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return _("what answers there speaks no HTTP")


def _first(client: httpx.Client, target: httpx.URL, addresses: list[str]) -> httpx.Response:
    for number, address in enumerate(addresses, start=1):
        request = client.build_request(
            "GET",
            target.copy_with(host=address),
            headers={"Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        )
        try:
            return client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if number == len(addresses):
                raise
    raise ClosedAddress


def _addresses(target: httpx.URL) -> list[str]:
    try:
        rows = socket.getaddrinfo(target.host, target.port or 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("The name leads nowhere.") from error
    found = [str(row[4][0]) for row in rows]
    return list(dict.fromkeys(found)) if settings.EXCHANGE_LOCAL_PROVIDERS else open_ones(found)
