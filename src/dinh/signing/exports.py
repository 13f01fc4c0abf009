"""The list of certificates to take home, with the filters of its page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.kernel.tables import TableColumn, TableShape, table_response
from dinh.kernel.text import moment_told
from dinh.signing.models import Credential, CredentialState
from dinh.signing.queries.credentials import EXPIRING, credentials_matching, credentials_visible_to

_PIECE: Final = 1_000
_COLUMNS: Final = (
    TableColumn(title=_("Holder"), share=24),
    TableColumn(title=_("Kind of certificate"), share=12),
    TableColumn(title=_("Issuer"), share=20),
    TableColumn(title=_("Serial number"), share=16),
    TableColumn(title=_("From"), share=9, align="center"),
    TableColumn(title=_("To"), share=9, align="center"),
    TableColumn(title=_("State"), share=10),
)


def credentials_wanted(reader: Appointment, *, words: str, state: str, at: datetime) -> QuerySet[Credential]:
    """What the registry shows under these filters; a state that is not known does not narrow it."""
    known = state if state in {*CredentialState, EXPIRING} else ""
    return credentials_matching(credentials_visible_to(reader), text=words, state=known, at=at)


def list_of_credentials(
    reader: Appointment, *, words: str, state: str, ending: str, at: datetime
) -> HttpResponseBase:
    """
    The list as `pdf`, `docx` or `xlsx`.

    :raises NoSuchTable, TooLongForPaper: as `table_response`
    """
    shape = TableShape(
        title=_t("Certificates"),
        columns=_COLUMNS,
        subtitle=_t("As of %(time)s") % {"time": moment_told(at)},
        agency=reader.unit.name,
    )
    lines = _lines(credentials_wanted(reader, words=words, state=state, at=at))
    return table_response(shape, lines, ending=ending, name=_t("list-of-certificates"))


def _lines(rows: QuerySet[Credential]) -> Iterator[tuple[str, ...]]:
    for row in rows.iterator(chunk_size=_PIECE):
        is_persons = row.person is not None
        yield (
            row.person.full_name if row.person else row.unit.name if row.unit else "",
            _t("Person's certificate") if is_persons else _t("Seal of the unit"),
            row.issuer_name,
            row.serial_number,
            f"{timezone.localtime(row.valid_from):%d/%m/%Y}",
            f"{timezone.localtime(row.valid_to):%d/%m/%Y}",
            str(row.get_state_display()),
        )
