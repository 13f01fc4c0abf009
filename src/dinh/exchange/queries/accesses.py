"""Who looked at what about whom (nhật ký truy cập dữ liệu của công dân)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from dinh.exchange.enums import Outcome
from dinh.exchange.models import AccessGrant, Exchange, Operation, SubjectKey, System
from dinh.exchange.queries.archives import archived_about
from dinh.exchange.queries.measures import TRIAL
from dinh.exchange.sealing import subject_hash, unseal
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import DomainError

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class DataAccess:
    """
    One call about a person.

    :param system, operation: names of today; as the log has them, if the registry no longer knows them
    :param user: whom the calling system told as looking, if it did
    :param purpose, legal_basis: of the grant that let it through; empty without one, e.g. if it was refused
    """

    exchange_id: UUID
    at: datetime
    client: str
    system: str
    service: str
    operation: str
    user: str
    issue: str
    outcome: str
    purpose: str
    legal_basis: str

    @property
    def outcome_label(self) -> str:
        return str(Outcome(self.outcome).label)


class KeySealed(DomainError):
    """A key that numbers were hashed with is sealed with another secret."""


def subjects_of(number: str) -> list[str]:
    """
    What the log has in place of a person's number: under each key, the newest first.

    Their periods are not gone by: a gateway without the database hashes with the key that it last heard of.

    :raises KeySealed: if a key cannot be opened; to leave its calls out unsaid would be a false answer
    """
    rows = list(SubjectKey.objects.filter(lost_at=None))
    keys = [opened(row) for row in rows]
    if None in keys:
        raise KeySealed(
            _(
                "What was logged from %(day)s on cannot be looked up: its key is sealed with an earlier secret. The"
                " operator needs to run `dinh exchange subject-key reseal`."
            )
            % {"day": rows[keys.index(None)].created_at.astimezone(VIETNAM).strftime("%d/%m/%Y")}
        )
    return [subject_hash(number, key=key) for key in keys if key]


def opened(row: SubjectKey) -> bytes | None:
    """The key itself; None if it is sealed with another secret."""
    try:
        return unseal(bytes(row.sealed), secret=settings.SECRET_KEY)
    except InvalidToken:
        return None


def accesses_about(subjects: Sequence[str]) -> list[DataAccess]:
    """
    The newest calls about a person, from log and archive, without trials.

    :param subjects: keyed hashes of the one number, hex
    """
    rows = list(Exchange.objects.filter(subject__in=subjects).exclude(TRIAL).order_by("-started_at")[:MOST])
    # The end of an archived answer stands for its beginning.
    older = {row.pk: row for row in archived_about(subjects) if row.outcome != Outcome.BEGUN}
    rows += [row for row in older.values() if not row.reason.startswith("trial")]
    rows.sort(key=lambda row: row.started_at, reverse=True)
    return _named(rows[:MOST])


def _named(rows: Sequence[Exchange]) -> list[DataAccess]:
    grants = AccessGrant.objects.in_bulk({row.grant_id for row in rows if row.grant_id})
    systems = {each.identifier: each.name for each in System.objects.select_related("member")} if rows else {}
    summaries = _summaries({row.service for row in rows})
    return [
        DataAccess(
            exchange_id=row.pk,
            at=row.started_at,
            client=row.client,
            system=systems.get(row.client, row.client),
            service=row.service,
            operation=summaries.get((row.service, row.version, row.operation)) or row.operation,
            user=row.user_id,
            issue=row.issue,
            outcome=row.outcome,
            purpose=grants[row.grant_id].purpose if row.grant_id in grants else "",
            legal_basis=grants[row.grant_id].legal_basis if row.grant_id in grants else "",
        )
        for row in rows
    ]


def _summaries(services: set[str]) -> dict[tuple[str, str, str], str]:
    rows = Operation.objects.filter(version__service__code__in=services).values_list(
        "version__service__code", "version__version", "name", "summary"
    )
    return {(service, version, name): summary for service, version, name, summary in rows}
