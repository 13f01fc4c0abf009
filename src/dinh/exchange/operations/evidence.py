"""What an outsider needs to check one exchange: its line, its batch, the gateway's signature, the timestamp."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import ProvedPlace, ProvedRecord, ProvedStamp, record, record_bundle
from dinh.audit.merkle import inclusion_path, leaf_hash
from dinh.directory.models import Appointment
from dinh.exchange.gateway.batches import cms_of, stamp_statement
from dinh.exchange.gateway.records import fields_of, line_of
from dinh.exchange.models import Batch, Exchange, GatewayCertificate, SystemCertificate
from dinh.exchange.operations.stamping import stamp_batches
from dinh.exchange.queries.archives import archived_lines, exchange_visible_to
from dinh.exchange.queries.chains import leaves_of, statement_of
from dinh.kernel.errors import DomainError, NotFound
from dinh.pki.api import TimestampUnavailable, load_certificates


class NoEvidence(DomainError):
    """The exchange cannot be proved: it was never signed, or its row is not what was signed."""


def export_evidence(*, exchange_id: UUID, actor: Appointment, at: datetime) -> BinaryIO:
    """
    The evidence of an exchange (ASiC-E), which `dinh evidence verify` checks.

    Stamps what waits first, if the timestamp server answers; then writes an audit entry. Never call it inside a
    transaction.

    :returns: a temporary file at its beginning, for the caller to close
    :raises NotFound: if the actor does not see it
    :raises NoEvidence:
    """
    found = exchange_visible_to(actor, exchange_id)
    if found is None:
        raise NotFound(_("There is no such exchange."))
    if found.batch_id and Batch.objects.filter(pk=found.batch_id, stamp=None).exists():
        with contextlib.suppress(TimestampUnavailable):
            stamp_batches()
    bundle = record_bundle(record=_proved(found), at=at)
    with transaction.atomic():
        record("exchange.exchange.exported", target=found, actor=actor, at=at)
    return bundle


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an exchange's signature: its batch, and whether the row is still the line that was signed."""

    batch: Batch
    leaves: list[bytes]
    is_unaltered: bool


def standing_of(exchange: Exchange) -> Standing | None:
    """None while the exchange belongs to no signed batch."""
    if exchange.batch_id is None:
        return None
    batch = Batch.objects.select_related("stamp", "archive").filter(pk=exchange.batch_id).first()
    if batch is None:
        return None
    leaves, position = _leaves(batch), exchange.leaf_index
    is_there = position is not None and position < len(leaves)
    return Standing(batch, leaves, is_there and leaves[position or 0] == leaf_hash(_line(exchange)))


def _leaves(batch: Batch) -> list[bytes]:
    if batch.archive is None:
        return leaves_of(batch.leaves)
    return [leaf_hash(line) for line in archived_lines(batch)]


def _line(exchange: Exchange) -> bytes:
    return line_of(
        {field.attname: getattr(exchange, field.attname) for field in exchange._meta.concrete_fields}
    )


def _proved(exchange: Exchange) -> ProvedRecord:
    standing = standing_of(exchange)
    if standing is None:
        raise NoEvidence(_("This exchange belongs to no signed batch: there is nothing to prove it by."))
    if not standing.is_unaltered:
        raise NoEvidence(_("This row is not what the gateway signed: it was changed afterwards."))
    batch, line, position = standing.batch, _line(exchange), exchange.leaf_index or 0
    leaves = standing.leaves
    chain = bytes(GatewayCertificate.objects.get(pk=batch.certificate).chain)
    encoded = [each.public_bytes(Encoding.DER) for each in load_certificates(chain)]
    signed = statement_of(batch, count=len(leaves))
    return ProvedRecord(
        kind="exchange.exchange",
        fields=list(fields_of(line).items()),
        place=ProvedPlace(position=position, path=inclusion_path(leaves, position)),
        statement=signed,
        signature=cms_of(signed=signed, signature=bytes(batch.signature), certificates=encoded),
        certificates=chain,
        stamp=_stamp(batch),
        peer_certificate=_peer_certificate(exchange.peer_key),
    )


def _peer_certificate(fingerprint: str) -> bytes:
    """PEM; empty if there is none. Revoked ones stay registered."""
    row = SystemCertificate.objects.filter(fingerprint=fingerprint).first() if fingerprint else None
    return load_certificates(bytes(row.certificate))[0].public_bytes(Encoding.PEM) if row else b""


def _stamp(batch: Batch) -> ProvedStamp | None:
    if batch.stamp is None or batch.stamp_position is None:
        return None
    leaves = leaves_of(batch.stamp.leaves)
    path = inclusion_path(leaves, batch.stamp_position)
    return ProvedStamp(
        place=ProvedPlace(position=batch.stamp_position, path=path),
        statement=stamp_statement(count=len(leaves), root=bytes(batch.stamp.root)),
        token=bytes(batch.stamp.token),
    )
