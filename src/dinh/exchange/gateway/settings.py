"""What the gateway is told by its environment."""

import ipaddress
import logging
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MB: Final = 1024 * 1024
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


class BadSetting(Exception):
    """A variable has a value of no use; the message names it."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """
    :param name: of this gateway; each one that ships into the same database has its own
    :param folder: for the log's segments and the last good configuration; on a disk that keeps what it syncs
    :param secret: what the registry seals its private keys with
    :param issuer: of tokens; the same on all gateways of a platform
    :param host: where callers are listened to
    :param xroad_trusted: networks whose callers are believed what X-Road-Client says
    :param token_seconds: life of a token
    :param key_file: of the gateway's key, PEM; None: it makes its own
    :param certificate_file: of the key's certificate, PEM, issuers after it
    :param est_url: where the issuer of the configured certificate gives the next one (EST); empty: nowhere
    :param wire_port: where other gateways are listened to, by mutual TLS; 0: they are not
    :param caller_tls_port: where callers are listened to who show certificates, by mutual TLS; 0: they are not
    :param spool_bytes: what bodies that wait on disk may take together
    :param allows_local: whether providers may have addresses of this very machine
    :param segment_bytes: a segment of the log is closed when it is that large
    """

    name: str
    folder: Path
    database_url: str
    secret: str
    issuer: str
    xroad_trusted: tuple[Network, ...] = ()
    token_seconds: int = 3600
    key_file: Path | None = None
    certificate_file: Path | None = None
    est_url: str = ""
    segment_bytes: int = 16 * MB
    allows_local: bool = False
    host: str = "127.0.0.1"
    port: int = 8003
    wire_host: str = "127.0.0.1"
    wire_port: int = 0
    spool_bytes: int = 2048 * MB
    caller_tls_host: str = "127.0.0.1"
    caller_tls_port: int = 0

    @property
    def renews_itself(self) -> bool:
        """Whether it gets its next key by itself: its own, or from the issuer of the configured one."""
        return self.key_file is None or bool(self.est_url)


def log_to_standard_error() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("DINH_LOG_LEVEL", "INFO"),
        format='{"level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
    )


def settings_from_environment() -> GatewaySettings:
    """:raises BadSetting: if a variable is missing or of no use"""
    data_dir = Path(os.environ.get("DINH_DATA_DIR", "var")).expanduser().resolve()
    name = os.environ.get("DINH_GATEWAY_NAME") or re.sub(r"[^a-z0-9-]", "-", socket.gethostname().lower())
    if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
        raise BadSetting("DINH_GATEWAY_NAME must be 1 to 40 small letters, digits and hyphens.")
    life = os.environ.get("DINH_TOKEN_SECONDS", "3600")
    if not life.isdecimal() or not 60 <= int(life) <= 86_400:
        raise BadSetting("DINH_TOKEN_SECONDS must be a whole number from 60 to 86400.")
    key_file, certificate_file = _file("DINH_GATEWAY_KEY"), _file("DINH_GATEWAY_CERTIFICATE")
    if (key_file is None) != (certificate_file is None):
        raise BadSetting("Set both DINH_GATEWAY_KEY and DINH_GATEWAY_CERTIFICATE, or neither.")
    return GatewaySettings(
        name=name,
        folder=data_dir / "exchange" / name,
        database_url=os.environ.get("DINH_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/dinh"),
        secret=_secret(data_dir),
        issuer=os.environ.get("DINH_GATEWAY_URL") or "http://127.0.0.1:8003",
        xroad_trusted=_networks(os.environ.get("DINH_XROAD_NETWORKS", "")),
        token_seconds=int(life),
        key_file=key_file,
        certificate_file=certificate_file,
        est_url=_est_url(is_configured=key_file is not None),
        host=os.environ.get("DINH_GATEWAY_HOST") or "127.0.0.1",
        port=_port("DINH_GATEWAY_PORT") or 8003,
        wire_host=os.environ.get("DINH_WIRE_HOST") or "127.0.0.1",
        wire_port=_port("DINH_WIRE_PORT"),
        spool_bytes=_spool_bytes(),
        caller_tls_host=os.environ.get("DINH_CALLER_TLS_HOST") or "127.0.0.1",
        caller_tls_port=_port("DINH_CALLER_TLS_PORT"),
        allows_local=_flag("DINH_EXCHANGE_LOCAL_PROVIDERS", default=_flag("DINH_DEMO", default=False)),
    )


def _est_url(*, is_configured: bool) -> str:
    given = os.environ.get("DINH_GATEWAY_EST_URL", "")
    if not given:
        return ""
    place = urlsplit(given)
    if place.scheme != "https" and place.hostname not in _HERE:
        raise BadSetting("DINH_GATEWAY_EST_URL must begin with https://.")
    if not is_configured:
        raise BadSetting(
            "DINH_GATEWAY_EST_URL renews the certificate that DINH_GATEWAY_CERTIFICATE names: set that, too."
        )
    return given


def _spool_bytes() -> int:
    given = os.environ.get("DINH_GATEWAY_SPOOL_MB") or "2048"
    if not given.isdecimal() or not 1 <= int(given) <= 1_048_576:
        raise BadSetting("DINH_GATEWAY_SPOOL_MB must be a whole number from 1 to 1048576.")
    return int(given) * MB


def _flag(variable: str, *, default: bool) -> bool:
    given = os.environ.get(variable)
    if given is None:
        return default
    if given.lower() not in _TRUE | _FALSE:
        raise BadSetting(f"{variable} must be 1 or 0.")
    return given.lower() in _TRUE


def _port(variable: str) -> int:
    given = os.environ.get(variable) or "0"
    if not given.isdecimal() or not int(given) < 65_536:
        raise BadSetting(f"{variable} must be a port.")
    return int(given)


def _file(variable: str) -> Path | None:
    given = os.environ.get(variable)
    return Path(given).expanduser().resolve() if given else None


def _networks(given: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(word) for word in given.replace(",", " ").split())
    except ValueError as error:
        raise BadSetting(f"DINH_XROAD_NETWORKS must list networks like 10.1.2.0/24: {error}") from error


def _secret(data_dir: Path) -> str:
    file = data_dir / "secret-key"
    if given := os.environ.get("DINH_SECRET_KEY"):
        return given
    if not file.is_file():
        raise BadSetting("DINH_SECRET_KEY is not set and the data folder has none: run `dinh migrate` first.")
    return file.read_text().strip()
