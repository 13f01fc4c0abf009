"""Takes closed segments into the database, each in one transaction, and deletes them only after it committed."""

import contextlib
import logging
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

import psycopg

from dinh.exchange.gateway.database import WATCHED
from dinh.exchange.gateway.identity import Identity, identity_of
from dinh.exchange.gateway.segments import ENDING
from dinh.exchange.gateway.settings import log_to_standard_error, settings_from_environment
from dinh.exchange.gateway.shipment import REFUSED_ENDING, STAGE, Pace, ship_around, ship_segment

SHIP_EVERY: Final = 1.0
YES: Final = b"1"
NO: Final = b"0"
_NICE: Final = 5
_SPREAD: Final = 0.8
"""Seconds over which a segment is shipped, unless the next one waits already."""
_LONGEST_PAUSE: Final = 10.0
log = logging.getLogger("dinh.exchange.gateway")

_TELL_CERTIFICATE: Final = """
INSERT INTO exchange_gatewaycertificate (fingerprint, gateway, chain, first_seen_at)
VALUES (%s, %s, %s, now()) ON CONFLICT (fingerprint) DO NOTHING
"""


class Shipper:
    """
    Ships once a second, until its standard input ends; tells on standard output whether the database answered.

    A process of its own: hashing and copying thousands of lines beside the calls would hold them up.

    :param folder: of the segments
    :param name_of_gateway: stands in each row
    :param identity: whose certificate the database is told
    """

    def __init__(self, folder: Path, *, database_url: str, name_of_gateway: str, identity: Identity) -> None:
        self.folder, self.database_url, self.gateway = folder, database_url, name_of_gateway
        self.identity = identity
        self.is_connected = self._is_over = False
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def run(self) -> None:
        pause = SHIP_EVERY
        while not self.rests(pause):
            began = time.monotonic()
            is_shipped = self._ship_all()
            os.write(sys.stdout.fileno(), YES if self.is_connected else NO)
            took = time.monotonic() - began
            pause = max(0.0, SHIP_EVERY - took) if is_shipped else min(max(pause, 1.0) * 2, _LONGEST_PAUSE)
        self._ship_all()

    def rests(self, seconds: float) -> bool:
        """:returns: at once, and from then on, if the gateway has gone or lets go"""
        if not self._is_over and seconds > 0:
            self._is_over = _ended(seconds)
        return self._is_over

    def _ship_all(self) -> bool:
        try:
            self._ship_waiting()
        except (psycopg.Error, OSError) as error:
            if self.is_connected:
                log.warning("The log waits on this disk; the database is away: %s", error)
            self.is_connected = False
            self._forget_connection()
            return False
        self.is_connected = True
        return True

    def _ship_waiting(self) -> None:
        connection = self._connected()
        paths = waiting_segments(self.folder)
        pace = Pace(_SPREAD, self.rests) if len(paths) == 1 else None
        for path in paths:
            try:
                ship_segment(connection, path, gateway=self.gateway, pace=pace)
            except FileNotFoundError:
                # The shipper of a run that was killed had it under way.
                continue
            except (psycopg.DataError, psycopg.IntegrityError):
                # Never expected. Kept beside for people, so that the rest of the log goes on.
                log.exception(
                    "The database refuses something of the segment %s; that stays as .refused.", path
                )
                self._ship_around(connection, path)

    def _ship_around(self, connection: "psycopg.Connection[tuple[object, ...]]", path: Path) -> None:
        try:
            ship_around(connection, path, gateway=self.gateway)
        except (psycopg.DataError, psycopg.IntegrityError):
            log.exception("The database takes nothing of the segment %s.", path)
            path.rename(path.with_suffix(REFUSED_ENDING))

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.database_url, application_name=f"dinh-gateway-log-{self.gateway}", **WATCHED
            )
            self._connection.execute(STAGE)
            told = (self.identity.fingerprint, self.gateway, self.identity.pem)
            self._connection.execute(_TELL_CERTIFICATE, told)
            self._connection.commit()
        return self._connection

    def _forget_connection(self) -> None:
        if self._connection:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None


def _ended(seconds: float) -> bool:
    """Wait; whether the gateway has gone meanwhile, or lets go."""
    readable, _writable, _failed = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def waiting_segments(folder: Path) -> list[Path]:
    """Closed segments, the oldest first."""
    return sorted(folder.glob(f"*{ENDING}"))


def main() -> None:
    log_to_standard_error()
    # Whoever ends the gateway ends it by its input, after the last segment is closed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICE)
    settings = settings_from_environment()
    Shipper(
        settings.folder / "log",
        database_url=settings.database_url,
        name_of_gateway=settings.name,
        identity=identity_of(settings),
    ).run()


if __name__ == "__main__":
    main()
