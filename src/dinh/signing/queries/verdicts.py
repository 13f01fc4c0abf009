"""Verdicts on kept PDFs: judged once, remembered while fresh, told with the holders of today."""

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dinh.directory.models import Appointment
from dinh.pki.api import HolderKind, Reason, SignatureReport, TimeSource, Verdict, VerificationReport
from dinh.signing.models import Credential, StoredVerdict
from dinh.signing.queries.verification import anchor_files, verification_of
from dinh.storage.api import read_blob

# Authorities publish revocations at least daily; a doubt is often a network that is back soon.
_FRESH_FOR = {
    Verdict.VALID: timedelta(hours=12),
    Verdict.INVALID: timedelta(hours=12),
    Verdict.INDETERMINATE: timedelta(minutes=10),
}


@dataclass(frozen=True, slots=True)
class SignatureSummary:
    """
    One signature as people read it.

    :param signer: common name in the certificate; empty if there is none
    :param holder_name: of the person or unit in the registry; empty if it does not know the certificate
    :param holder_title: position and unit of the person on the day of signing; empty if none is known
    :param signed_at: by the timestamp if it can be trusted, else as claimed (see `time_source`)
    :param reasons: in the active language; empty if nothing is to be said
    """

    field: str
    verdict: Verdict
    signer: str
    holder_kind: HolderKind
    holder_name: str
    holder_title: str
    signed_at: datetime | None
    time_source: TimeSource
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentVerdict:
    """The verdict on a kept PDF: its signatures in the order they were made, and when it was judged."""

    sha256: str
    verdict: Verdict
    signatures: tuple[SignatureSummary, ...]
    reasons: tuple[str, ...]
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    kind: HolderKind
    name: str
    person_id: int | None = None


NOBODY = Holder(HolderKind.UNKNOWN, "")


def verdict_of(sha256: str, *, offline: bool) -> DocumentVerdict:
    """
    The verdict on a kept PDF, from memory while it is fresh (12 hours; 10 minutes for an indeterminate one).
    What is no PDF is invalid or indeterminate too, with its reason.

    :param offline: ask no authority over the net; False never inside a transaction
    """
    stored = _remembered(sha256, offline) or _judged(sha256, offline)
    return _told(sha256, stored.report, stored.judged_at)


def judge_anew(sha256: str) -> DocumentVerdict:
    """
    The verdict on a kept PDF as of now, whatever is remembered: a certificate may have been revoked since.

    Asks authorities over the net, so it is never called inside a transaction.
    """
    stored = _judged(sha256, offline=False)
    return _told(sha256, stored.report, stored.judged_at)


def verdict_told(report: VerificationReport, *, sha256: str, at: datetime) -> DocumentVerdict:
    """A report as people read it, with the holders from the registry; for files that are not kept."""
    return _told(sha256, _plain(report), at)


def _told(sha256: str, report: dict[str, Any], judged_at: datetime) -> DocumentVerdict:
    signatures = report["signatures"]
    known = holders_of(item["fingerprint"] for item in signatures)
    holders = [known.get(item["fingerprint"], NOBODY) for item in signatures]
    offices = _offices_of(holders)
    return DocumentVerdict(
        sha256=sha256,
        verdict=Verdict(report["verdict"]),
        signatures=tuple(
            _summary(item, holder, offices) for item, holder in zip(signatures, holders, strict=True)
        ),
        reasons=_messages(report["reasons"]),
        judged_at=judged_at,
    )


def holders_of(fingerprints: Iterable[str]) -> dict[str, Holder]:
    """Whose these certificates are by the registry; one query, without those that it does not know."""
    known = Credential.objects.filter(fingerprint__in=list(fingerprints)).select_related("person", "unit")
    return {credential.fingerprint: holder_in(credential) for credential in known}


def holder_in(credential: Credential) -> Holder:
    """The holder that a registered certificate names."""
    if credential.person is not None:
        return Holder(HolderKind.PERSON, credential.person.full_name, credential.person_id)
    return Holder(HolderKind.UNIT, credential.unit.name if credential.unit else "")


def _remembered(sha256: str, offline: bool) -> StoredVerdict | None:
    fresh = StoredVerdict.objects.filter(
        sha256=sha256, anchors=_anchors_mark(), fresh_until__gt=timezone.now()
    )
    if not offline:
        fresh = fresh.filter(is_offline=False)
    return fresh.order_by("is_offline", "-judged_at").first()


def _judged(sha256: str, offline: bool) -> StoredVerdict:
    report, now = verification_of(pdf=read_blob(sha256), offline=offline), timezone.now()
    found = StoredVerdict(
        sha256=sha256,
        is_offline=offline,
        anchors=_anchors_mark(),
        report=_plain(report),
        judged_at=now,
        fresh_until=now + _FRESH_FOR[report.verdict],
    )
    StoredVerdict.objects.bulk_create(
        [found],
        update_conflicts=True,
        unique_fields=["sha256", "is_offline"],
        update_fields=["anchors", "report", "judged_at", "fresh_until"],
    )
    return found


def _anchors_mark() -> str:
    # A verdict given under other trust anchors is worth nothing.
    return hashlib.sha256("\0".join(anchor_files()).encode()).hexdigest()


def _plain(report: VerificationReport) -> dict[str, Any]:
    return {
        "verdict": str(report.verdict),
        "reasons": [_plain_reason(reason) for reason in report.reasons],
        "signatures": [_plain_signature(item) for item in report.signatures],
    }


def _plain_signature(item: SignatureReport) -> dict[str, Any]:
    return {
        "field": item.field,
        "verdict": str(item.verdict),
        "signer": item.signer.common_name if item.signer else "",
        "fingerprint": item.signer.fingerprint if item.signer else "",
        "signed_at": item.signed_at.isoformat() if item.signed_at else "",
        "time_source": str(item.time_source),
        "reasons": [_plain_reason(reason) for reason in item.reasons],
    }


def _plain_reason(reason: Reason) -> dict[str, str]:
    plain = dataclasses.asdict(reason)
    return plain | {"when": reason.when.isoformat() if reason.when else ""}


def _messages(reasons: Iterable[dict[str, str]]) -> tuple[str, ...]:
    return tuple(_reason(item).message for item in reasons)


def _reason(item: dict[str, str]) -> Reason:
    return Reason(item["code"], item["what"], _moment(item["when"]), item["form"])


def _offices_of(holders: Iterable[Holder]) -> list[Appointment]:
    """All appointments, past ones too, of the people among the holders, the highest first."""
    people = {holder.person_id for holder in holders if holder.person_id is not None}
    if not people:
        return []
    return list(Appointment.objects.filter(person_id__in=people).select_related("position", "unit"))


def _title(holder: Holder, signed_at: datetime | None, offices: Iterable[Appointment]) -> str:
    if signed_at is None:
        return ""
    day = timezone.localdate(signed_at)
    held = (each for each in offices if each.person_id == holder.person_id and each.is_current(day))
    office = next(held, None)
    return f"{office.position.name}, {office.unit.name}" if office else ""


def _summary(item: dict[str, Any], holder: Holder, offices: Iterable[Appointment]) -> SignatureSummary:
    signed_at = _moment(item["signed_at"])
    return SignatureSummary(
        field=item["field"],
        verdict=Verdict(item["verdict"]),
        signer=item["signer"],
        holder_kind=holder.kind,
        holder_name=holder.name,
        holder_title=_title(holder, signed_at, offices),
        signed_at=signed_at,
        time_source=TimeSource(item["time_source"]),
        reasons=_messages(item["reasons"]),
    )


def _moment(text: str) -> datetime | None:
    return parse_datetime(text) if text else None
