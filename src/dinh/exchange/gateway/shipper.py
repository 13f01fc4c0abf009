"""Takes closed segments into the database, each in one transaction, and deletes them only after it committed."""

import contextlib
import logging
import threading
from pathlib import Path
from typing import Final

import psycopg

from dinh.exchange.gateway.records import COLUMNS
from dinh.exchange.gateway.segments import ENDING, SegmentLog, records_of

SHIP_EVERY: Final = 1.0
REFUSED_ENDING: Final = ".refused"
_LONGEST_PAUSE: Final = 10.0
log = logging.getLogger("dinh.exchange.gateway")

_STAGE: Final = """
CREATE TEMPORARY TABLE staged (
    id uuid, started_us bigint, front text, client text, provider text, service text, version text, operation text,
    grant_id bigint, method text, path text, message_id text, user_id text, issue text, status smallint,
    outcome text, reason text, request_bytes bigint, response_bytes bigint, request_sha256 text,
    response_sha256 text, duration_us integer, upstream_us integer
) ON COMMIT DELETE ROWS
"""
_COPY: Final = f"COPY staged ({', '.join(COLUMNS)}) FROM STDIN"
_KEPT: Final = tuple(name for name in COLUMNS if name != "started_us")
# An answer that was streamed has two records; the second, with its end, stands in for the first. All else that
# comes again changes nothing.
_TAKE: Final = f"""
INSERT INTO exchange_exchange (gateway, started_at, {", ".join(_KEPT)})
SELECT DISTINCT ON (id) %s, to_timestamp(started_us / 1e6), {", ".join(_KEPT)}
FROM staged ORDER BY id, (outcome = 'begun')
ON CONFLICT (id) DO UPDATE SET ({", ".join(_KEPT)}) = ROW ({", ".join("excluded." + name for name in _KEPT)})
WHERE exchange_exchange.outcome = 'begun' AND excluded.outcome <> 'begun'
"""  # noqa: S608 (names of our own columns)


class Shipper(threading.Thread):
    """
    Ships once a second, for as long as the process lives.

    :param name_of_gateway: stands in each row
    """

    def __init__(self, segments: SegmentLog, *, database_url: str, name_of_gateway: str) -> None:
        super().__init__(name="exchange-shipper", daemon=True)
        self.segments, self.database_url, self.gateway = segments, database_url, name_of_gateway
        self.is_connected = False
        self._ended = threading.Event()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def run(self) -> None:
        pause = SHIP_EVERY
        while not self._ended.wait(pause):
            pause = SHIP_EVERY if self._ship_all() else min(pause * 2, _LONGEST_PAUSE)

    def end(self) -> None:
        """Stop shipping; waits for what is under way."""
        self._ended.set()
        if self.is_alive():
            self.join(20)

    def ship_once(self) -> None:
        """What is closed, after `end`."""
        self._ship_all()

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
        if not self._ended.is_set():
            self.segments.rotate_if_older(SHIP_EVERY / 2)
        connection = self._connected()
        for path in waiting_segments(self.segments.folder):
            try:
                ship_segment(connection, path, gateway=self.gateway)
            except (psycopg.DataError, psycopg.IntegrityError):
                # Never expected. Kept beside for people, so that the rest of the log goes on.
                log.exception("The database refuses the segment %s; it stays as .refused.", path)
                path.rename(path.with_suffix(REFUSED_ENDING))

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.database_url,
                connect_timeout=5,
                keepalives_idle=2,
                keepalives_interval=1,
                keepalives_count=3,
                application_name=f"dinh-gateway-log-{self.gateway}",
            )
            self._connection.execute(_STAGE)
            self._connection.commit()
        return self._connection

    def _forget_connection(self) -> None:
        if self._connection:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None


def waiting_segments(folder: Path) -> list[Path]:
    """Closed segments, the oldest first."""
    return sorted(folder.glob(f"*{ENDING}"))


def ship_segment(connection: "psycopg.Connection[tuple[object, ...]]", path: Path, *, gateway: str) -> int:
    """
    Take a segment in and delete it. Safe to repeat: what is there already stays as it is.

    :returns: how many records it held
    :raises psycopg.Error: if the database did not take it; the segment stays
    """
    count = 0
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for record in records_of(path):
                copy.write(record + b"\n")
                count += 1
        cursor.execute(_TAKE, (gateway,))
    path.unlink()
    return count
