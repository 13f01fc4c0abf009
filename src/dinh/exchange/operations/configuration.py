"""The registry's version: grows with each change, and tells the gateways by NOTIFY when the change commits."""

from typing import Final

from django.db import connection

CHANNEL: Final = "exchange_configuration"


def tell_gateways() -> None:
    """
    Let all gateways take up what this transaction changes; within 2 s of its commit it is in force.

    Locks the one row of the configuration until the transaction ends: call it last.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_configuration (id, version) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET version = exchange_configuration.version + 1 RETURNING version"
        )
        version = cursor.fetchone()[0]
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(version)])
