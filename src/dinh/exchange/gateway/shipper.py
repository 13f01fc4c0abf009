"""Takes closed segments into the database, each in one transaction, and deletes them only after it committed."""

import contextlib
import logging
import os
import select
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psycopg

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.batches import MARK, Batch, moment_of
from dinh.exchange.gateway.chain import note_shipped
from dinh.exchange.gateway.database import WATCHED
from dinh.exchange.gateway.identity import Identity, identity_of
from dinh.exchange.gateway.records import COLUMNS, SUBJECT
from dinh.exchange.gateway.segments import ENDING, Records, was_cut
from dinh.exchange.gateway.settings import log_to_standard_error, settings_from_environment
from dinh.exchange.gateway.totals import adding

SHIP_EVERY: Final = 1.0
YES: Final = b"1"
NO: Final = b"0"
REFUSED_ENDING: Final = ".refused"
TORN_ENDING: Final = ".torn"
_NICE: Final = 5
_LONGEST_PAUSE: Final = 10.0
log = logging.getLogger("dinh.exchange.gateway")

_STAGE: Final = """
CREATE TEMPORARY TABLE staged (
    id uuid, started_us bigint, front text, client text, provider text, service text, version text, operation text,
    grant_id bigint, method text, path text, message_id text, user_id text, issue text, status smallint,
    outcome text, reason text, request_bytes bigint, response_bytes bigint, request_sha256 text,
    response_sha256 text, duration_us integer, upstream_us integer, peer_key text, peer_proof text,
    subject text, batch_id uuid, leaf_index integer
) ON COMMIT DELETE ROWS
"""
_PLACE: Final = ("batch_id", "leaf_index")
_ALL: Final = (*COLUMNS, SUBJECT, *_PLACE)
_COPY: Final = f"COPY staged ({', '.join(_ALL)}) FROM STDIN"
_KEPT: Final = tuple(name for name in _ALL if name != "started_us")
_NO_PLACE: Final = b"\t\\N\t\\N\n"
# An answer that was streamed has two records; the second, with its end, stands in for the first. All else that
# comes again changes nothing.
#
# The sums count each exchange once, in the same transaction: when its row comes to its end, which happens once.
_TAKE: Final = f"""
WITH taken AS (
INSERT INTO exchange_exchange (gateway, started_at, {", ".join(_KEPT)})
SELECT DISTINCT ON (id) %s, to_timestamp(started_us / 1e6), {", ".join(_KEPT)}
FROM staged ORDER BY id, (outcome = 'begun')
ON CONFLICT (id) DO UPDATE SET ({", ".join(_KEPT)}) = ROW ({", ".join("excluded." + name for name in _KEPT)})
WHERE exchange_exchange.outcome = 'begun' AND excluded.outcome <> 'begun'
RETURNING *
)
{adding("taken")}
"""  # noqa: S608 (names of our own columns)
_TAKE_BATCH: Final = """
INSERT INTO exchange_batch (id, gateway, signed_at, root, leaves, certificate, signature, chain, number, previous)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
# The line of an answer's beginning, which the line of its end stands in for, is a leaf of its batch all the same.
_TAKE_BEGINNING: Final = """
INSERT INTO exchange_beginning (batch_id, leaf_index, line) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_OUTCOME: Final = COLUMNS.index("outcome")
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
        self.is_connected = False
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def run(self) -> None:
        pause = SHIP_EVERY
        while not _ended(pause):
            pause = SHIP_EVERY if self._ship_all() else min(pause * 2, _LONGEST_PAUSE)
            os.write(sys.stdout.fileno(), YES if self.is_connected else NO)
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
        connection = self._connected()
        for path in waiting_segments(self.folder):
            try:
                ship_segment(connection, path, gateway=self.gateway)
            except FileNotFoundError:
                # The shipper of a run that was killed had it under way.
                continue
            except (psycopg.DataError, psycopg.IntegrityError):
                # Never expected. Kept beside for people, so that the rest of the log goes on.
                log.exception("The database refuses the segment %s; it stays as .refused.", path)
                path.rename(path.with_suffix(REFUSED_ENDING))

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.database_url, application_name=f"dinh-gateway-log-{self.gateway}", **WATCHED
            )
            self._connection.execute(_STAGE)
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


def ship_segment(connection: "psycopg.Connection[tuple[object, ...]]", path: Path, *, gateway: str) -> int:
    """
    Take a segment in and delete it. Safe to repeat: what is there already stays as it is.

    One that was closed in order and cannot be read to its end stays as `.torn`: what follows was acknowledged.

    :returns: how many records it held
    :raises psycopg.Error: if the database did not take it; the segment stays
    """
    count, batches, beginnings, last = 0, [], [], None
    records = Records(path)
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for lines, batch in batches_of(records):
                count += len(lines)
                copy.write(b"".join(_placed(lines, batch)))
                if batch:
                    last = batch
                    batches.append(_batch_row(lines, batch, gateway))
                    beginnings += [
                        (batch.id, index, line) for index, line in enumerate(lines) if _begins(line)
                    ]
        cursor.execute(_TAKE, (gateway,))
        cursor.executemany(_TAKE_BATCH, batches)
        cursor.executemany(_TAKE_BEGINNING, beginnings)
    if last:
        note_shipped(path.parent, last)
    if records.unread and not was_cut(path):
        log.error("The segment %s ends %s bytes before its end; it stays as .torn.", path, records.unread)
        path.rename(path.with_suffix(TORN_ENDING))
    else:
        path.unlink(missing_ok=True)
    return count


def batches_of(records: Iterable[bytes]) -> Iterable[tuple[list[bytes], Batch | None]]:
    """
    The lines of a segment, batch by batch; None is the batch of lines that nobody signed.

    Such are only the last ones before a crash, which cut their batch off: none of their answers was released.
    """
    lines: list[bytes] = []
    for record in records:
        if not record.startswith(MARK):
            lines.append(record)
            continue
        batch = Batch.read(record)
        unsigned, lines = lines[: -batch.count], lines[-batch.count :]
        if unsigned:
            yield unsigned, None
        yield lines, batch
        lines = []
    if lines:
        yield lines, None


def _begins(line: bytes) -> bool:
    return b"\tbegun\t" in line and line.split(b"\t")[_OUTCOME] == b"begun"


def _placed(lines: list[bytes], batch: Batch | None) -> Iterable[bytes]:
    if batch is None:
        return (_with_subject(line) + _NO_PLACE for line in lines)
    identity = batch.id.encode()
    return (b"%b\t%b\t%d\n" % (_with_subject(line), identity, index) for index, line in enumerate(lines))


def _with_subject(line: bytes) -> bytes:
    """The field at the end is there for calls about a person only."""
    return line if line.count(b"\t") == len(COLUMNS) else line + b"\t"


def _batch_row(lines: list[bytes], batch: Batch, gateway: str) -> tuple[object, ...]:
    leaves = [leaf_hash(line) for line in lines]
    if len(lines) != batch.count or tree_hash(leaves) != batch.root:
        log.error("The lines of batch %s are not those that were signed.", batch.id)
    signed_at = moment_of(batch.signed_us)
    link = (batch.link.chain, batch.link.number, batch.link.previous) if batch.link else (None, 0, b"")
    return (
        batch.id, gateway, signed_at, batch.root, b"".join(leaves), batch.certificate, batch.signature, *link,
    )  # fmt: skip


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
