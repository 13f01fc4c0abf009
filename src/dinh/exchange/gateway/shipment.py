"""What becomes of one closed segment: its lines, batches and sums go to the database together, then it is deleted."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import psycopg

from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.batches import MARK, Batch, moment_of
from dinh.exchange.gateway.chain import note_shipped
from dinh.exchange.gateway.records import COLUMNS, REPRESENTED, SUBJECT
from dinh.exchange.gateway.segments import Records, framed, was_cut
from dinh.exchange.gateway.totals import adding, by_minute

TORN_ENDING: Final = ".torn"
REFUSED_ENDING: Final = ".refused"
_PART: Final = 100
"""Lines that go at once: 2 ms of the database's time."""
log = logging.getLogger("dinh.exchange.gateway")

# Each part is found by looking at all that are staged: the number that tells them apart stands first, since of a row
# PostgreSQL reads only what comes before the last column that it needs.
STAGE: Final = f"""
CREATE TEMPORARY TABLE staged (
    part integer, id uuid, started_us bigint, front text, client text, provider text, service text, version text,
    operation text, grant_id bigint, method text, path text, message_id text, user_id text, issue text, status smallint,
    outcome text, reason text, request_bytes bigint, response_bytes bigint, request_sha256 text,
    response_sha256 text, duration_us integer, upstream_us integer, peer_key text, peer_proof text,
    subject text, represented_party text, batch_id uuid, leaf_index integer
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE ended ON COMMIT DELETE ROWS AS {by_minute("exchange_exchange").replace("%%", "%")} WITH NO DATA
"""
_PLACE: Final = ("batch_id", "leaf_index")
_ALL: Final = (*COLUMNS, SUBJECT, REPRESENTED, *_PLACE)
_COPY: Final = f"COPY staged ({', '.join(_ALL)}, part) FROM STDIN"
_KEPT: Final = tuple(name for name in _ALL if name != "started_us")
_NO_PLACE: Final = b"\\N\t\\N"
# An answer that was streamed has two records; the second, with its end, stands in for the first. All else that
# comes again changes nothing.
#
# The sums count each exchange once, in the same transaction: when its row comes to its end, which happens once. Each
# part is summed up by itself, so that little is left to do for the whole segment at once.
_TAKE: Final = f"""
WITH took AS (
INSERT INTO exchange_exchange (gateway, started_at, {", ".join(_KEPT)})
SELECT DISTINCT ON (id) %s, to_timestamp(started_us / 1e6), {", ".join(_KEPT)}
FROM staged WHERE part = %s ORDER BY id, (outcome = 'begun')
ON CONFLICT (id) DO UPDATE SET ({", ".join(_KEPT)}) = ROW ({", ".join("excluded." + name for name in _KEPT)})
WHERE exchange_exchange.outcome = 'begun' AND excluded.outcome <> 'begun'
RETURNING *
)
INSERT INTO ended {by_minute("took")}
"""  # noqa: S608 (names of our own columns)
_SUM_UP: Final = adding("ended")
_TAKE_BATCH: Final = """
INSERT INTO exchange_batch (id, gateway, signed_at, root, leaves, certificate, signature, chain, number, previous)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
# The line of an answer's beginning, which the line of its end stands in for, is a leaf of its batch all the same.
_TAKE_BEGINNING: Final = """
INSERT INTO exchange_beginning (batch_id, leaf_index, line) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_OUTCOME: Final = COLUMNS.index("outcome")

Part = list[tuple[list[bytes], Batch | None]]


class Pace:
    """
    Rests between the parts of a segment: a second's lines all at once take the database a sixth of a second, in which
    calls wait on a machine whose cores have other work.

    :param seconds: that all parts together may take
    :param rests: waits so many seconds, or less if there is no time
    """

    def __init__(self, seconds: float, rests: Callable[[float], object]) -> None:
        self.seconds, self.rests = seconds, rests
        self._began = time.monotonic()

    def rest(self, done: int, parts: int) -> None:
        """After so many of the parts; not after the last."""
        if done < parts:
            self.rests(self._began + self.seconds * done / parts - time.monotonic())


def ship_segment(
    connection: "psycopg.Connection[tuple[object, ...]]",
    path: Path,
    *,
    gateway: str,
    pace: Pace | None = None,
) -> int:
    """
    Take a segment in and delete it. Safe to repeat: what is there already stays as it is.

    One that was closed in order and cannot be read to its end stays as `.torn`: what follows was acknowledged.

    :param pace: rests between its parts, whose rows others see together at the end
    :returns: how many records it held
    :raises psycopg.Error: if the database did not take it; the segment stays
    """
    records = Records(path)
    parts = list(_parts(batches_of(records)))
    with connection.transaction(), connection.cursor() as cursor:
        for number, part in enumerate(parts, 1):
            _take(cursor, part, number, gateway)
            if pace:
                pace.rest(number, len(parts))
        # At the end, since other gateways add to the same sums: they would wait for the whole transaction.
        cursor.execute(_SUM_UP)
    signed = [batch for part in parts for _lines, batch in part if batch]
    if signed:
        note_shipped(path.parent, signed[-1])
    _let_go(path, records)
    return sum(len(lines) for part in parts for lines, _batch in part)


def ship_around(connection: "psycopg.Connection[tuple[object, ...]]", path: Path, *, gateway: str) -> int:
    """
    Take in all of a segment that the database refused but the batches that it refuses, which stay as `.refused`: a
    segment too, to be named `.log` once the cause is mended. Safe to repeat.

    :returns: how many batches stay
    :raises psycopg.Error: if the database did not take it; the segment stays
    """
    records = Records(path)
    batches, refused = list(batches_of(records)), []
    with connection.transaction(), connection.cursor() as cursor:
        for number, part in enumerate(batches, 1):
            try:
                with connection.transaction():
                    _take(cursor, [part], number, gateway)
            except (psycopg.DataError, psycopg.IntegrityError):
                refused.append(part)
        cursor.execute(_SUM_UP)
    _keep(path.with_suffix(REFUSED_ENDING), refused)
    if signed := [batch for _lines, batch in batches if batch]:
        note_shipped(path.parent, signed[-1])
    _let_go(path, records)
    return len(refused)


def _keep(path: Path, batches: Part) -> None:
    """On disk when this returns."""
    with path.open("wb") as file:
        for lines, batch in batches:
            file.writelines(framed(each) for each in (*lines, *([batch.record()] if batch else [])))
        file.flush()
        os.fsync(file.fileno())


def _let_go(path: Path, records: Records) -> None:
    """Delete a segment that was taken in; what cannot be read of it stays."""
    if records.unread and not was_cut(path):
        log.error("The segment %s ends %s bytes before its end; it stays as .torn.", path, records.unread)
        path.rename(path.with_suffix(TORN_ENDING))
    else:
        path.unlink(missing_ok=True)


def _parts(batches: Iterable[tuple[list[bytes], Batch | None]]) -> Iterator[Part]:
    """Whole batches, about `_PART` lines of them."""
    part: Part = []
    size = 0
    for lines, batch in batches:
        part.append((lines, batch))
        size += len(lines)
        if size >= _PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def _take(cursor: "psycopg.Cursor[tuple[object, ...]]", part: Part, number: int, gateway: str) -> None:
    signed = [(lines, batch) for lines, batch in part if batch]
    with cursor.copy(_COPY) as copy:
        for lines, batch in part:
            copy.write(b"".join(_placed(lines, batch, number)))
    cursor.execute(_TAKE, (gateway, number))
    cursor.executemany(_TAKE_BATCH, [_batch_row(lines, batch, gateway) for lines, batch in signed])
    cursor.executemany(
        _TAKE_BEGINNING,
        [
            (batch.id, index, line)
            for lines, batch in signed
            for index, line in enumerate(lines)
            if _begins(line)
        ],
    )


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


def _placed(lines: list[bytes], batch: Batch | None, part: int) -> Iterable[bytes]:
    if batch is None:
        return (b"%b\t%b\t%d\n" % (_whole(line), _NO_PLACE, part) for line in lines)
    identity = batch.id.encode()
    return (b"%b\t%b\t%d\t%d\n" % (_whole(line), identity, index, part) for index, line in enumerate(lines))


def _whole(line: bytes) -> bytes:
    """The two fields at the end are there only for calls about a person, or for a represented party."""
    return line + b"\t" * (len(COLUMNS) + 1 - line.count(b"\t"))


def _batch_row(lines: list[bytes], batch: Batch, gateway: str) -> tuple[object, ...]:
    leaves = [leaf_hash(line) for line in lines]
    if len(lines) != batch.count or tree_hash(leaves) != batch.root:
        log.error("The lines of batch %s are not those that were signed.", batch.id)
    signed_at = moment_of(batch.signed_us)
    link = (batch.link.chain, batch.link.number, batch.link.previous) if batch.link else (None, 0, b"")
    return (
        batch.id, gateway, signed_at, batch.root, b"".join(leaves), batch.certificate, batch.signature, *link,
    )  # fmt: skip
