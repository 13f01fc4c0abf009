"""The provable log: what other modules may call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Protocol

from django.db import models
from django.utils import timezone

from dinh.kernel.compiled import planned_cursor
from dinh.kernel.logging import current_request_id
from dinh.pki.api import Member


@dataclass(frozen=True)
class Actor:
    """Who acts, and in which capacity, by the names of the moment."""

    person_id: int | None
    person_name: str
    appointment_id: int | None = None
    position: str = ""
    unit_id: int | None = None
    unit_name: str = ""


class Acting(Protocol):
    """Anything that can tell who acts: an appointment of `directory`."""

    def audit_actor(self) -> Actor: ...


SYSTEM = Actor(person_id=None, person_name="Đình")
_WRITE: Final = """
INSERT INTO audit_entry (recorded_at, action, person_id, person_name, appointment_id, position, unit_id, unit_name,
    target_type, target_id, details, request_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
"""


def record(
    action: str,
    *,
    target: models.Model,
    actor: Acting | Actor | None,
    at: datetime | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """
    Write an act to the log, in the act's own transaction, and mark the API request that it came by as done.

    :param action: `module.object.fact`, e.g. `documents.document.signed`
    :param actor: None for what the system does by itself
    :param details: JSON values; what was changed, from what, to what; no secrets
    """
    from dinh.kernel.idempotency import note_act

    who = SYSTEM if actor is None else actor if isinstance(actor, Actor) else actor.audit_actor()
    # Not through the model, whose insert takes three times as long: every act of the house passes here.
    with planned_cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                at or timezone.now(),
                action,
                who.person_id,
                who.person_name,
                who.appointment_id,
                who.position,
                who.unit_id,
                who.unit_name,
                target._meta.label_lower,
                str(target.pk),
                json.dumps(dict(details or {})),
                current_request_id(),
            ],
        )
    note_act(f"{target._meta.label_lower}:{target.pk}")


@dataclass(frozen=True)
class TraceEntry:
    """One line of a record's trace, for time lines."""

    entry_id: int
    recorded_at: datetime
    action: str
    person_name: str
    position: str
    unit_id: int | None
    unit_name: str
    details: Mapping[str, object]


def trace_of(*targets: models.Model) -> list[TraceEntry]:
    """The trace of one or several records together, oldest first, one query. The caller checks visibility."""
    from dinh.audit.queries.proofs import entries_of

    return [
        TraceEntry(
            e.pk, e.recorded_at, e.action, e.person_name, e.position, e.unit_id, e.unit_name, e.details
        )
        for e in entries_of(targets)
    ]


def note_access(*, target: models.Model, actor: Acting, what: str, at: datetime) -> None:
    """
    Write down that somebody looked at a record; looks within a minute count once. One statement.

    :param what: the kind of look: `page`, `file`, `attachment`, `export` ...
    """
    from dinh.audit.operations.accesses import write_access

    write_access(
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        what=what,
        actor=actor.audit_actor(),
        at=at,
    )


@dataclass(frozen=True)
class Look:
    """What one person looked at on one day: how often, first and last."""

    person_name: str
    position: str
    what: str
    first_at: datetime
    last_at: datetime
    times: int


def accesses_of(*targets: models.Model, unit_id: int) -> list[Look]:
    """The latest 500 looks of one unit's people at these records, the last first. The caller checks visibility."""
    from dinh.audit.queries.accesses import accesses

    return [
        Look(each.person_name, each.position, each.what, each.first_at, each.last_at, each.times)
        for each in accesses(targets, unit_id=unit_id)[:500]
    ]


@dataclass(frozen=True, kw_only=True)
class ProvedPlace:
    """Where a leaf stands in a Merkle tree (RFC 6962), and the siblings from it up to the root."""

    position: int
    path: Sequence[bytes]


@dataclass(frozen=True, kw_only=True)
class ProvedStamp:
    """
    A timestamp over many signatures, one of which is the batch's.

    :param statement: the file that is stamped: JSON with `version`, `count`, `root`
    :param token: RFC 3161, DER
    """

    place: ProvedPlace
    statement: bytes
    token: bytes


@dataclass(frozen=True, kw_only=True)
class ProvedRecord:
    """
    A record that was signed in a batch with others.

    :param kind: `module.model`; the first field is its id
    :param fields: name and value of each field; the values, with tabs between, are the bytes of the leaf
    :param statement: the file that is signed: JSON with `version`, `batch`, `signed_at`, `count`, `root`
    :param signature: detached CMS over the statement
    :param certificates: of the signer, issuers after it, PEM
    :param peer_certificate: PEM, of the other end of a message, if the fields `peer_key` and `peer_proof` hold its
        signature
    """

    kind: str
    fields: Sequence[tuple[str, str]]
    place: ProvedPlace
    statement: bytes
    signature: bytes
    certificates: bytes
    stamp: ProvedStamp | None
    peer_certificate: bytes = b""


def record_bundle(*, record: ProvedRecord, at: datetime | None = None) -> BinaryIO:
    """
    What an outsider needs to check one record of a signed log: a signed container (ASiC-E).

    `dinh evidence verify` checks it without a database. May ask the timestamp server: never call it inside a
    transaction. The caller checks visibility and audits the export.

    :returns: a temporary file at its beginning, for the caller to close
    """
    from dinh.audit.operations.evidence import make_record_bundle

    return make_record_bundle(record=record, at=at or timezone.now())


def evidence_bundle(
    *targets: models.Model, documents: Mapping[str, Member], at: datetime | None = None
) -> BinaryIO:
    """
    What an outsider needs to check documents and what was done with them: a signed container (ASiC-E).

    Holds the documents, the trace of these records, Merkle proofs to the seals, the seals with signatures and
    timestamps, certificates and a readme in Vietnamese and English; `dinh evidence verify` checks it without a
    database. Seals what waits first and may ask the timestamp server: never call it inside a transaction. The
    caller checks visibility and audits the export.

    :param documents: file name (a path without `..`) to content, which need not be in memory
    :returns: a temporary file at its beginning, for the caller to close
    :raises UnreadableContainer: if a name cannot stand in a container
    """
    from dinh.audit.operations.evidence import make_evidence_bundle

    return make_evidence_bundle(targets=targets, documents=documents, at=at or timezone.now())
