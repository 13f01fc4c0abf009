"""Reading the whole log again: signatures, chains, and each row under its batch."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from uuid import UUID

from cryptography import x509
from django.db.models import Count, F
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from dinh.audit.api import trace_of
from dinh.audit.merkle import leaf_hash, tree_hash
from dinh.exchange.gateway.batches import Link, is_signed, stamp_statement, statement
from dinh.exchange.gateway.records import line_of
from dinh.exchange.models import Archive, Batch, BatchStamp, Beginning, Exchange, GatewayCertificate
from dinh.exchange.volumes import BrokenVolume, read_volume
from dinh.kernel.text import moment_told
from dinh.pki.api import WrongSignature, load_certificates, verify_timestamp
from dinh.storage.api import read_blob

_BLOCK: Final = 500
DISPOSED: Final = "exchange.archive.disposed"
"""What the audit log calls it when a volume goes."""
_HASH: Final = 32


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the log: where, and what."""

    code: str
    gateway: str
    batch: str
    message: str
    exchange: str = ""


def verify_exchanges() -> Iterator[Finding]:
    """
    Check every batch, its signature, its place in its chain, every row under it, and what was timestamped.

    In constant memory. May run beside gateways: what they ship meanwhile is left for the next time.
    """
    yield from _check_batches()
    yield from _check_strays()
    yield from _check_archives()
    yield from _check_stamps()


def statement_of(batch: Batch, *, count: int) -> bytes:
    """The file that was signed for a batch of so many lines."""
    link = Link(str(batch.chain), batch.number, bytes(batch.previous)) if batch.chain else None
    return statement(
        batch_id=str(batch.pk), gateway=batch.gateway, signed_at=batch.signed_at, count=count,
        root=bytes(batch.root), link=link,
    )  # fmt: skip


def leaves_of(data: bytes | memoryview) -> list[bytes]:
    """Leaf hashes as they are stored one behind the other."""
    whole = bytes(data)
    return [whole[at : at + _HASH] for at in range(0, len(whole), _HASH)]


def _check_batches() -> Iterator[Finding]:
    last: Batch | None = None
    rows = Batch.objects.order_by("chain", "number", "signed_at", "id").iterator(chunk_size=_BLOCK)
    while block := list(islice(rows, _BLOCK)):
        lines = lines_of([batch.pk for batch in block])
        for batch in block:
            yield from _check_link(last, batch)
            if batch.archive_id is None:
                yield from _check_batch(batch, lines[batch.pk])
            last = batch


def _check_link(last: Batch | None, batch: Batch) -> Iterator[Finding]:
    """Whether a batch follows the one before it in its chain."""
    if batch.chain is None:
        return
    is_first = last is None or last.chain != batch.chain
    number, root = (0, b"") if is_first or last is None else (last.number, bytes(last.root))
    if batch.number > number + 1:
        yield _of(batch, "batch-missing", _missing_before(batch, number))
    elif batch.number <= number:
        text = _("Number %(number)d of chain %(chain)s stands there twice.")
        yield _of(batch, "batch-twice", text % {"number": batch.number, "chain": batch.chain})
    elif bytes(batch.previous) != root:
        text = _("Batch %(number)d of chain %(chain)s is not the one it was made after.")
        yield _of(batch, "chain-broken", text % {"number": number, "chain": batch.chain})


def _missing_before(batch: Batch, last: int) -> str:
    """:param last: number of the batch before the gap"""
    if batch.number == last + 2:
        text = _("Before it batch %(first)d of chain %(chain)s is missing.")
    else:
        text = _("Before it batches %(first)d to %(last)d of chain %(chain)s are missing.")
    return text % {"first": last + 1, "last": batch.number - 1, "chain": batch.chain}


def _check_batch(batch: Batch, lines: dict[int, tuple[str, bytes]]) -> Iterator[Finding]:
    leaves = leaves_of(batch.leaves)
    yield from _check_signature(batch, count=len(leaves))
    if tree_hash(leaves) != bytes(batch.root):
        yield _of(batch, "leaves-changed", _("Its leaves do not lead to its root."))
    for index, leaf in enumerate(leaves):
        exchange, line = lines.get(index, ("", b""))
        if not line:
            if batch.chain is None:
                # Earlier releases kept no beginnings of answers beside their ends.
                continue
            yield _of(batch, "exchange-missing", _("Its line %d is missing from the log.") % index)
        elif leaf_hash(line) != leaf:
            yield _of(batch, "exchange-changed", _("Its line %d was changed.") % index, exchange)
    for index in sorted(lines.keys() - range(len(leaves))):
        yield _of(batch, "exchange-added", _("It has no line %d.") % index, lines[index][0])


def _check_signature(batch: Batch, *, count: int) -> Iterator[Finding]:
    certificate = _certificate(batch.certificate)
    signed = statement_of(batch, count=count)
    if certificate is None:
        text = _("Its gateway's certificate %s is missing.") % batch.certificate
        yield _of(batch, "certificate-missing", text)
    elif not is_signed(certificate=certificate, signed=signed, signature=bytes(batch.signature)):
        yield _of(batch, "batch-changed", _("It is not what the gateway signed."))


def lines_of(batches: list[UUID]) -> dict[UUID, dict[int, tuple[str, bytes]]]:
    """Of these batches: by their place, the id and the line of each exchange; two statements."""
    found: dict[UUID, dict[int, tuple[str, bytes]]] = defaultdict(dict)
    for kept in Beginning.objects.filter(batch_id__in=batches):
        line = bytes(kept.line)
        found[kept.batch_id][kept.leaf_index] = (line.split(b"\t", 1)[0].decode(), line)
    for row in Exchange.objects.filter(batch_id__in=batches).exclude(leaf_index=None).values():
        place: dict[str, Any] = dict(row)
        found[place["batch_id"]][place["leaf_index"]] = (str(row["id"]), line_of(row))
    return found


def _check_strays() -> Iterator[Finding]:
    """Rows that name a batch which is not there."""
    known = Batch.objects.values("pk")
    strays = Exchange.objects.exclude(batch_id=None).exclude(batch_id__in=known).order_by("id")
    for row in strays.iterator(chunk_size=_BLOCK):
        yield Finding(
            "batch-missing", row.gateway, str(row.batch_id), _("Its batch is missing."), str(row.pk)
        )


def _check_archives() -> Iterator[Finding]:
    """Whether the volumes are a chain, and hold the batches that were taken into them."""
    last = (0, "")
    for archive in Archive.objects.order_by("number").iterator(chunk_size=_BLOCK):
        if (archive.number - 1, archive.previous) != last:
            text = _("Volume %(number)d of the archive does not follow volume %(last)d.")
            told = text % {"number": archive.number, "last": last[0]}
            yield Finding("volume-missing", "", "", told)
        last = (archive.number, archive.sha256)
        if archive.disposed_at:
            yield from _check_disposed(archive)
            continue
        try:
            yield from _check_volume(archive)
        except (BrokenVolume, OSError) as error:
            text = _("Volume %(number)d of the archive is missing or was changed: %(error)s")
            told = text % {"number": archive.number, "error": error}
            yield Finding("volume-changed", "", "", told)


def _check_volume(archive: Archive) -> Iterator[Finding]:
    """:raises BrokenVolume, OSError:"""
    if archive.content_id != archive.sha256:
        raise BrokenVolume(_("Its row refers to another file."))
    data = read_blob(archive.sha256)
    if hashlib.sha256(data).hexdigest() != archive.sha256:
        raise BrokenVolume(_("Its digest is another one."))
    batches = {str(batch.pk): batch for batch in archive.batches.all()}
    for shelf in read_volume(data, number=archive.number, previous=archive.previous):
        if not shelf.batch:
            continue
        batch = batches.pop(shelf.batch, None)
        if batch is None:
            yield Finding("batch-missing", shelf.gateway, shelf.batch, _("It is in the archive only."))
            continue
        yield from _check_signature(batch, count=len(shelf.lines))
        if shelf.root() != bytes(batch.root):
            text = _("Its lines in volume %d do not lead to its root.") % archive.number
            yield _of(batch, "leaves-changed", text)
    for batch in batches.values():
        text = _("It is missing from volume %d of the archive.") % archive.number
        yield _of(batch, "batch-missing", text)


def _check_disposed(archive: Archive) -> Iterator[Finding]:
    """Of a volume that is gone by order: whether the audit log says so, and the signatures of its batches."""
    acts = {(entry.action, entry.details.get("sha256")) for entry in trace_of(archive)}
    if (DISPOSED, archive.sha256) not in acts:
        text = _("Volume %d of the archive is marked as disposed of, but the audit log has no such act.")
        yield Finding("volume-missing", "", "", text % archive.number)
    for batch in archive.batches.iterator(chunk_size=_BLOCK):
        yield from _check_signature(batch, count=batch.count or 0)


def _check_stamps() -> Iterator[Finding]:
    """Whether all batches are there that were timestamped: none can be cut off the end of a chain, then."""
    stamps = BatchStamp.objects.annotate(there=Count("batches"), bytes=Length("leaves")).order_by("id")
    for stamp, missing in _cut_off(list(stamps.exclude(bytes=F("there") * _HASH))):
        text = _("%(count)d batches that were timestamped at %(when)s are missing.")
        told = text % {"count": missing, "when": moment_told(stamp.stamped_at)}
        yield Finding("batch-missing", "", "", told)
    for each in BatchStamp.objects.order_by("id").iterator(chunk_size=_BLOCK):
        yield from _check_stamp(each)


def _cut_off(stamps: list[BatchStamp]) -> list[tuple[BatchStamp, int]]:
    """
    How many batches are missing of those that have fewer than they were made about.

    Earlier releases could stamp a batch twice, at the same moment; it is there under the other timestamp then.
    """
    wanted = {stamp.pk: set(leaves_of(stamp.leaves)) for stamp in stamps}
    if wanted:
        for signature in Batch.objects.values_list("signature", flat=True).iterator(chunk_size=_BLOCK):
            leaf = leaf_hash(bytes(signature))
            for leaves in wanted.values():
                leaves.discard(leaf)
    return [(stamp, len(wanted[stamp.pk])) for stamp in stamps if wanted[stamp.pk]]


def _check_stamp(stamp: BatchStamp) -> Iterator[Finding]:
    leaves = leaves_of(stamp.leaves)
    signed = stamp_statement(count=len(leaves), root=bytes(stamp.root))
    try:
        verify_timestamp(data=signed, token=bytes(stamp.token))
        is_well = tree_hash(leaves) == bytes(stamp.root)
    except WrongSignature:
        is_well = False
    if not is_well:
        yield Finding("stamp-changed", "", "", _("Timestamp %d is not what the server signed.") % stamp.pk)
        return
    rows = stamp.batches.values_list("id", "gateway", "stamp_position", "signature")
    for pk, gateway, position, signature in rows.iterator(chunk_size=_BLOCK):
        if position is None or position >= len(leaves) or leaf_hash(bytes(signature)) != leaves[position]:
            text = _("It is not what timestamp %d is about.") % stamp.pk
            yield Finding("stamp-changed", gateway, str(pk), text)


def _of(batch: Batch, code: str, message: str, exchange: str = "") -> Finding:
    return Finding(code, batch.gateway, str(batch.pk), message, exchange)


@lru_cache(maxsize=64)
def _certificate(fingerprint: str) -> x509.Certificate | None:
    row = GatewayCertificate.objects.filter(pk=fingerprint).first()
    return load_certificates(bytes(row.chain))[0] if row else None


def counted() -> dict[str, int]:
    """What there is to check."""
    return {
        "exchanges": Exchange.objects.count(),
        "unsigned": Exchange.objects.filter(batch_id=None).count(),
        "disposed_volumes": Archive.objects.exclude(disposed_at=None).count(),
        "archived": sum(Archive.objects.values_list("exchanges", flat=True)),
        "batches": Batch.objects.count(),
        "chains": Batch.objects.exclude(chain=None).values("chain").distinct().count(),
    }
