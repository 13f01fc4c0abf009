"""How the clients of timestamps and revocation reach the outside."""

import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

_HERE = ("127.0.0.1", "localhost", "::1")


def http_client(url: str, *, seconds: float, transport: httpx.BaseTransport | None) -> httpx.Client:
    """A client for one request; by the environment's proxy, but never to this machine itself."""
    is_here = urlsplit(url).hostname in _HERE
    return httpx.Client(timeout=seconds, transport=transport, trust_env=not is_here, verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    # Reading the web's root certificates takes longer than a whole request.
    return httpx.create_ssl_context()
