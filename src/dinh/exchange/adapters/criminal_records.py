"""
Criminal records (lý lịch tư pháp), `apiLyLichTuPhap`: of the Ministry of Justice until 28/02/2025, then of that of
Public Security.

Operations and fields: guide to APIs through NGSP of Quảng Bình, section on criminal records and its annexes. The guide
does not say which STATUS means well: 1, as the other services of the same platform have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any, Final

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import CodeName, Fields, PartialDate, once, records_of
from dinh.exchange.adapters.transport import Line, Request

_WELL: Final = "1"


class CriminalStage(StrEnum):
    """DEC_STATUS_ID."""

    RECEIVED = "3"
    IN_PROGRESS = "4"
    ISSUED = "5"


class CriminalList(StrEnum):
    AREAS = "1"
    NATIONALITIES = "2"
    PEOPLES = "3"
    AGENCIES = "4"
    UNITS = "5"


class Fetched(StrEnum):
    """What is marked as fetched."""

    COUNTER_DOSSIERS = "1"
    STATES = "2"
    ONLINE_DOSSIERS = "3"


class IdentityPaper(IntEnum):
    """idTypeId."""

    PASSPORT = 0
    IDENTITY_CARD = 1
    RESIDENCE_CARD = 2
    CITIZEN_CARD = 3


class DeclarationKind(IntEnum):
    """declareTypeId."""

    PROSECUTION = 3844
    BY_PROXY = 3845
    PERSON = 3846
    ORGANISATION = 3847


class Applicant(IntEnum):
    """objectRequestId."""

    FOREIGNER = 71
    CITIZEN = 72
    ORGANISATION = 73
    PROSECUTION = 74


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """Where the applicant lived from when until when (residenceWSForm)."""

    since: PartialDate
    until: PartialDate
    place: str
    job: str = ""
    work_place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriminalDeclaration:
    """
    The declaration (declarationWSForm): what is required, typed.

    :param certificate: 1 or 2, the kind of certificate asked for
    :param others: further fields by the guide's names, e.g. dadName, purpose, deliveryAddress
    """

    full_name: str
    is_man: bool
    born: PartialDate
    nationality: int
    paper: IdentityPaper
    paper_number: str
    phone: str
    declared_date: date
    certificate: int
    copies: int = 1
    kind: DeclarationKind = DeclarationKind.PERSON
    applicant: Applicant = Applicant.CITIZEN
    others: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CriminalState:
    """`code` as it came, `stage` None if it is none that we know; dates once there is a certificate."""

    id: str
    receipt: str
    code: str
    stage: CriminalStage | None
    name: str
    approved_date: date | None
    issued_date: date | None


@dataclass(frozen=True, slots=True)
class FiledDossier:
    """A request that was filed elsewhere: all that came, by the guide's names."""

    id: str
    declaration: Mapping[str, Any]
    residences: tuple[Mapping[str, Any], ...]
    proxy: Mapping[str, Any]


class CriminalRecords:
    """
    :param line: see `outside_line`
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("criminal_records")

    def register(
        self,
        *,
        unit: str,
        receipt: str,
        received_date: date,
        promised_date: date,
        declaration: CriminalDeclaration,
        residences: Sequence[Residence],
        money_receipt: str = "",
        proxy: Mapping[str, str | int] | None = None,
    ) -> str:
        """
        Hand a request over (nhanHoSoDangKy).

        Not safe to repeat: after an OutsideUnavailable that may have acted, ask for `state` of the receipt, which is
        unique there; a refusal says that it did not arrive.

        :param unit: code of the receiving unit in that system
        :param receipt: code of the receipt in the one-stop system
        :param proxy: who acts for the applicant (mandatorWSForm), by the guide's names
        :returns: id in that system
        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected:
        """
        body = {
            "idMinistryJustice": unit, "idReceivedDec": receipt, "dateReceivedDec": f"{received_date:%d/%m/%Y}",
            "datePromissoryDec": f"{promised_date:%d/%m/%Y}", "idMoneyReceipt": money_receipt,
            "declarationWSForm": _declared(declaration, receipt),
            "residenceWSForm": [_lived(each) for each in residences], "mandatorWSForm": proxy,
        }  # fmt: skip
        return self._asked("nhanHoSoDangKy", body, is_repeatable=False).needed("ID")

    def state(self, *, receipt: str) -> CriminalState:
        """How far a request is (traTrangThaiHs). Safe to repeat. :raises OutsideRefused: if it is not known there"""
        told = self._asked("traTrangThaiHs", {"idReceivedDec": receipt, "infoType": "2", "identifyNo": ""})
        return _state(told, receipt)

    def changed(self) -> tuple[CriminalState, ...]:
        """Requests whose state changed since they were marked (traDsTrangThaiHs). Safe to repeat."""
        rows = self._asked("traDsTrangThaiHs", {"infoType": "2"}).records("LISTCONTENT")
        return once([_state(row, row.text("RECEIVE_NO")) for row in rows], lambda row: (row.id, row.code))

    def filed(self, *, is_online: bool = True) -> tuple[FiledDossier, ...]:
        """Requests filed online, or at their own counter (traHoSo). Safe to repeat until marked."""
        told = self._asked("traHoSo", {"infoType": "1" if is_online else "2"})
        return once([_filed(row) for row in told.records("LISTCONTENT")], lambda row: row.id)

    def mark_fetched(self, *, ids: Sequence[str], what: Fetched) -> None:
        """Say what has been taken over, so that it does not come again (danhDauHsThanhCong). Safe to repeat."""
        self._asked("danhDauHsThanhCong", {"declarationId": ";".join(ids), "infoType": what.value})

    def codes(self, *, which: CriminalList) -> tuple[CodeName, ...]:
        """A list of codes (traDanhMuc). Safe to repeat."""
        request = Request(operation="traDanhMuc", body={"infoType": which.value}, is_repeatable=True)
        rows = records_of(self.service, self.line.ask(self.service, request))
        return once([CodeName(row.needed("ID"), row.needed("NAME")) for row in rows], lambda row: row.code)

    def _asked(self, operation: str, body: dict[str, Any], *, is_repeatable: bool = True) -> Fields:
        answer = self.line.ask(
            self.service, Request(operation=operation, body=body, is_repeatable=is_repeatable)
        )
        told = Fields(self.service, answer, may_have_acted=not is_repeatable)
        if (status := told.needed("STATUS")) != _WELL:
            raise OutsideRefused(self.service, code=status, words=told.text("DESCRIPTION"))
        return told


def _declared(given: CriminalDeclaration, receipt: str) -> dict[str, str | int]:
    return {
        **given.others, "fullName": given.full_name, "genderId": int(given.is_man), "birthDateStr": str(given.born),
        "nationalityId": given.nationality, "idTypeId": int(given.paper), "identifyNo": given.paper_number,
        "phone": given.phone, "declareDate": f"{given.declared_date:%d/%m/%Y}", "declareTypeId": int(given.kind),
        "requestQty": given.copies, "objectRequestId": int(given.applicant), "formType": given.certificate,
        "receiveNo": receipt,
    }  # fmt: skip


def _lived(given: Residence) -> dict[str, str]:
    return {
        "fromDateStr": str(given.since), "toDateStr": str(given.until), "residencePlace": given.place,
        "jobName": given.job, "workPlace": given.work_place,
    }  # fmt: skip


def _state(row: Fields, receipt: str) -> CriminalState:
    code = row.needed("DEC_STATUS_ID")
    known = CriminalStage(code) if code in set(CriminalStage) else None
    return CriminalState(
        row.text("DECLARATION_ID"), receipt, code, known, row.text("DEC_STATUS_NAME"), row.day("APPROVE_DATE"),
        row.day("ISSUE_DATE"),
    )  # fmt: skip


def _filed(row: Fields) -> FiledDossier:
    form = Fields(row.service, row.raw.get("declarationTraHoSoForm"))
    proxy = row.records("mandatorWSForm")
    return FiledDossier(
        form.needed("declarationId"),
        form.raw,
        tuple(each.raw for each in row.records("residenceWSForm")),
        proxy[0].raw if proxy else {},
    )
