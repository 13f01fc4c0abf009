"""
Registration of enterprises (đăng ký doanh nghiệp), `apiCSDLDKDN`.

Operations and fields: guide to APIs through NGSP of Quảng Bình, section on enterprises. All of them only read, so all
are safe to repeat.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import Fields, once
from dinh.exchange.adapters.transport import Line, Request
from dinh.kernel.errors import InvalidInput

LONGEST: Final = timedelta(days=5)
PAGE: Final = 100
_MOST_PAGES: Final = 1000


@dataclass(frozen=True, slots=True)
class Trade:
    code: str
    name: str
    is_main: bool


@dataclass(frozen=True, slots=True)
class Contributor:
    """`amount` in đồng, `percent` of the capital."""

    name: str
    amount: Decimal | None
    percent: Decimal | None
    country: str


@dataclass(frozen=True, slots=True)
class Enterprise:
    """
    :ivar code: number of the enterprise, which is its tax number too
    :ivar status: as it came
    :ivar representatives: legal representatives
    :ivar capital: charter capital in đồng
    :ivar place: codes and names of province, district and ward as they came (CityID, CityName, ...)
    """

    code: str
    name: str
    kind: str
    short_name: str
    foreign_name: str
    founded_date: date | None
    amended_date: date | None
    changes: int | None
    status: str
    representatives: tuple[str, ...]
    capital: Decimal | None
    address: str
    place: Mapping[str, Any]
    trades: tuple[Trade, ...]
    contributors: tuple[Contributor, ...]


@dataclass(frozen=True, slots=True)
class EnterpriseDossier:
    """
    A dossier of registration under way.

    :ivar journal: its number at the registry
    :ivar kind, status: as they came
    :ivar fields: all that came, by the registry's names (who filed it, where the operation tells)
    """

    journal: str
    kind: str
    enterprise: str
    name: str
    site: str
    received_date: date | None
    promised_date: date | None
    changed_date: date | None
    status: str
    fields: Mapping[str, Any]


class Enterprises:
    """
    :param line: see `outside_line`
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("enterprises")

    def details(self, *, code: str) -> Enterprise:
        """What is registered of one enterprise (chiTietDoanhNghiep). :raises OutsideRefused: if there is none"""
        return _enterprise(self._asked("chiTietDoanhNghiep", {"msdn": code}))

    def processed_today(self, *, since: time, until: time) -> Iterator[EnterpriseDossier]:
        """Dossiers that moved today between two moments (danhSachHoSoTrongNgay), page by page."""
        return self._paged("danhSachHoSoTrongNgay", {"from_ts": f"{since:%H:%M}", "to_ts": f"{until:%H:%M}"})

    def received(self, *, first_date: date, last_date: date) -> Iterator[EnterpriseDossier]:
        """
        Dossiers received on some days (danhSachHoSo), page by page.

        :raises InvalidInput: if these are more than five days apart, which the registry refuses
        """
        if not timedelta() <= last_date - first_date <= LONGEST:
            raise InvalidInput(_("Ask for at most five days at a time."), field="last_date")
        days = {"from_date": f"{first_date:%d/%m/%Y}", "to_date": f"{last_date:%d/%m/%Y}"}
        return self._paged("danhSachHoSo", days)

    def dossier(self, *, journal: str) -> EnterpriseDossier:
        """One dossier with who filed it (tinhTrangHoSo). :raises OutsideRefused: if there is none"""
        told = self._asked("tinhTrangHoSo", {"in_journal_no": journal})
        return _dossier(Fields(self.service, told.raw.get("MainInformation")))

    def _paged(self, operation: str, query: dict[str, str]) -> Iterator[EnterpriseDossier]:
        """Each dossier once, even where a page repeats those of the one before."""
        seen: set[str] = set()
        for number in range(_MOST_PAGES):
            page = {"offset": str(number * PAGE), "limit": str(PAGE)}
            rows = self._asked(operation, query | page).records("MainInformation")
            new = [
                row for row in once(map(_dossier, rows), lambda row: row.journal) if row.journal not in seen
            ]
            seen.update(row.journal for row in new)
            yield from new
            if len(rows) < PAGE or not new:
                return

    def _asked(self, operation: str, query: dict[str, str]) -> Fields:
        request = Request(operation=operation, method="GET", query=query, is_repeatable=True)
        told = Fields(self.service, self.line.ask(self.service, request))
        if (status := told.needed("Status")) != "1":
            raise OutsideRefused(self.service, code=status, words=told.text("Message"))
        return told


def _enterprise(told: Fields) -> Enterprise:
    main = Fields(told.service, told.raw.get("MainInformation"))
    place = told.records("HOAdress")
    names = main.text("LEGAL_NAMES").split(";")
    return Enterprise(
        code=main.needed("ENTERPRISE_GDT_CODE"),
        name=main.needed("NAME"),
        kind=main.text("ENTERPRISE_TYPE_NAME", "ENTERPRISE_TYPE_ID"),
        short_name=main.text("SHORT_NAME"),
        foreign_name=main.text("NAME_F"),
        founded_date=main.day("FOUNDING_DATE"),
        amended_date=main.day("LAST_AMEND_DATE"),
        changes=main.whole("NUMBER_CHANGES"),
        status=main.text("ENTERPRISE_STATUS"),
        representatives=tuple(name.strip() for name in names if name.strip()),
        capital=main.amount("CAPITAL_AMOUNT"),
        address=place[0].text("AddressFullText") if place else "",
        place=place[0].raw if place else {},
        trades=once([_trade(row) for row in told.records("BusinessActivity")], lambda row: row),
        contributors=once([_contributor(row) for row in told.records("Member")], lambda row: row),
    )


def _trade(row: Fields) -> Trade:
    return Trade(row.needed("CODE"), row.text("NAME"), row.text("IS_MAIN") == "Y")


def _contributor(row: Fields) -> Contributor:
    return Contributor(
        row.needed("MEMBER_NAME"), row.amount("AMOUNT"), row.amount("RATIO_PERCENT"), row.text("COUNTRY")
    )


def _dossier(row: Fields) -> EnterpriseDossier:
    return EnterpriseDossier(
        journal=row.needed("IN_JOURNAL_NO"),
        kind=row.text("DOCUMENT_TYPE"),
        enterprise=row.text("ENTERPRISE_GDT_CODE"),
        name=row.text("NAME"),
        site=row.text("SITE_ID"),
        received_date=row.day("RECEIPT_DATE"),
        promised_date=row.day("PLAN_DATE"),
        changed_date=row.day("PROCESSED_DATE"),
        status=row.text("PROCESS_STATUS"),
        fields=row.raw,
    )
