"""The gateway's connections to PostgreSQL, none of them in a call's way."""

from typing import Any, Final

import psycopg

from dinh.exchange.gateway.settings import GatewaySettings

AsyncConnection = psycopg.AsyncConnection[tuple[object, ...]]
# A database that vanished without a word is noticed within seconds.
WATCHED: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    # Keepalives rest while something that was sent is not acknowledged, and each second something is.
    "tcp_user_timeout": 5000,
}


async def connect(settings: GatewaySettings, *, purpose: str = "") -> AsyncConnection:
    """:raises psycopg.Error:"""
    name = "-".join(word for word in ("dinh-gateway", purpose, settings.name) if word)
    return await psycopg.AsyncConnection.connect(
        settings.database_url, autocommit=True, application_name=name, **WATCHED
    )
